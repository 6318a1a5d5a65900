//! `records.list`: one page of a list, of the rows on the shelf.

use super::convert::{all_labelled, category, colour, due};
use super::names::{Key, NO_PACK, parts};
use super::packs::Read;
use super::shelf::Slip;
use crate::engine::{Engine, count};
use crate::failure::Failure;
use crate::rpc::{CategoryView, RecordKey, RecordList, RecordListParams, RecordRow, TabView};
use shenhai_forms::filter;
use shenhai_forms::rule::Variables;
use shenhai_forms::value::Time;
use shenhai_pack::face::{ListView, Tab};
use shenhai_pack::names::{Name, PackId};
use shenhai_protocol::ErrorCode;
use shenhai_sync::RowState;
use shenhai_view::{Names, Words, card, folded, in_order, lists_of, stands_in, tabs};
use std::sync::Arc;

/// Most rows in one page.
const PAGE: u32 = 200;
const NO_LIST: Failure = Failure::Refused(ErrorCode::NotFound, "no such list for this person");

/// Who looks at a list, and when.
struct Viewer {
    variables: Variables,
    now: Time,
    names: Names,
}

impl Engine {
    /// `records.list`.
    pub(crate) fn list_records(&mut self, params: &RecordListParams) -> Result<RecordList, Failure> {
        let now = self.time_now()?;
        self.freshen(now);
        let live = self.live()?;
        let user = &live.record.user;
        let viewer = Viewer {
            variables: filter::variables(user.id.as_str(), user.unit.as_str(), now),
            now,
            names: self.names(),
        };
        let newest = self.shelf.packs.newest(&params.pack).ok_or(NO_PACK)?;
        let face = &newest.pack().face;
        let roles = live.role_ids();
        let found = lists_of(face, &roles).find(|(list, _)| list.id.as_str() == params.list);
        let (list, _) = found.ok_or(NO_LIST)?;
        let kind = super::names::kind_name(&newest.pack().manifest.id, &list.kind);
        let tab = match &params.tab {
            None => list.tabs.first(),
            Some(id) => list.tabs.iter().find(|tab| tab.id.as_str() == id),
        };
        if params.tab.is_some() && tab.is_none() {
            return Err(NO_LIST);
        }
        let slips: Vec<(&Key, &Slip)> = self.shelf.of_kind(&kind).collect();
        let views = tabs(face, list).map(|one| TabView {
            id: one.law.id.to_string(),
            title: one.title.to_owned(),
            count: count(
                slips
                    .iter()
                    .filter(|(_, slip)| in_tab(one.law, list, slip, &viewer)),
            ),
            badge: one.law.badge,
        });
        let views = views.collect();
        let needle = folded(&params.search);
        let mut rows: Vec<(&Key, &Slip)> = slips
            .into_iter()
            .filter(|(_, slip)| tab.is_none_or(|tab| in_tab(tab, list, slip, &viewer)))
            .filter(|(key, slip)| has(slip, key, list, &needle))
            .collect();
        let columns = newest.columns(&list.kind);
        rows.sort_by(|(one_key, one), (other_key, other)| {
            match (&one.derived.row, &other.derived.row) {
                (Some(one), Some(other)) => in_order(list, columns, one, other),
                // What cannot be read stands last.
                (one, other) => (one.is_none(), one_key).cmp(&(other.is_none(), other_key)),
            }
        });
        let skip = usize::try_from(params.offset).unwrap_or(usize::MAX);
        let take = usize::try_from(params.limit.clamp(1, PAGE)).unwrap_or(usize::MAX);
        Ok(RecordList {
            tabs: views,
            total: count(rows.iter()),
            rows: rows
                .into_iter()
                .skip(skip)
                .take(take)
                .map(|(key, slip)| self.row(key, slip, &newest, Some(list), &viewer))
                .collect(),
            now: self.server_now(),
        })
    }

    /// A record's row as the list that the person sees first shows it.
    pub(super) fn first_row(&self, key: &Key) -> Option<RecordRow> {
        let slip = self.shelf.slip(key)?;
        let viewer = Viewer {
            variables: Variables::new(),
            now: self.time_now().ok()?,
            names: self.names(),
        };
        let (pack, kind) = parts(&key.0)?;
        let Some(newest) = self.newest_of(&pack) else {
            return Some(self.bare_row(key, slip));
        };
        let roles = self.live().ok()?.role_ids();
        let mine = lists_of(&newest.pack().face, &roles).find(|(list, _)| list.kind == kind);
        let list = mine.map(|(list, _)| list);
        let list = list.or_else(|| newest.pack().face.lists.iter().find(|list| list.kind == kind));
        Some(self.row(key, slip, &newest, list, &viewer))
    }

    fn newest_of(&self, pack: &PackId) -> Option<Arc<Read>> {
        let name = shenhai_protocol::PackName(pack.to_string());
        self.shelf.packs.newest(&name)
    }

    fn row(
        &self,
        key: &Key,
        slip: &Slip,
        newest: &Read,
        list: Option<&ListView>,
        viewer: &Viewer,
    ) -> RecordRow {
        let mut row = self.bare_row(key, slip);
        let own = self.shelf.packs.under(&slip.derived.law);
        let (Some(index), Ok(under), Some((_, kind))) = (&slip.derived.row, own, parts(&key.0)) else {
            return row;
        };
        let words = Words::new(&newest.pack().face.texts, &kind);
        let columns = newest.columns(&kind);
        let card = card(
            index,
            list,
            columns,
            &under.own.law,
            words,
            &viewer.names,
            viewer.now,
        );
        row.title = card.title;
        row.lines = all_labelled(card.lines);
        row.tags = all_labelled(card.tags);
        row.state = card.state;
        row.due = card.due.map(due);
        row.colour = card.colour.map(colour);
        row
    }

    /// What can be said of a record without its law.
    fn bare_row(&self, key: &Key, slip: &Slip) -> RecordRow {
        let derived = &slip.derived;
        let open = || {
            let acts = self.pending_acts(key);
            acts.filter(|pending| pending.entry.row.state != RowState::Done)
        };
        let standing = derived.standing.as_ref();
        RecordRow {
            key: RecordKey {
                kind: key.0.clone(),
                id: key.1.clone(),
            },
            kind_title: self.kind_title(&key.0),
            title: key.1.0.clone(),
            lines: Vec::new(),
            tags: Vec::new(),
            state: standing.map(|(state, _)| state.clone()).unwrap_or_default(),
            state_id: standing.map(|(state, _)| state.clone()).unwrap_or_default(),
            category: standing.map_or(CategoryView::Active, |(_, found)| category(*found)),
            due: None,
            colour: None,
            pending: count(open()),
            parked: open().any(|pending| pending.entry.row.state.is_parked()),
            has_draft: self.shelf.is_drafted(&key.0, Some(&key.1), None),
            missing: derived.missing,
        }
    }
}

/// A row that cannot be read stands in the first tab: nobody is to wonder where it went.
fn in_tab(tab: &Tab, list: &ListView, slip: &Slip, viewer: &Viewer) -> bool {
    match &slip.derived.row {
        Some(row) => stands_in(tab, row, &viewer.variables, viewer.now),
        None => list.tabs.first().is_some_and(|first| first.id == tab.id),
    }
}

fn has(slip: &Slip, key: &Key, list: &ListView, needle: &str) -> bool {
    let haystack = slip.derived.haystacks.get(&list.id);
    needle.is_empty()
        || haystack.map_or_else(
            || folded(key.1.as_str()).contains(needle),
            |haystack| haystack.contains(needle),
        )
}
