//! The OpenAPI document, made from the endpoints themselves.

use axum::Json;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(title = "Shenhai gateway", description = "See docs/protocol.md for what the calls mean."),
    paths(
        super::health,
        super::session::login,
        super::session::sign_in,
        super::session::sign_out,
        super::trust::renew,
        super::trust::trust,
        super::devices::list,
        super::devices::invite,
        super::devices::rotate,
        super::devices::revoke,
        super::devices::release,
        super::people::list,
        super::list::list,
        super::packs::list,
        super::packs::folder,
        super::records::entries,
        super::push::push,
        super::sync::pull,
        super::sync::wake,
        super::proof::proof,
        super::proof::bundle,
        super::proof::head,
        super::proof::consistency,
        super::ingest::take_order,
    ),
    // Inside the texts that are signed, so no endpoint names them.
    components(schemas(
        shenhai_protocol::Envelope,
        shenhai_protocol::Receipt,
        shenhai_protocol::AccessGrant,
        shenhai_protocol::RevocationList,
        shenhai_protocol::TreeHead,
        shenhai_protocol::CaseRecord
    )),
    modifiers(&SessionToken)
)]
struct Document;

struct SessionToken;

impl Modify for SessionToken {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        if let Some(components) = document.components.as_mut() {
            components.add_security_scheme("session", SecurityScheme::Http(scheme));
        }
    }
}

/// The OpenAPI document of this gateway.
#[must_use]
pub fn document() -> serde_json::Value {
    serde_json::to_value(Document::openapi()).unwrap_or_default()
}

pub(super) async fn serve() -> Json<serde_json::Value> {
    Json(document())
}
