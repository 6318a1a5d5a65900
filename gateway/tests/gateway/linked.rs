//! What a record asks of another, over the gateway: findings of a patrol, opened, taken, mended, and what the patrol hears.

use crate::entries::{entries, until};
use crate::field::{
    About, FIXER, Field, INSPECTOR, PATROL, PLANNER, Step, changed, fact, no_answers, record_of, river, seen,
};
use crate::stage::{Session, code, log, send};
use reqwest::Method;
use rusqlite::Connection;
use serde_json::json;
use shenhai_crypto::PublicKey;
use shenhai_flow::fold::Law;
use shenhai_flow::record::Record;
use shenhai_gateway::Gateway;
use shenhai_pack::law::Category;
use shenhai_pack::{PackFiles, load};
use shenhai_proof::{Commits, Signers};
use shenhai_protocol::{EntryBy, OrderId, OwnEntry, PackStage, RecordEntries, RecordStep, SignedReceipt};

const FINDING: &str = "river.finding";
const SCOPE: &str = "person:inspector1";

/// A patrol under way in a district, with one spot walked: revision 3.
async fn walked(field: &Field, planner: &mut Session, inspector: &mut Session, district: &str) -> OrderId {
    let answers = json!({
        "river": "样例河", "reach": "一号桥至二号桥", "district": district,
        "planned_on": "2026-11-24", "inspector": INSPECTOR
    });
    let id = field
        .done(planner, &About::new(PATROL), "plan", answers)
        .await
        .record
        .id;
    field
        .done(inspector, &About::at(PATROL, &id, 1), "start", no_answers())
        .await;
    let spot = json!({"name": "一号桥", "ok": false, "depth": "1.25"});
    field
        .done(inspector, &About::at(PATROL, &id, 2), "spot", spot)
        .await;
    id
}

async fn report(field: &Field, inspector: &mut Session, id: &OrderId, rev: u64) {
    let answers = json!({"matter": ["litter"], "urgency": "normal", "what": "水面漂浮垃圾"});
    field
        .done(inspector, &About::at(PATROL, id, rev), "report", answers)
        .await;
}

fn changing(field: &Field) -> Connection {
    Connection::open(field.stage.data.path().join("data/gateway.sqlite3")).unwrap()
}

/// A step that the gateway gave.
fn opened(step: RecordStep, commits: &mut Commits<'_>) -> Step {
    match step {
        RecordStep::Act { envelope, receipt } => {
            assert!(commits.gave(&receipt));
            let signed = serde_json::from_str(&envelope.payload).unwrap();
            assert!(envelope.beside.disclosures.is_empty());
            Step::Act(
                Box::new(signed),
                envelope.beside,
                Box::new(receipt.open().unwrap()),
            )
        }
        RecordStep::Own { entry } => {
            let own = entry.open().unwrap();
            // In its commit it stands as a receipt does.
            let given = SignedReceipt {
                payload: entry.payload,
                index: entry.index,
                path: entry.path,
                commit: entry.commit,
            };
            assert!(commits.gave(&given));
            Step::Own(Box::new(own))
        }
    }
}

fn finding_of(patrol: &Record) -> OrderId {
    OrderId(patrol.links[0].id.clone().unwrap())
}

