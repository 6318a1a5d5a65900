//! An upper platform's order: from its JSON to a work order with deadlines, unit and handler.
//!
//! Not the HTTP side (`http::ingest` checks the platform's signature first). The fields are those of
//! docs/city-interfaces.md; unknown ones are let pass and kept with the body.

use crate::access;
use crate::clock::shanghai;
use crate::directory::{Destination, Directory};
use crate::store::{NewOrder, StoreError, Tx};
use serde::Deserialize;
use shenhai_flow::{DeadlineRules, Flow};
use shenhai_protocol::{
    Caller, Channel, ErrorCode, Matter, OrderId, Point, TimelineEntry, TimelineKind, UnixMillis, Urgency,
    UserId, WorkOrder, limits,
};

/// How far ahead of ours a platform's clock may be.
const ACCEPTED_AHEAD_MILLIS: i64 = limits::CLOCK_AHEAD_MILLIS;
/// How long ago a platform may have taken an order: five years. Older is a wrong clock, not a slow platform.
const ACCEPTED_BEHIND_MILLIS: i64 = 5 * 366 * 24 * 3600 * 1000;

/// The body of `POST /city/v1/hotline/{platform}/orders`.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlatformOrder {
    order_no: String,
    urgency: PlatformUrgency,
    appeal_type: PlatformMatter,
    category: String,
    title: String,
    content: String,
    address: String,
    area_code: String,
    lng: Option<f64>,
    lat: Option<f64>,
    coord_type: Option<Datum>,
    caller: PlatformCaller,
    accept_time: String,
    #[serde(default)]
    is_review: bool,
    #[serde(default)]
    supervised: bool,
    #[serde(default)]
    urge_count: u32,
    duplicate_order_no: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
enum PlatformUrgency {
    #[serde(rename = "普通")]
    Normal,
    #[serde(rename = "次紧急")]
    SubUrgent,
    #[serde(rename = "紧急")]
    Urgent,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
enum PlatformMatter {
    #[serde(rename = "咨询")]
    Inquiry,
    #[serde(rename = "求助")]
    Help,
    #[serde(rename = "投诉")]
    Complaint,
    #[serde(rename = "举报")]
    Report,
    #[serde(rename = "建议")]
    Suggestion,
    #[serde(rename = "意见")]
    Opinion,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Datum {
    Wgs84,
    Gcj02,
}

#[derive(Clone, PartialEq, Deserialize)]
struct PlatformCaller {
    name: String,
    phone: String,
    #[serde(default)]
    anonymous: bool,
    #[serde(default)]
    confidential: bool,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// A new order.
    New(OrderId),
    /// The order is known; urging or supervision may have been noted.
    Duplicate(OrderId),
    /// The number was used before for another order.
    Conflict,
}

impl PlatformOrder {
    /// Read a body. `Malformed` for another shape, `FormInvalid` for a value out of bounds, `ClockOutOfRange` for
    /// a time of acceptance that cannot be.
    pub(crate) fn parse(body: &[u8], now: UnixMillis) -> Result<Self, ErrorCode> {
        let order: Self = serde_json::from_slice(body).map_err(|_| ErrorCode::Malformed)?;
        order.check_texts()?;
        order.point()?;
        let age = now.since(order.accepted_at()?);
        if !(-ACCEPTED_AHEAD_MILLIS..=ACCEPTED_BEHIND_MILLIS).contains(&age) {
            return Err(ErrorCode::ClockOutOfRange);
        }
        Ok(order)
    }

    /// The number as an id of ours.
    pub(crate) fn id(&self, channel: Channel) -> OrderId {
        access::order_id(channel, &self.order_no)
    }

