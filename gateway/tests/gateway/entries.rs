//! What the gateway enters by itself: alarms, each once, however late.

use crate::field::{About, Field, INSPECTOR, PATROL, PLANNER, fact, no_answers, record_of, said_of};
use crate::stage::{Session, send};
use reqwest::Method;
use serde_json::json;
use shenhai_protocol::{HeldRecord, OrderId, OwnEntry, WakeReply};

const DAY: i64 = 24 * 3600 * 1000;

/// The record once a scope's log has it at this revision or a later one. Every wait for it has to end with news.
pub(crate) async fn until(
    field: &Field,
    session: &Session,
    scope: &str,
    id: &OrderId,
    rev: u64,
) -> HeldRecord {
    let mut cursor = 0;
    loop {
        let pull = field.stage.pull(session, scope, cursor).await;
        if let Some(Some(held)) = said_of(&pull, id)
            && held.rev >= rev
        {
            return held.clone();
        }
        cursor = pull.cursor;
        let wake = json!({"cursors": {scope: cursor}, "wait_ms": 20_000});
        let call = field.stage.call(Method::POST, "/v1/wake");
        let (status, text) = send(call.bearer_auth(&session.grant.token).json(&wake)).await;
        let woken: WakeReply = serde_json::from_str(&text).unwrap();
        assert_eq!((status, woken.heads.len()), (200, 1), "{text}");
    }
}

/// The own entries of a record, oldest first.
pub(crate) fn entries(field: &Field, kind: &str, id: &OrderId) -> Vec<OwnEntry> {
    let db = field.stage.database();
    let mut select = db
        .prepare("SELECT payload FROM entries WHERE key = ?1 ORDER BY n")
        .unwrap();
    let rows = select
        .query_map([format!("{kind}/{id}")], |row| row.get::<_, String>(0))
        .unwrap();
    rows.map(|text| serde_json::from_str(&text.unwrap()).unwrap())
        .collect()
}

fn acts(entries: &[OwnEntry]) -> Vec<&str> {
    entries
        .iter()
        .map(|entry| entry.act.as_ref().map_or("", |act| act.as_str()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_reminds_and_another_makes_it_late_each_once_and_across_a_restart() {
    let field = Field::start().await;
    let mut planner = field.sign_in(PLANNER).await;
    let id = field.planned(&mut planner, INSPECTOR).await;
    // Planned on Monday 2026-11-23, three workdays: due as Thursday ends, the reminder a workday before.
    field.stage.advance(3 * DAY);
    let planner = field.sign_in(PLANNER).await;
    let held = until(&field, &planner, "bureau", &id, 2).await;
    assert_eq!(held.rev, 2);
    assert_eq!(acts(&entries(&field, PATROL, &id)), ["remind"]);

    let field = field.restarted().await;
    field.stage.advance(DAY);
    let planner = field.sign_in(PLANNER).await;
    let held = until(&field, &planner, "bureau", &id, 3).await;
    assert_eq!((held.rev, fact(&held, "late").as_str()), (3, "btrue"));

    // Time passes and nothing more is due; an act upon it is not in the way of what was entered.
    let field = field.restarted().await;
    let mut inspector = field.sign_in(INSPECTOR).await;
    let begun = field
        .done(&mut inspector, &About::at(PATROL, &id, 3), "start", no_answers())
        .await;
    assert_eq!(begun.rev, Some(4));
    let own = entries(&field, PATROL, &id);
    assert_eq!(acts(&own), ["remind", "overdue"]);
    assert!(
        own.iter()
            .all(|entry| entry.refused.is_none() && entry.cause.is_none())
    );
    let held = until(&field, &inspector, "person:inspector1", &id, 4).await;
    assert_eq!(field.judged_again(PATROL, &id), record_of(&held));
    field.stage.assert_gapless_logs();
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_every_alarm_is_late_and_none_is_lost() {
    let mut field = Field::start().await;
    let mut planner = field.sign_in(PLANNER).await;
    let id = field.planned(&mut planner, INSPECTOR).await;
    field.stage.gateway.take().unwrap().stop().await;
    field.stage.advance(20 * DAY);
    field.stage.gateway = Some(shenhai_gateway::Gateway::start(field.config()).await.unwrap());
    let planner = field.sign_in(PLANNER).await;
    let held = until(&field, &planner, "bureau", &id, 3).await;
    let own = entries(&field, PATROL, &id);
    assert_eq!(acts(&own), ["remind", "overdue"]);
    let late = crate::stage::NOW + 20 * DAY;
    assert!(
        own.iter().all(|entry| entry.given.at.0 == late),
        "they say when they came"
    );
    assert_eq!(field.judged_again(PATROL, &id), record_of(&held));
}
