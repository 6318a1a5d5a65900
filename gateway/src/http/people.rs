//! `GET /v1/people`: whom a reviewer can give an order to.
//!
//! Not the giving (`decide`), which checks the choice once more.

use super::error::ApiError;
use super::session::Session;
use crate::access;
use crate::app::App;
use axum::Json;
use axum::extract::State;
use shenhai_protocol::{ErrorBody, ErrorCode, PeopleList, PeopleUnit, PersonLoad};
use std::sync::Arc;

/// The handlers the asker may give orders to, with how many each has open.
#[utoipa::path(get, path = "/v1/people", operation_id = "people", tag = "sync", security(("session" = [])),
    responses((status = 200, description = "Units and their handlers", body = PeopleList),
        (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    session: Session,
) -> Result<Json<PeopleList>, ApiError> {
    let asker = session.asker.user;
    if !access::may_reassign(asker.role) {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "only a reviewer gives orders to people",
        ));
    }
    let reading = Arc::clone(&app);
    let units = app.store.read(move |rows| {
        let given = reading.directory.receiving_units();
        let allowed = given.filter(|(unit, _)| access::may_give_to(&asker, unit));
        allowed
            .map(|(unit, name)| {
                let open = rows.open_orders(unit)?;
                let handlers = reading.directory.handlers_in(unit);
                Ok(PeopleUnit {
                    id: unit.clone(),
                    name: name.to_owned(),
                    handlers: handlers
                        .map(|user| PersonLoad {
                            id: user.id.clone(),
                            name: user.name.clone(),
                            open: open
                                .get(&user.id)
                                .map_or(0, |count| u32::try_from(*count).unwrap_or(u32::MAX)),
                        })
                        .collect(),
                })
            })
            .collect()
    });
    Ok(Json(PeopleList { units: units.await? }))
}
