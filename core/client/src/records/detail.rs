//! `records.get`: one record with everything a page shows of it, and what may be done next.

use super::convert::{all_labelled, at, category, due, labelled, table};
use super::current::Current;
use super::names::{Key, NOT_HERE, kind_name, parts};
use super::packs::Under;
use super::preview::{given, opened};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::rpc::{
    ActKey, ActView, Delivery, LinkView, PlaceView, RecordDetail, RecordKey, SectionView, StepView,
};
use shenhai_pack::PackRef;
use shenhai_pack::names::{FormId, Name, PackId};
use shenhai_protocol::{ActName, Beside, CmdId, Envelope, FormName, OrderId};
use shenhai_sync::RowState;
use shenhai_view::{
    Labelled, Link, Section, Step, Words, answered, dues, offers, own_fields, seats, sections,
};

impl Engine {
    /// `records.get`.
    pub(crate) fn record_detail(&mut self, key: &RecordKey) -> Result<RecordDetail, Failure> {
        let current = self.current(&(key.kind.clone(), key.id.clone()))?;
        let masked = self.masks(&current);
        self.detail_of_record(&current, masked)
    }

    /// The same of a record that is at hand.
    pub(super) fn detail_of_record(
        &mut self,
        current: &Current,
        masked: bool,
    ) -> Result<RecordDetail, Failure> {
        let key = &current.key;
        let derived = self.derived_of(current);
        self.shelf.set_derived(key, derived);
        let row = self.first_row(key).ok_or(NOT_HERE)?;
        let look = current
            .under
            .as_ref()
            .ok()
            .and_then(|under| Some((under, current.look(under, masked)?)));
        let open = self
            .pending_acts(key)
            .filter(|pending| pending.entry.row.state != RowState::Done);
        let outbox = open.filter_map(|pending| self.act_item(pending)).collect();
        let (seats, dues, sections, acts) = match &look {
            None => Default::default(),
            Some((under, look)) => (
                all_labelled(seats(look)),
                dues(look).into_iter().map(due).collect(),
                sections(look)
                    .into_iter()
                    .map(|section| self.section(section, current, under, masked))
                    .collect::<Result<_, Failure>>()?,
                self.acts(current, under)?,
            ),
        };
        Ok(RecordDetail {
            row,
            seats,
            dues,
            sections,
            acts,
            drafts: self.drafts_of(key)?,
            outbox,
            now: self.server_now(),
        })
    }

    fn section(
        &self,
        section: Section,
        current: &Current,
        under: &Under,
        masked: bool,
    ) -> Result<SectionView, Failure> {
        Ok(match section {
            Section::Facts(facts) => SectionView::Facts {
                title: facts.title,
                facts: all_labelled(facts.facts),
                tables: facts.tables.into_iter().map(table).collect(),
            },
            Section::Step { title, step, .. } => SectionView::Step {
                title,
                step: match step {
                    None => None,
                    Some(step) => {
                        let answers = self.answers_of(&step.entry, under, masked)?;
                        Some(self.step_view(step, answers, current))
                    }
                },
            },
            Section::Links(links) => SectionView::Links {
                links: links.into_iter().map(|link| self.link(link, under)).collect(),
            },
            Section::Timeline { steps, older } => SectionView::Timeline {
                steps: steps
                    .into_iter()
                    .map(|step| {
                        let answers = self.unsent_answers(&step.entry, current, under, masked);
                        self.step_view(step, answers, current)
                    })
                    .collect(),
                older: u32::try_from(older).unwrap_or(u32::MAX),
            },
            Section::Map(places) => SectionView::Map {
                points: places
                    .into_iter()
                    .filter_map(|(label, point)| {
                        Some(PlaceView {
                            label,
                            latitude: point.latitude().to_string().parse().ok()?,
                            longitude: point.longitude().to_string().parse().ok()?,
                        })
                    })
                    .collect(),
            },
            Section::Files(files) => SectionView::Files {
                files: all_labelled(files),
            },
        })
    }

    fn step_view(&self, step: Step, answers: Vec<Labelled>, current: &Current) -> StepView {
        let own = self.live.as_ref().filter(|live| {
            let device = live.identity.device_id.as_str();
            step.by.is_empty() && step.device.as_deref() == Some(device)
        });
        let pending = self
            .pending_acts(&current.key)
            .find(|pending| pending.entry.row.cmd_id.as_str() == step.entry);
        let on_device = pending.is_some_and(|pending| pending.entry.row.state != RowState::Done);
        StepView {
            title: step.title,
            by: own.map_or(step.by, |live| live.record.user.name.clone()),
            at: at(step.at),
            answers: answers.into_iter().map(labelled).collect(),
            entry: step.entry,
            delivery: match on_device {
                true => Delivery::OnDevice,
                false => Delivery::Received,
            },
        }
    }

