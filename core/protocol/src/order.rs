//! The hotline work order (热线工单) and its parts, as the gateway sends it down.

use crate::forms::wire_enum;
use crate::{CmdId, ContactForm, HexHash, OrderId, ReplyForm, ReturnForm, UnitId, UnixMillis, UserId};
use serde::{Deserialize, Serialize};

wire_enum! {
    /// The upper platform an order came from (来源).
    Channel {
        /// 12345 市民服务热线
        H12345,
        /// 12319 城建服务热线
        H12319,
        /// 110 应急联动
        H110,
    }
}

impl Channel {
    /// The number citizens dial, as used in paths and order ids.
    #[must_use]
    pub fn number(self) -> &'static str {
        match self {
            Self::H12345 => "12345",
            Self::H12319 => "12319",
            Self::H110 => "110",
        }
    }

    /// The channel of a dialled number, `None` for one we are not connected to.
    #[must_use]
    pub fn from_number(number: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|channel| channel.number() == number)
    }
}

wire_enum! {
    /// 诉求类型.
    Matter {
        /// 咨询
        Inquiry,
        /// 求助
        Help,
        /// 投诉
        Complaint,
        /// 举报
        Report,
        /// 建议
        Suggestion,
        /// 意见
        Opinion,
    }
}

wire_enum! {
    /// 紧急程度.
    Urgency {
        /// 普通
        Normal,
        /// 次紧急
        SubUrgent,
        /// 紧急
        Urgent,
    }
}

wire_enum! {
    /// Where an order stands. Which command leads where is data: `shenhai_flow::Flow`.
    OrderState {
        /// 待签收
        Assigned,
        /// 已签收
        Accepted,
        /// 已先行联系
        Contacted,
        /// 已办结
        Replied,
        /// 已退单
        Returned,
    }
}

/// A place. The datum is part of the type: a vendor's order may carry either, and they differ by up
/// to 700 m.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "datum", rename_all = "snake_case")]
pub enum Point {
    /// Degrees, WGS84 (equal to CGCS2000 within phone accuracy).
    Wgs84 {
        /// Longitude, degrees east.
        lng: f64,
        /// Latitude, degrees north.
        lat: f64,
    },
    /// Degrees, GCJ-02 (高德, 腾讯).
    Gcj02 {
        /// Longitude, degrees east.
        lng: f64,
        /// Latitude, degrees north.
        lat: f64,
    },
}

/// The citizen. Masked in every scope but the assigned handler's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Caller {
    /// Name, or its masked form.
    pub name: String,
    /// Phone, or its masked form `138****1234`.
    pub phone: String,
    /// 是否匿名.
    pub anonymous: bool,
    /// 是否保密.
    pub confidential: bool,
    /// Whether `name` and `phone` are masked.
    pub masked: bool,
}

/// When what is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deadlines {
    /// 先行联系 is due.
    pub contact_by: UnixMillis,
    /// 处置办结 is due (应反时间).
    pub finish_by: UnixMillis,
    /// The working-day calendar of a year involved was not published when this was computed.
    pub provisional: bool,
    /// Version of the rule file used.
    pub rules: String,
}

/// Something a person did to the order, kept with the command that did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Record<F> {
    /// What they filled in.
    pub form: F,
    /// Who.
    pub by: UserId,
    /// Their name at that time.
    pub by_name: String,
    /// When they did it, by their device's corrected clock.
    pub client_time: UnixMillis,
    /// When the gateway took it.
    pub server_time: UnixMillis,
    /// The command.
    pub cmd_id: CmdId,
    /// SM3 of the command's signed payload.
    pub hash: HexHash,
}

/// A recorded 先行联系.
pub type ContactRecord = Record<ContactForm>;
/// A recorded reply.
pub type ReplyRecord = Record<ReplyForm>;
/// A recorded return.
pub type ReturnRecord = Record<ReturnForm>;

wire_enum! {
    /// One line of an order's history.
    TimelineKind {
        /// 上级平台派单
        Received,
        /// 派至承办单位
        Assigned,
        /// 签收
        Accepted,
        /// 先行联系
        Contacted,
        /// 办结
        Replied,
        /// 退单
        Returned,
        /// 查看来电人信息
        Revealed,
        /// 改派
        Reassigned,
        /// 上级平台确认收到反馈
        FeedbackDelivered,
        /// 催单
        Urged,
    }
}

/// One line of an order's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimelineEntry {
    /// When, by the gateway's clock.
    pub at: UnixMillis,
    /// What.
    pub kind: TimelineKind,
    /// Who or which unit, as a name.
    pub by: String,
}

/// A hotline work order as the gateway holds it at revision `rev`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkOrder {
    /// Our id.
    pub id: OrderId,
    /// Where it came from.
    pub channel: Channel,
    /// 工单编号 of the upper platform.
    pub source_no: String,
    /// Counts the changes of this order, from 1.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub rev: u64,
    /// Where it stands.
    pub state: OrderState,
    /// 紧急程度.
    pub urgency: Urgency,
    /// 诉求类型.
    pub matter: Matter,
    /// 事项分类, e.g. `排水/管道堵塞`.
    pub category: String,
    /// 标题.
    pub title: String,
    /// 诉求内容.
    pub content: String,
    /// 地址.
    pub address: String,
    /// 区, GB/T 2260 code.
    pub district: String,
    /// 区, name.
    pub district_name: String,
    /// 地图点.
    pub point: Option<Point>,
    /// 复核单.
    pub is_review: bool,
    /// 督办.
    pub supervised: bool,
    /// 催单 count.
    pub urge_count: u32,
    /// 重复工单号, the upper platform's.
    pub duplicate_of: Option<String>,
    /// When the upper platform took it (受理时间).
    pub received_at: UnixMillis,
    /// What is due when.
    pub deadlines: Deadlines,
    /// 承办单位.
    pub unit: UnitId,
    /// Its name.
    pub unit_name: String,
    /// 经办人.
    pub handler: UserId,
    /// Their name.
    pub handler_name: String,
    /// The citizen.
    pub caller: Caller,
    /// 先行联系, the last one.
    // Through the alias the three would share one name in the document.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Record<ContactForm>>))]
    pub contact: Option<ContactRecord>,
    /// The reply.
    // Through the alias the three would share one name in the document.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Record<ReplyForm>>))]
    pub reply: Option<ReplyRecord>,
    /// The return.
    // Through the alias the three would share one name in the document.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Record<ReturnForm>>))]
    pub returned: Option<ReturnRecord>,
    /// Oldest first.
    pub timeline: Vec<TimelineEntry>,
}