    fn check_texts(&self) -> Result<(), ErrorCode> {
        let number_ok = |text: &str| {
            (1..=64).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        let bounded = [
            (&self.category, 100),
            (&self.title, 200),
            (&self.content, 8000),
            (&self.address, 500),
            (&self.caller.name, 100),
            (&self.caller.phone, 40),
        ];
        let fits = number_ok(&self.order_no)
            && self.duplicate_order_no.as_deref().is_none_or(number_ok)
            && !self.title.trim().is_empty()
            && bounded.iter().all(|(text, most)| text.chars().count() <= *most);
        if fits { Ok(()) } else { Err(ErrorCode::FormInvalid) }
    }

    fn accepted_at(&self) -> Result<UnixMillis, ErrorCode> {
        shanghai::parse(&self.accept_time).ok_or(ErrorCode::FormInvalid)
    }

    /// `None` where the platform gave no place, or not all three of its parts.
    fn point(&self) -> Result<Option<Point>, ErrorCode> {
        let (Some(lng), Some(lat), Some(datum)) = (self.lng, self.lat, self.coord_type) else {
            return Ok(None);
        };
        if !(-180.0..=180.0).contains(&lng) || !(-90.0..=90.0).contains(&lat) {
            return Err(ErrorCode::FormInvalid);
        }
        Ok(Some(match datum {
            Datum::Wgs84 => Point::Wgs84 { lng, lat },
            Datum::Gcj02 => Point::Gcj02 { lng, lat },
        }))
    }

    /// Whether two deliveries say the same of the order, the urging and the supervision aside.
    fn is_same_order_as(&self, other: &Self) -> bool {
        let plain = |order: &Self| Self {
            urge_count: 0,
            supervised: false,
            ..order.clone()
        };
        plain(self) == plain(other)
    }

    fn matter(&self) -> Matter {
        match self.appeal_type {
            PlatformMatter::Inquiry => Matter::Inquiry,
            PlatformMatter::Help => Matter::Help,
            PlatformMatter::Complaint => Matter::Complaint,
            PlatformMatter::Report => Matter::Report,
            PlatformMatter::Suggestion => Matter::Suggestion,
            PlatformMatter::Opinion => Matter::Opinion,
        }
    }

    fn urgency(&self) -> Urgency {
        match self.urgency {
            PlatformUrgency::Normal => Urgency::Normal,
            PlatformUrgency::SubUrgent => Urgency::SubUrgent,
            PlatformUrgency::Urgent => Urgency::Urgent,
        }
    }
}

/// A checked delivery, ready for the writer.
pub(crate) struct Delivery {
    channel: Channel,
    order: PlatformOrder,
    point: Option<Point>,
    accepted_at: UnixMillis,
    destination: Destination,
    source: String,
}

impl Delivery {
    /// Find out where an order goes. `FormInvalid` for a district that is none of Shanghai's.
    pub(crate) fn prepare(
        channel: Channel,
        order: PlatformOrder,
        source: String,
        directory: &Directory,
    ) -> Result<Self, ErrorCode> {
        let destination = directory
            .destination(&order.category, &order.area_code)
            .ok_or(ErrorCode::FormInvalid)?;
        Ok(Self {
            channel,
            point: order.point()?,
            accepted_at: order.accepted_at()?,
            destination,
            order,
            source,
        })
    }

    /// Store the order, or note what a second delivery of it says.
    pub(crate) fn take(
        &self,
        tx: &mut Tx<'_>,
        directory: &Directory,
        now: UnixMillis,
    ) -> Result<Taken, StoreError> {
        let Some(known) = tx.known_source(&self.order.id(self.channel))? else {
            return self.take_new(tx, directory, now);
        };
        match serde_json::from_str::<PlatformOrder>(&known.source) {
            Ok(first) if first.is_same_order_as(&self.order) => self.take_again(tx, known.order, now),
            Ok(_) => Ok(Taken::Conflict),
            Err(_) => Err(StoreError::Document("platform order")),
        }
    }