    fn link(&self, link: Link, under: &Under) -> LinkView {
        let own: &PackRef = under.own.law.reference();
        let pack: &PackId = link.kind.pack.as_ref().unwrap_or(&own.id);
        let kind = kind_name(pack, &link.kind.kind);
        let key = link.id.map(|id| RecordKey {
            kind: kind.clone(),
            id: OrderId(id),
        });
        let here = |key: &RecordKey| {
            let key: Key = (key.kind.clone(), key.id.clone());
            self.shelf.slip(&key).is_some()
        };
        LinkView {
            title: match link.kind.pack {
                Some(_) => self.kind_title(&kind),
                None => link.title,
            },
            here: key.as_ref().is_some_and(here),
            key,
            category: link.category.map(category),
            gives: all_labelled(link.gives),
            pending: link.pending,
        }
    }

    /// What was filled in for an act that is not received yet.
    fn unsent_answers(&self, entry: &str, current: &Current, under: &Under, masked: bool) -> Vec<Labelled> {
        let mut pending = self.pending_acts(&current.key);
        let own = pending.find(|pending| pending.entry.row.cmd_id.as_str() == entry);
        let letter = own.and_then(|pending| pending.letter.as_ref());
        let answers =
            letter.and_then(|letter| filled_in(&letter.envelope, letter.filled_in()?, under, masked));
        answers.unwrap_or_default()
    }

    /// What was filled in for an entry, where this device signed it and still has it.
    fn answers_of(&self, entry: &str, under: &Under, masked: bool) -> Result<Vec<Labelled>, Failure> {
        let signed = self.store()?.envelope(&CmdId(entry.to_owned()))?;
        let opened = signed.and_then(|signed| Some((signed.open().ok()?, signed.beside)));
        Ok(opened
            .and_then(|(envelope, beside)| filled_in(&envelope, &beside, under, masked))
            .unwrap_or_default())
    }

    /// What the person may do next, in whichever of their roles.
    fn acts(&self, current: &Current, under: &Under) -> Result<Vec<ActView>, Failure> {
        let live = self.live()?;
        let (kind, id) = &current.key;
        let record = &current.record;
        let slip = self.shelf.slip(&current.key).ok_or(NOT_HERE)?;
        let mut all: Vec<ActView> = Vec::new();
        for role in live.roles() {
            let Some(actor) = live.actor(kind, &role) else {
                continue;
            };
            let given = given(Some(record), current.now);
            let (law, face) = (&under.own.law, &under.newest.pack().face);
            for offer in offers(Some(record), &record.kind, &given, &actor, law, face) {
                let act = ActName(offer.act.to_string());
                let scopes = slip.scopes().chain([&current.scope]);
                if live.scope_for(scopes, kind, act.as_str()).is_none() {
                    continue;
                }
                let offered = ActView {
                    key: ActKey {
                        kind: kind.clone(),
                        id: Some(id.clone()),
                        act,
                        role: role.clone(),
                    },
                    title: offer.title,
                    form: offer.form.map(|form| FormName(form.to_string())),
                    enabled: offer.enabled,
                    why: offer.why,
                };
                // In two roles it is one act; that it can be done in one of them is enough.
                match all.iter_mut().find(|one| one.key.act == offered.key.act) {
                    Some(one) if !one.enabled && offered.enabled => *one = offered,
                    Some(_) => {}
                    None => all.push(offered),
                }
            }
        }
        all.sort_by_key(|one| !one.enabled);
        Ok(all)
    }
}

/// The answers of a signed act, as people read them.
pub(super) fn filled_in(
    envelope: &Envelope,
    beside: &Beside,
    under: &Under,
    masked: bool,
) -> Option<Vec<Labelled>> {
    let law = &under.own.law;
    let Some(form) = &envelope.form else {
        return own_answers(envelope, beside, under);
    };
    let form = FormId::parse(form.id.as_str())?;
    let form = law.form(&form)?;
    let answers = opened(Some(form), envelope, beside)?;
    Some(answered(law, form, &answers, masked))
}

/// The answers to the product's own questions.
fn own_answers(envelope: &Envelope, beside: &Beside, under: &Under) -> Option<Vec<Labelled>> {
    let (_, kind) = parts(&envelope.record.kind)?;
    let words = Words::new(&under.newest.pack().face.texts, &kind);
    let asked = own_fields(envelope.act.as_str(), under.own.law.kind(&kind)?, words)?;
    let answers = opened(None, envelope, beside)?;
    let shown = asked.into_iter().filter_map(|field| {
        let given = answers.get(&field.name)?.as_str()?;
        let chosen = field.choices.into_iter().find(|choice| choice.code == given);
        Some(Labelled {
            name: field.name,
            label: field.label,
            text: chosen.map_or_else(|| given.to_owned(), |choice| choice.label),
            masked: false,
        })
    });
    Some(shown.collect())
}
