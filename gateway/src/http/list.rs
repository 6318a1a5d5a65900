//! `POST /v1/list`: a page of a pack's list, with the filters, the order and the sights that devices have, for scopes too
//! large to be held by one.
//!
//! Not the tables (`crate::lists`) and not what a scope sees of a record (`crate::records`).

use super::body::read_json;
use super::error::ApiError;
use super::session::Session;
use crate::app::App;
use crate::lists::{self, Listed};
use crate::records::{self, Ground};
use crate::store::{Key, Rows, StoreError, within};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use shenhai_forms::filter::variables;
use shenhai_forms::rule::Variables;
use shenhai_forms::value::Time;
use shenhai_index::{IndexError, Key as After, Query};
use shenhai_pack::face::ListView;
use shenhai_pack::names::{Name, TabId};
use shenhai_protocol::{
    ErrorBody, ErrorCode, HeldRecord, ListReply, ListRequest, Scope, ScopeId, Sight, TabCount, limits,
};
use shenhai_view::folded;
use std::sync::Arc;

const LIST_BYTES: usize = 16 * 1024;
/// Most records of a page.
const PAGE: u32 = 100;
/// A tab is counted so far.
const COUNTED: u32 = 1_000;

/// A page of a list of the asker's roles.
#[utoipa::path(post, path = "/v1/list", operation_id = "record_list", tag = "records", security(("session" = [])), request_body = ListRequest,
    responses((status = 200, description = "A page", body = ListReply), (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    session: Session,
    body: Body,
) -> Result<Json<ListReply>, ApiError> {
    let request: ListRequest = read_json(body, LIST_BYTES).await?;
    if request.search.chars().count() > limits::TEXT_CHARS {
        return Err(ApiError::new(ErrorCode::TooLarge, "the search is too long"));
    }
    let malformed = |what| ApiError::new(ErrorCode::Malformed, what);
    let after = match request.after.as_deref().map(After::of_text) {
        Some(None) => return Err(malformed("after is not the end of a page")),
        other => other.flatten(),
    };
    let granted = session.asker.granted.iter();
    let granted: Vec<Scope> = granted
        .filter(|scope| scope.kinds.contains(&request.kind))
        .cloned()
        .collect();
    // A list that is not the asker's and one that is not there look alike.
    let not_there = || ApiError::new(ErrorCode::NotFound, "no such list");
    if granted.is_empty() {
        return Err(not_there());
    }
    let listed = app.lists.of(&request.kind);
    let listed = listed.ok_or_else(|| ApiError::new(ErrorCode::Overloaded, "the list is being filled"))?;
    let view = listed
        .view(&request.list, &session)
        .ok_or_else(not_there)?
        .clone();
    let tab = match &request.tab {
        None => None,
        Some(tab) => {
            let found = view.tabs.iter().find(|own| own.id.as_str() == tab);
            Some(found.ok_or_else(not_there)?.id.clone())
        }
    };
    lists::freshen(&app, &request.kind).await?;
    let now = app.clock.now();
    let time = Time::new(now.0).ok_or_else(|| malformed("the clock is outside the calendar"))?;
    let user = &session.asker.user;
    let asking = Asking {
        listed,
        view,
        tab,
        search: folded(&request.search),
        variables: variables(user.id.as_str(), user.unit.as_str(), time),
        after,
        limit: request.limit.clamp(1, PAGE),
        granted,
        ground: Ground::of(&app, now),
    };
    let read = app.store.read(move |rows| match asking.read(rows) {
        Ok(read) => Ok(Some(read)),
        Err(Refused::Key) => Ok(None),
        Err(Refused::Store(error)) => Err(error),
    });
    let (records, next, counts) = read.await?.ok_or_else(|| malformed("after is of another list"))?;
    Ok(Json(ListReply {
        records,
        next,
        counts,
        server_time: now,
    }))
}

impl Listed {
    /// One of its lists, if it is for somebody with the session's roles.
    fn view(&self, id: &str, session: &Session) -> Option<&ListView> {
        let roles = &session.asker.user.roles;
        let mine = |list: &&ListView| {
            let mut wanted = list.roles.iter();
            wanted.any(|role| roles.iter().any(|own| own.as_str() == role.as_str()))
        };
        let lists = self.newest.law.pack().face.lists.iter();
        lists.filter(mine).find(|list| list.id.as_str() == id)
    }
}

/// Why a list was not read.
enum Refused {
    /// The page begins nowhere in this list.
    Key,
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<IndexError> for Refused {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::WrongKey => Self::Key,
            error => Self::Store(error.into()),
        }
    }
}

/// A list to be read.
struct Asking {
    listed: Arc<Listed>,
    view: ListView,
    tab: Option<TabId>,
    search: String,
    variables: Variables,
    after: Option<After>,
    limit: u32,
    /// The asker's scopes in which the kind shows.
    granted: Vec<Scope>,
    ground: Ground,
}

type Read = (Vec<HeldRecord>, Option<String>, Vec<TabCount>);

impl Asking {
    fn read(&self, rows: &Rows<'_>) -> Result<Read, Refused> {
        let scopes: Vec<ScopeId> = self.granted.iter().map(|scope| scope.id.clone()).collect();
        let within = within(&scopes);
        let index = &self.listed.index;
        let query = Query {
            list: &self.view.id,
            tab: self.tab.as_ref(),
            search: &self.search,
            variables: &self.variables,
            within: Some(&within),
        };
        let page = rows.list_page(index, &query, self.after.as_ref(), self.limit)?;
        let mut records = Vec::with_capacity(page.ids.len());
        for id in page.ids {
            records.extend(self.record(rows, Key::stored(id))?);
        }
        let mut counts = Vec::with_capacity(self.view.tabs.len());
        for tab in &self.view.tabs {
            let of_tab = Query {
                tab: Some(&tab.id),
                search: "",
                ..query
            };
            let counted = rows.list_count(index, &of_tab, COUNTED)?;
            counts.push(TabCount {
                tab: tab.id.to_string(),
                count: counted.rows,
                more: counted.more,
            });
        }
        Ok((records, page.next.map(|next| next.to_text()), counts))
    }

    /// A record as the most seeing of the asker's scopes shows it.
    fn record(&self, rows: &Rows<'_>, key: Key) -> Result<Option<HeldRecord>, StoreError> {
        let holders = rows.holders(&key)?;
        let mut mine: Vec<&Scope> = self
            .granted
            .iter()
            .filter(|scope| holders.contains(&scope.id))
            .collect();
        mine.sort_by_key(|scope| scope.sight != Sight::Full);
        match (mine.first(), rows.record_row(&key)?) {
            (Some(scope), Some(row)) => records::held(rows, &self.ground, row, &scope.id),
            _ => Ok(None),
        }
    }
}
