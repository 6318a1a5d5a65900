//! `records.packs`: what the person can work on – the packs, their lists for the person's roles, and what can be opened.
//!
//! Not how packs come to this device (`packs`).

use super::names::kind_name;
use super::packs::Read;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::rpc::{ActKey, ListHead, OpenableAct, PackView, PacksView};
use shenhai_flow::Calendar;
use shenhai_flow::fold::Given;
use shenhai_pack::names::{KindId, PackId};
use shenhai_protocol::{ActName, ErrorCode, Kind, PackName, PackStage};
use shenhai_view::{Words, offers, pack_title};
use std::collections::{BTreeMap, BTreeSet};

impl Engine {
    /// `records.packs`.
    pub(crate) fn packs(&self) -> Result<PacksView, Failure> {
        self.live()?;
        let packs = &self.shelf.packs;
        let mut names: BTreeSet<PackName> = packs.offers.iter().map(|offer| offer.law.id.clone()).collect();
        let read = packs.read.values().filter_map(|read| read.as_ref().ok());
        names.extend(read.map(|read| PackName(read.law.reference().id.to_string())));
        let views = names.into_iter().map(|name| self.pack_view(name));
        Ok(PacksView {
            packs: views.collect::<Result<_, Failure>>()?,
        })
    }

    fn pack_view(&self, name: PackName) -> Result<PackView, Failure> {
        let packs = &self.shelf.packs;
        let offer = packs.offers.iter().find(|offer| offer.law.id == name);
        let trial = offer.is_some_and(|offer| offer.stage == PackStage::Trial);
        let Some(newest) = packs.newest(&name) else {
            let law = offer.map(|offer| &offer.law.sm3);
            let unreadable = law.is_some_and(|law| packs.is_unreadable(law));
            return Ok(PackView {
                title: name.0.clone(),
                id: name,
                missing: Some(match unreadable {
                    true => ErrorCode::UnsupportedVersion,
                    false => ErrorCode::PackMissing,
                }),
                trial,
                lists: Vec::new(),
                opens: Vec::new(),
            });
        };
        let live = self.live()?;
        let (pack, roles) = (newest.pack(), live.role_ids());
        let lists = shenhai_view::lists_of(&pack.face, &roles).map(|(list, title)| ListHead {
            id: list.id.to_string(),
            title: title.to_owned(),
            kind: kind_name(&pack.manifest.id, &list.kind),
            searchable: !list.search.is_empty(),
        });
        let lists = lists.collect();
        let opens = match packs.opens(&name) {
            true => self.openable(&newest)?,
            false => Vec::new(),
        };
        Ok(PackView {
            id: name,
            title: pack_title(pack),
            missing: None,
            trial,
            lists,
            opens,
        })
    }

    /// What the person can open under a law.
    fn openable(&self, newest: &Read) -> Result<Vec<OpenableAct>, Failure> {
        let live = self.live()?;
        let given = Given {
            at: self.time_now()?,
            calendar: Calendar::standard(),
            asked: BTreeMap::new(),
        };
        let (law, pack) = (&newest.law, newest.pack());
        let mut all: Vec<OpenableAct> = Vec::new();
        for id in pack.law.kinds.keys() {
            let kind = kind_name(&pack.manifest.id, id);
            for role in live.roles() {
                let Some(actor) = live.actor(&kind, &role) else {
                    continue;
                };
                for offer in offers(None, id, &given, &actor, law, &pack.face) {
                    let act = ActName(offer.act.to_string());
                    let known = |one: &OpenableAct| one.key.kind == kind && one.key.act == act;
                    let allowed = live.opening_scope(&kind, act.as_str()).is_some();
                    if !offer.enabled || !allowed || all.iter().any(known) {
                        continue;
                    }
                    all.push(OpenableAct {
                        has_draft: self.shelf.is_drafted(&kind, None, Some(&act)),
                        key: ActKey {
                            kind: kind.clone(),
                            id: None,
                            act,
                            role: role.clone(),
                        },
                        title: offer.title,
                    });
                }
            }
        }
        Ok(all)
    }

    /// What people call a kind, where its pack is here.
    pub(super) fn kind_title(&self, kind: &Kind) -> String {
        let parts = super::names::parts(kind);
        let title = parts.and_then(|(pack, id): (PackId, KindId)| {
            let newest = self.shelf.packs.newest(&PackName(pack.to_string()))?;
            Some(Words::new(&newest.pack().face.texts, &id).title())
        });
        title.unwrap_or_else(|| kind.0.clone())
    }
}