/// What a record heard of its links: the news, and of what it is the outcome.
fn heard(entries: &[OwnEntry]) -> Vec<(&str, Option<&str>)> {
    let news = entries.iter().filter_map(|entry| match &entry.by {
        EntryBy::Link { news, outcome_of, .. } => Some((news.as_str(), outcome_of.as_deref())),
        _ => None,
    });
    news.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_is_opened_mended_and_ends_its_patrol_and_both_are_judged_again() {
    let field = Field::start().await;
    let (mut planner, mut inspector) = (field.sign_in(PLANNER).await, field.sign_in(INSPECTOR).await);
    let id = walked(&field, &mut planner, &mut inspector, "310101").await;
    report(&field, &mut inspector, &id, 3).await;
    let held = until(&field, &inspector, SCOPE, &id, 5).await;
    let patrol = record_of(&held);
    assert_eq!(patrol.links[0].category, Some(Category::New));
    assert!(patrol.links[0].pending.is_empty());
    let finding = finding_of(&patrol);

    let about = About::at(PATROL, &id, 5);
    field
        .done(&mut inspector, &about, "submit", json!({"water": "clear"}))
        .await;
    let mut fixer = field.sign_in(FIXER).await;
    let there = seen(&field, &fixer, "person:fixer1", &finding).await;
    let there = there.expect("who mends things in the district has it");
    assert_eq!(fact(&there, "river"), fact(&held, "river"));
    assert_eq!(
        (there.rev, record_of(&there).state.to_string().as_str()),
        (1, "reported")
    );
    field
        .done(&mut fixer, &About::at(FINDING, &finding, 1), "take", no_answers())
        .await;
    let mended = json!({"measure": "已清捞", "cost": "120.5"});
    field
        .done(&mut fixer, &About::at(FINDING, &finding, 2), "fix", mended)
        .await;

    let held = until(&field, &inspector, SCOPE, &id, 8).await;
    let patrol = record_of(&held);
    assert_eq!((patrol.rev, patrol.state.to_string().as_str()), (8, "finished"));
    assert_eq!(fact(&held, "fixed"), "n1");
    assert!(log().contains("a message went into the sink"));
    assert!(!log().contains("已清捞"), "the log never holds what it carries");
    let own = entries(&field, PATROL, &id);
    assert_eq!(
        heard(&own),
        [("open", Some("@open")), ("active", None), ("done", None)]
    );
    let EntryBy::Link { gives, .. } = &own[2].by else {
        unreachable!("it was heard")
    };
    assert_eq!(gives["cost"], "n120.5", "what the contract gives");
    assert_eq!(field.judged_again(PATROL, &id), patrol);
    let there = seen(&field, &fixer, "person:fixer1", &finding).await.unwrap();
    assert_eq!(field.judged_again(FINDING, &finding), record_of(&there));
    field.stage.assert_gapless_logs();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_ends_before_it_carried_out_what_was_asked_does_it_once_when_it_is_back() {
    let mut field = Field::start().await;
    let (mut planner, mut inspector) = (field.sign_in(PLANNER).await, field.sign_in(INSPECTOR).await);
    let id = walked(&field, &mut planner, &mut inspector, "310101").await;
    // Everything is done but taking it off the list: as if the gateway had ended just before its commit.
    let stuck = "CREATE TRIGGER stuck BEFORE DELETE ON outward BEGIN SELECT RAISE(ABORT, 'stuck'); END";
    changing(&field).execute_batch(stuck).unwrap();
    report(&field, &mut inspector, &id, 3).await;
    field.stage.gateway.take().unwrap().stop().await;
    assert_eq!(
        field.stage.count("SELECT count(*) FROM outward"),
        1,
        "it is not lost"
    );
    assert_eq!(
        field.stage.count("SELECT count(*) FROM entries"),
        0,
        "nothing is half done"
    );
    changing(&field).execute_batch("DROP TRIGGER stuck").unwrap();

    field.stage.gateway = Some(Gateway::start(field.config()).await.unwrap());
    let held = until(&field, &inspector, SCOPE, &id, 5).await;
    let field = field.restarted().await;
    let again = until(&field, &inspector, SCOPE, &id, 5).await;
    assert_eq!((held.rev, again.rev), (5, 5));
    assert_eq!(heard(&entries(&field, PATROL, &id)), [("open", Some("@open"))]);
    assert_eq!(
        field
            .stage
            .count("SELECT count(*) FROM records WHERE kind = 'river.finding'"),
        1
    );
    assert_eq!(field.judged_again(PATROL, &id), record_of(&again));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_take_is_refused_and_the_patrol_hears_why() {
    let field = Field::start().await;
    let (mut planner, mut inspector) = (field.sign_in(PLANNER).await, field.sign_in(INSPECTOR).await);
    // Nobody mends anything in this district.
    let id = walked(&field, &mut planner, &mut inspector, "310151").await;
    report(&field, &mut inspector, &id, 3).await;
    let held = until(&field, &inspector, SCOPE, &id, 5).await;
    let own = entries(&field, PATROL, &id);
    assert_eq!(heard(&own), [("refused", Some("@open"))]);
    let EntryBy::Link { code, .. } = &own[0].by else {
        unreachable!("it was heard")
    };
    assert_eq!(code.as_deref(), Some("not_found"));
    assert_eq!(
        field
            .stage
            .count("SELECT count(*) FROM records WHERE kind = 'river.finding'"),
        0
    );
    assert_eq!(field.judged_again(PATROL, &id), record_of(&held));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_a_record_fetches_its_history_and_judges_it_again() {
    let field = Field::start().await;
    let (mut planner, mut inspector) = (field.sign_in(PLANNER).await, field.sign_in(INSPECTOR).await);
    let id = walked(&field, &mut planner, &mut inspector, "310101").await;
    report(&field, &mut inspector, &id, 3).await;
    let held = until(&field, &inspector, SCOPE, &id, 5).await;

    let path = format!("/v1/records/{PATROL}/{id}/entries");
    let ask = async |session: &Session| {
        let call = field.stage.call(Method::GET, &path);
        send(call.bearer_auth(&session.grant.token)).await
    };
    let (status, text) = ask(&inspector).await;
    assert_eq!(status, 200, "{text}");
    let history: RecordEntries = serde_json::from_str(&text).unwrap();
    assert_eq!(history.record, held.record);
    assert_eq!(
        history.steps.len(),
        5,
        "plan, start, spot, report, and what came of it"
    );
    let signers = Signers::pinned(&PublicKey::from_hex(&planner.grant.gateway_key).unwrap());
    let mut commits = Commits::of(&signers);
    let steps: Vec<Step> = history
        .steps
        .into_iter()
        .map(|step| opened(step, &mut commits))
        .collect();
    assert_eq!(field.judge(&steps), record_of(&held));

    let fixer = field.sign_in(FIXER).await;
    let (status, text) = ask(&fixer).await;
    assert_eq!(
        (status, code(&text).as_str()),
        (404, "not_found"),
        "it is not his to see"
    );
}

/// A field with another office's pack, `creek`, beside the river's: its patrols ask `effect` of river findings.
async fn beside(river_files: PackFiles, effect: &str) -> Field {
    let mut field = Field::bare(|config| {
        let stages = &mut config.city.packs.stage;
        stages.insert("river".to_owned(), PackStage::Active);
        stages.insert("creek".to_owned(), PackStage::Active);
    })
    .await;
    let creek = changed(&river(), "pack.toml", |text| {
        text.replace("id = \"river\"", "id = \"creek\"")
    });
    let creek = changed(&creek, "law/effects.csv", |text| {
        text.replace("open,finding,finding", "open,river.finding,finding") + effect
    });
    field.deliver("river", &river_files);
    field.deliver("creek", &creek);
    let (pack, reference) = load(&field.signers.build(&creek), None).unwrap();
    field.law = Law::new(pack, reference);
    field.restarted().await
}

/// A creek's patrol that reported something: its id.
async fn creek_reported(field: &Field, inspector: &mut Session) -> OrderId {
    let mut planner = field.sign_in(PLANNER).await;
    let answers = json!({
        "river": "样例浜", "district": "310101", "planned_on": "2026-11-24", "inspector": INSPECTOR
    });
    let opened = field
        .done(&mut planner, &About::new(CREEK), "plan", answers)
        .await;
    let id = opened.record.id;
    field
        .done(inspector, &About::at(CREEK, &id, 1), "start", no_answers())
        .await;
    let answers = json!({"matter": ["litter"], "urgency": "normal", "what": "水面漂浮垃圾"});
    field
        .done(inspector, &About::at(CREEK, &id, 2), "report", answers)
        .await;
    id
}

fn refusals(entries: &[OwnEntry]) -> Vec<&str> {
    let codes = entries.iter().filter_map(|entry| match &entry.by {
        EntryBy::Link { code, .. } => code.as_deref(),
        _ => None,
    });
    codes.collect()
}

const CREEK: &str = "creek.patrol";

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_that_no_contract_names_opens_nothing_and_hears_so() {
    let field = beside(river(), "").await;
    let mut inspector = field.sign_in(INSPECTOR).await;
    let id = creek_reported(&field, &mut inspector).await;
    let held = until(&field, &inspector, SCOPE, &id, 4).await;
    assert_eq!(refusals(&entries(&field, CREEK, &id)), ["no_contract"]);
    let findings = "SELECT count(*) FROM records WHERE kind = 'river.finding'";
    assert_eq!(field.stage.count(findings), 0);
    assert_eq!(field.judged_again(CREEK, &id), record_of(&held));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_open_may_not_therefore_ask_for_an_act_though_it_hands_nothing_over() {
    let river = changed(&river(), "law/contracts.csv", |text| {
        format!("{text}finding,creek.patrol,open,patrol_no river district matter urgency place what,,\n")
    });
    let river = changed(&river, "law/acts.csv", |text| {
        format!("{text}finding,withdraw,reported,groundless,asked,,,,,,,\n")
    });
    let river = changed(&river, "face/texts.zh.csv", |text| {
        format!("{text}kind.finding.act.withdraw,撤回\n")
    });
    let field = beside(river, "patrol,spot,2,,,do,finding.withdraw,,,,\n").await;
    let mut inspector = field.sign_in(INSPECTOR).await;
    let id = creek_reported(&field, &mut inspector).await;
    until(&field, &inspector, SCOPE, &id, 4).await;
    let spot = json!({"name": "一号桥", "ok": true, "depth": "1"});
    field
        .done(&mut inspector, &About::at(CREEK, &id, 4), "spot", spot)
        .await;
    let held = until(&field, &inspector, SCOPE, &id, 6).await;
    let own = entries(&field, CREEK, &id);
    assert_eq!(
        heard(&own),
        [("open", Some("@open")), ("refused", Some("withdraw"))]
    );
    assert_eq!(refusals(&own), ["no_contract"]);
    let still = "SELECT count(*) FROM records WHERE kind = 'river.finding' AND rev = 1 AND open = 1";
    assert_eq!(field.stage.count(still), 1);
    assert_eq!(field.judged_again(CREEK, &id), record_of(&held));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_put_aside_and_holds_up_nothing() {
    let field = Field::start().await;
    let (mut planner, mut inspector) = (field.sign_in(PLANNER).await, field.sign_in(INSPECTOR).await);
    let id = walked(&field, &mut planner, &mut inspector, "310101").await;
    let broken = "INSERT INTO outward (key, cause, ordinal, depth, chain, doc)
         VALUES ('river.patrol/x', 'x', 1, 1, 'x', '{\"what\":\"dance\"}')";
    changing(&field).execute_batch(broken).unwrap();
    report(&field, &mut inspector, &id, 3).await;
    until(&field, &inspector, SCOPE, &id, 5).await;
    assert_eq!(
        field.stage.count("SELECT count(*) FROM outward WHERE aside = 1"),
        1
    );
    assert_eq!(
        field.stage.count("SELECT count(*) FROM outward WHERE aside = 0"),
        0
    );
}
