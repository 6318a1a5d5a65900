//! The packs that are shipped with the product: sound, and the hotline's the same as its present rules.

use shenhai_flow::{Flow, FlowError};
use shenhai_pack::law::{Kind, Target};
use shenhai_pack::names::{ActId, KindId, Name, RoleName, StateId};
use shenhai_pack::{Level, Pack, PackFiles, check};
use shenhai_protocol::{CommandKind, OrderState, Role};
use std::fs;
use std::path::{Path, PathBuf};

fn packs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs")
}

fn files_of(folder: &Path) -> PackFiles {
    fn walk(folder: &Path, prefix: &str, files: &mut PackFiles) {
        for entry in fs::read_dir(folder).expect("the folder is in the repository") {
            let path = entry.expect("an entry can be read").path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a plain name");
            let inside = format!("{prefix}{name}");
            if path.is_dir() {
                walk(&path, &format!("{inside}/"), files);
            } else {
                files
                    .insert(&inside, fs::read(&path).expect("a file"))
                    .expect("a file of a pack");
            }
        }
    }
    let mut files = PackFiles::new();
    walk(folder, "", &mut files);
    files
}

fn shipped(name: &str) -> Pack {
    check(&files_of(&packs().join(name)))
        .pack
        .expect("a shipped pack is sound")
}

#[test]
fn every_shipped_pack_is_without_errors() {
    let mut seen = 0;
    for entry in fs::read_dir(packs()).expect("the folder is in the repository") {
        let folder = entry.expect("an entry can be read").path();
        let errors: Vec<_> = check(&files_of(&folder))
            .findings
            .into_iter()
            .filter(|finding| finding.level() == Level::Error)
            .map(|finding| finding.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", folder.display());
        seen += 1;
    }
    assert!(seen >= 1);
}

/// A value's name on the wire, which is its name in the pack.
fn word(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_value(value).expect("an enumeration is a text");
    json.as_str().expect("an enumeration is a text").to_owned()
}

/// What the pack says of an act, in the terms of the present flow.
fn by_pack(order: &Kind, state: OrderState, act: CommandKind, role: Role) -> Result<StateId, FlowError> {
    let id = ActId::parse(&word(&act)).expect("a name");
    let role_name = RoleName::parse(&word(&role)).expect("a name");
    let named = StateId::parse(&word(&state)).expect("a name");
    let stands = order.state(&named).expect("a state of the pack");
    if !order.rows_of(&id).any(|row| row.names_role(&role_name)) {
        return Err(FlowError::Forbidden { kind: act, role });
    }
    let row = order.rows_for(&id, stands, &role_name).next();
    match row.map(|row| &row.to) {
        None => Err(FlowError::WrongState { kind: act, state }),
        Some(Target::State(to)) => Ok(to.clone()),
        Some(Target::Same) => Ok(named),
        Some(Target::Back) => panic!("today's flow never goes back"),
    }
}

#[test]
fn the_hotline_pack_allows_exactly_what_the_present_flow_allows() {
    let pack = shipped("hotline");
    let order = pack
        .law
        .kind(&KindId::parse("order").expect("a name"))
        .expect("the kind");
    let mut allowed = 0;
    for state in OrderState::ALL.iter().copied() {
        for act in CommandKind::ALL.iter().copied() {
            for role in Role::ALL.iter().copied() {
                let expected = Flow::standard()
                    .apply(state, act, role)
                    .map(|to| StateId::parse(&word(&to)).expect("a name"));
                allowed += usize::from(expected.is_ok());
                assert_eq!(
                    by_pack(order, state, act, role),
                    expected,
                    "{act:?} in {state:?} by {role:?}"
                );
            }
        }
    }
    // accept 1, contact 2, reply 1, return 3, reveal 3, and reassign 3 for each of two roles: counted by hand.
    assert_eq!(allowed, 16);
    assert_eq!(order.states.len(), OrderState::ALL.len());
    for state in OrderState::ALL.iter().copied() {
        let id = StateId::parse(&word(&state)).expect("a name");
        let category = order.state(&id).expect("a state of the pack").category;
        assert_eq!(category.is_open(), !Flow::standard().is_final(state), "{state:?}");
    }
    let guarded = order.acts.iter().any(|row| row.when.is_some());
    assert!(!guarded, "a guard would allow less than the table says");
}