    fn take_new(&self, tx: &mut Tx<'_>, directory: &Directory, now: UnixMillis) -> Result<Taken, StoreError> {
        let handler = self.least_busy(tx)?;
        let handler_name = directory
            .user(&handler)
            .map(|user| user.name.clone())
            .unwrap_or_default();
        let order = self.work_order(handler, handler_name, now);
        let new = NewOrder {
            order: &order,
            source: &self.source,
        };
        tx.insert_order(&new, true)?;
        tx.log_change(&order, &access::scopes_of_order(&order, now))?;
        Ok(Taken::New(order.id))
    }

    /// The unit's handler with the fewest open orders; among equals the first by id.
    fn least_busy(&self, tx: &Tx<'_>) -> Result<UserId, StoreError> {
        let open = tx.open_orders(&self.destination.unit)?;
        let busy = |handler: &UserId| open.get(handler).copied().unwrap_or(0);
        let handlers = &self.destination.handlers;
        let chosen = handlers
            .iter()
            .min_by_key(|handler| (busy(handler), handler.as_str()));
        // The directory is refused at load where a unit that takes orders has no handler.
        chosen.cloned().ok_or(StoreError::Document("directory"))
    }

    fn work_order(&self, handler: UserId, handler_name: String, now: UnixMillis) -> WorkOrder {
        let from = &self.order;
        let (matter, urgency) = (from.matter(), from.urgency());
        let line = |kind, by: &str| TimelineEntry {
            at: now,
            kind,
            by: by.to_owned(),
        };
        WorkOrder {
            id: from.id(self.channel),
            channel: self.channel,
            source_no: from.order_no.clone(),
            rev: 1,
            state: Flow::standard().initial(),
            urgency,
            matter,
            category: from.category.clone(),
            title: from.title.clone(),
            content: from.content.clone(),
            address: from.address.clone(),
            district: from.area_code.clone(),
            district_name: self.destination.district_name.clone(),
            point: self.point,
            is_review: from.is_review,
            supervised: from.supervised,
            urge_count: from.urge_count,
            duplicate_of: from.duplicate_order_no.clone(),
            received_at: self.accepted_at,
            deadlines: DeadlineRules::standard().deadlines(
                self.accepted_at,
                matter,
                urgency,
                from.is_review,
                from.supervised,
            ),
            unit: self.destination.unit.clone(),
            unit_name: self.destination.unit_name.clone(),
            handler,
            handler_name,
            caller: Caller {
                name: from.caller.name.clone(),
                phone: from.caller.phone.clone(),
                anonymous: from.caller.anonymous,
                confidential: from.caller.confidential,
                masked: false,
            },
            contact: None,
            reply: None,
            returned: None,
            timeline: vec![
                line(TimelineKind::Received, self.channel.number()),
                line(TimelineKind::Assigned, &self.destination.unit_name),
            ],
        }
    }

    /// 催单 and 督办 arrive as the same order again with a higher count or the mark newly set. A late, older
    /// delivery takes nothing back.
    fn take_again(
        &self,
        tx: &mut Tx<'_>,
        mut order: WorkOrder,
        now: UnixMillis,
    ) -> Result<Taken, StoreError> {
        let urged = self.order.urge_count > order.urge_count;
        let newly_supervised = self.order.supervised && !order.supervised;
        if urged || newly_supervised {
            order.urge_count = order.urge_count.max(self.order.urge_count);
            order.supervised |= self.order.supervised;
            if newly_supervised {
                order.deadlines = DeadlineRules::standard().deadlines(
                    order.received_at,
                    order.matter,
                    order.urgency,
                    order.is_review,
                    true,
                );
            }
            order.rev += 1;
            order.timeline.push(TimelineEntry {
                at: now,
                kind: TimelineKind::Urged,
                by: self.channel.number().to_owned(),
            });
            tx.update_order(&order, !Flow::standard().is_final(order.state))?;
            tx.log_change(&order, &access::scopes_of_order(&order, now))?;
        }
        Ok(Taken::Duplicate(order.id))
    }
}
