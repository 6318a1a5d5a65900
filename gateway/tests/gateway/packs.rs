//! Packs: taken in from the operator's folder or refused with a reason, offered to whom they concern, and what roles grant.

use crate::field::{About, Field, INSPECTOR, PATROL, PLANNER, Signers, changed, river, said_of};
use crate::stage::{Device, HANDLER, Session, code, log, send};
use reqwest::Method;
use serde_json::json;
use shenhai_pack::{PackFiles, SIGNATURES, load};
use shenhai_protocol::{
    AccessGrant, Action, PackFolder, PackList, PackStage, Scope, Sight, SignedGrant, Verdict,
};
use std::sync::Arc;
use std::time::Duration;

async fn offered(field: &Field, session: &Session) -> PackList {
    let call = field.stage.call(Method::GET, "/v1/packs");
    let (status, text) = send(call.bearer_auth(&session.grant.token)).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Wait until something is said in the log of a folder of this gateway.
async fn logged(field: &Field, folder: &str, words: &str) {
    let place = field.folder().join(folder);
    let place = place.to_str().unwrap();
    for _ in 0..500 {
        if log()
            .lines()
            .any(|line| line.contains(place) && line.contains(words))
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{folder}: nothing says {words:?}");
}

fn grant(signed: &SignedGrant) -> AccessGrant {
    serde_json::from_str(&signed.payload).unwrap()
}

fn scope<'g>(grant: &'g AccessGrant, id: &str) -> &'g Scope {
    grant.scopes.iter().find(|scope| scope.id.as_str() == id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_renamed_into_the_folder_of_a_running_gateway_is_offered_on_trial() {
    let field = Field::bare(|_| {}).await;
    let planner = Device::new();
    let (status, text) = field.try_sign_in(PLANNER, &planner).await;
    assert_eq!(
        (status, &*code(&text)),
        (403, "forbidden"),
        "no pack has her role yet"
    );
    let built = field.signers.build(&river());
    field.put("river-1", &built);
    logged(&field, "river-1", "was taken in").await;

    let planner = field.sign_in(PLANNER).await;
    let list = offered(&field, &planner).await;
    let [offer] = &list.packs[..] else {
        panic!("{list:?}")
    };
    assert_eq!(offer.law, field.law_ref());
    assert_eq!(offer.stage, PackStage::Trial);
    let kinds: Vec<&str> = offer.kinds.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(kinds, ["river.finding", "river.patrol"]);

    let path = format!("/v1/packs/{}", offer.law.sm3);
    let call = || field.stage.call(Method::GET, &path);
    let (status, text) = send(call().bearer_auth(&planner.grant.token)).await;
    assert_eq!(status, 200, "{text}");
    let folder: PackFolder = serde_json::from_str(&text).unwrap();
    let mut files = PackFiles::new();
    for (path, text) in &folder.files {
        files.insert(path, text.clone().into_bytes()).unwrap();
    }
    let (pack, reference) = load(&files, Some(field.law.reference())).unwrap();
    assert_eq!((&pack, &reference), (field.law.pack(), field.law.reference()));

    // A pack that is not one's own and one that is not there look alike.
    let handler = field.stage.sign_in(HANDLER).await;
    assert_eq!(offered(&field, &handler).await.packs, []);
    for path in [path.clone(), format!("/v1/packs/{}", "0".repeat(64))] {
        let call = field.stage.call(Method::GET, &path);
        let (status, text) = send(call.bearer_auth(&handler.grant.token)).await;
        assert_eq!((status, &*code(&text)), (404, "not_found"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_signed_pack_is_not_taken_in_and_disturbs_no_other() {
    let field = Field::bare(|_| {}).await;
    let good = field.signers.build(&river());
    let other = |id: &str| {
        changed(&river(), "pack.toml", |text| {
            text.replace("\"river\"", &format!("\"{id}\""))
        })
    };
    let without_signatures = |id: &str| {
        let mut files = field.signers.build(&other(id));
        files.remove(SIGNATURES);
        files
    };
    field.put("unsigned", &without_signatures("unsigned"));
    let tampered = changed(&good, "law/acts.csv", |text| {
        text.replace("inspector@main", "inspector@any")
    });
    field.put("tampered", &tampered);
    let stranger = Signers::new();
    field.put("stranger", &stranger.build(&other("stranger")));
    let alone = Signers {
        approver: Arc::clone(&field.signers.author),
        author: Arc::clone(&field.signers.author),
        authority: field.signers.authority.clone(),
    };
    field.put("alone", &alone.build(&other("alone")));
    field.put("linked", &good);
    std::os::unix::fs::symlink("/etc/hostname", field.folder().join("linked/law/lists/hosts.csv")).unwrap();
    std::fs::write(field.folder().join("loose"), "no folder").unwrap();
    let reasons = [
        ("unsigned", "nobody has signed it"),
        ("tampered", "law/acts.csv: not the file that was built"),
        ("stranger", "the author's certificate"),
        ("alone", "author and approver are the same"),
        ("linked", "law/lists/hosts.csv: not a plain file"),
    ];
    for (folder, words) in reasons {
        logged(&field, folder, words).await;
    }
    field.put("river-1", &good);
    logged(&field, "river-1", "was taken in").await;
    let planner = field.sign_in(PLANNER).await;
    let list = offered(&field, &planner).await;
    assert_eq!(list.packs.len(), 1, "{list:?}");
    assert_eq!(list.packs[0].law, field.law_ref());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_version_takes_over_and_neither_an_older_one_nor_another_law_of_its_number_does() {
    let field = Field::start().await;
    let version = |number: u32| {
        changed(&river(), "pack.toml", |text| {
            text.replace("version = 1\n", &format!("version = {number}\ngrace_days = 0\n"))
                .replace("\ngrace_days = 14", "")
        })
    };
    let mut planner = field.sign_in(PLANNER).await;
    let first = field.planned(&mut planner, INSPECTOR).await;
    field.deliver("river-3", &version(3));
    logged(&field, "river-3", "was taken in").await;
    let list = offered(&field, &planner).await;
    assert_eq!(list.packs[0].law.version, "3");
    field.deliver("river-2", &version(2));
    logged(&field, "river-2", "version 2 of river is older than 3").await;
    let altered = changed(&version(3), "law/acts.csv", |text| {
        text.replace("planner@any", "inspector@any")
    });
    field.deliver("river-3b", &altered);
    logged(&field, "river-3b", "version 3 was taken in with another law").await;

    // What began under version 1 goes on under it, a restart later too; nothing new is opened under it.
    let field = field.restarted().await;
    assert_eq!(offered(&field, &planner).await.packs[0].law.version, "3");
    let mut inspector = field.sign_in(INSPECTOR).await;
    let about = About::at(PATROL, &first, 1);
    field.done(&mut inspector, &about, "start", json!({})).await;
    let answers =
        json!({"river": "样例河", "district": "310101", "planned_on": "2026-11-24", "inspector": INSPECTOR});
    let late = field.act(&planner, &About::new(PATROL), "plan", answers);
    let receipt = field.push(&mut planner, &late).await;
    assert_eq!(receipt.verdict, Verdict::Refused);
    assert_eq!(receipt.code.map(|code| json!(code)), Some(json!("law_changed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_grant_what_their_acts_reach_and_leave_the_other_pages_grants_alone() {
    let field = Field::start().await;
    let inspector = grant(&field.sign_in(INSPECTOR).await.grant.grant);
    assert_eq!(inspector.app, "cases");
    let own = scope(&inspector, "person:inspector1");
    // Her scope at the hotline, which she has as a handler, goes on beside it.
    let kinds: Vec<&str> = own.kinds.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(kinds, ["hotline.order", "river.finding", "river.patrol"]);
    assert_eq!(own.sight, Sight::Full);
    assert!(inspector.allows(&own.id, "spot") && !inspector.allows(&own.id, "plan"));
    assert_eq!(inspector.scopes.len(), 1, "what others hold is not hers to see");

    let planner = grant(&field.sign_in(PLANNER).await.grant.grant);
    let bureau = scope(&planner, "bureau");
    let kinds: Vec<&str> = bureau.kinds.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(kinds, ["river.finding", "river.patrol"]);
    assert!(planner.allows(&bureau.id, "call_off") && !planner.allows(&bureau.id, "spot"));
    assert!(planner.actions.contains(&Action::SubmitCommands));

    let session = field.stage.sign_in(HANDLER).await;
    let handler = grant(&session.grant.grant);
    let text = serde_json::to_value(&handler).unwrap();
    assert_eq!(handler.app, "hotline");
    assert_eq!(text["user"].get("roles"), None);
    let kinds: Vec<&str> = handler
        .scopes
        .iter()
        .flat_map(|scope| &scope.kinds)
        .map(|kind| kind.as_str())
        .collect();
    assert_eq!(kinds, ["hotline.order"]);
    let (status, text) = field.try_sign_in(HANDLER, &Device::new()).await;
    assert_eq!((status, &*code(&text)), (403, "forbidden"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_shows_only_kinds_that_are_granted_in_it() {
    let field = Field::start().await;
    let order = field.stage.take_in("SH1", "310101").await;
    let mut planner = field.sign_in(PLANNER).await;
    let patrol = field.planned(&mut planner, INSPECTOR).await;
    let of_planner = field.stage.pull(&planner, "bureau", 0).await;
    assert!(said_of(&of_planner, &patrol).is_some());
    let orders = |text: &str| text.contains(order.as_str());
    assert!(
        !orders(&serde_json::to_string(&of_planner).unwrap()),
        "an order in a planner's eyes"
    );
    let bureau = field.stage.sign_in("bureau1").await;
    let of_bureau = field.stage.pull(&bureau, "bureau", 0).await;
    assert_eq!(said_of(&of_bureau, &patrol), None);
    assert!(orders(&serde_json::to_string(&of_bureau).unwrap()));
    // Both count the same log.
    assert_eq!((of_planner.head, of_bureau.head), (2, 2));
    let path = format!("/v1/orders/{order}/proof");
    let call = field.stage.call(Method::GET, &path);
    let (status, text) = send(call.bearer_auth(&planner.grant.token)).await;
    assert_eq!((status, &*code(&text)), (404, "not_found"));
}
