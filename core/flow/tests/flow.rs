//! Who may do what with an order in which state, and which flow files are refused.

use proptest::prelude::*;
use shenhai_flow::{Flow, FlowError, FlowFileError};
use shenhai_protocol::{CommandKind, OrderState, Role};

const FILE: &str = include_str!("../data/hotline-flow.toml");
use CommandKind::{Accept, Contact, Reassign, Reply, Return, Reveal};
use OrderState::{Accepted, Assigned, Contacted, Replied, Returned};

fn handler(state: OrderState, kind: CommandKind) -> Result<OrderState, FlowError> {
    Flow::standard().apply(state, kind, Role::Handler)
}

#[test]
fn a_handler_takes_an_order_on_contacts_the_citizen_and_replies() {
    assert_eq!(Flow::standard().initial(), Assigned);
    assert_eq!(handler(Assigned, Accept), Ok(Accepted));
    assert_eq!(handler(Accepted, Contact), Ok(Contacted));
    assert_eq!(handler(Contacted, Contact), Ok(Contacted));
    assert_eq!(handler(Contacted, Reply), Ok(Replied));
}

#[test]
fn an_open_order_may_be_returned_and_its_caller_revealed() {
    for state in [Assigned, Accepted, Contacted] {
        assert_eq!(handler(state, Return), Ok(Returned));
        assert_eq!(handler(state, Reveal), Ok(state));
    }
}

#[test]
fn nothing_happens_to_a_finished_order() {
    for state in [Replied, Returned] {
        assert!(Flow::standard().is_final(state));
        for role in Role::ALL {
            assert_eq!(Flow::standard().actions(state, *role), []);
        }
        for kind in [Accept, Contact, Reply, Return, Reveal] {
            assert_eq!(handler(state, kind), Err(FlowError::WrongState { kind, state }));
        }
    }
    for state in [Assigned, Accepted, Contacted] {
        assert!(!Flow::standard().is_final(state));
    }
}

#[test]
fn no_step_may_be_left_out() {
    for (state, kind) in [
        (Assigned, Contact),
        (Assigned, Reply),
        (Accepted, Accept),
        (Accepted, Reply),
        (Contacted, Accept),
    ] {
        assert_eq!(handler(state, kind), Err(FlowError::WrongState { kind, state }));
    }
}

#[test]
fn only_the_handler_works_on_an_order_and_only_reviewers_give_it_to_another() {
    for role in [Role::UnitReviewer, Role::BureauReviewer, Role::Administrator] {
        for state in OrderState::ALL {
            for kind in [Accept, Contact, Reply, Return, Reveal] {
                assert_eq!(
                    Flow::standard().apply(*state, kind, role),
                    Err(FlowError::Forbidden { kind, role })
                );
            }
        }
    }
    for state in [Assigned, Accepted, Contacted] {
        for role in [Role::UnitReviewer, Role::BureauReviewer] {
            assert_eq!(Flow::standard().apply(state, Reassign, role), Ok(Assigned));
        }
        for role in [Role::Handler, Role::Administrator] {
            let kind = Reassign;
            assert_eq!(
                Flow::standard().apply(state, kind, role),
                Err(FlowError::Forbidden { kind, role })
            );
        }
    }
    assert!(!Flow::standard().has_acts_for(Role::Administrator));
}

#[test]
fn a_handler_is_offered_what_is_possible() {
    let actions = |state| Flow::standard().actions(state, Role::Handler);
    assert_eq!(actions(Assigned), [Accept, Return, Reveal]);
    assert_eq!(actions(Accepted), [Contact, Return, Reveal]);
    assert_eq!(actions(Contacted), [Contact, Reply, Return, Reveal]);
    assert_eq!(actions(Replied), []);
    assert_eq!(actions(Returned), []);
}

fn error(text: &str) -> FlowFileError {
    Flow::load(text).expect_err("a bad file")
}

#[test]
fn a_file_that_is_no_flow_is_refused() {
    assert!(matches!(error(""), FlowFileError::Syntax(_)));
    assert!(matches!(
        error(&FILE.replace("\"reply\"", "\"approve\"")),
        FlowFileError::Syntax(_)
    ));
    assert!(matches!(
        error(&FILE.replacen("roles", "role", 1)),
        FlowFileError::Syntax(_)
    ));
    assert!(matches!(
        error(&FILE.replace("\"handler\"", "\"citizen\"")),
        FlowFileError::Syntax(_)
    ));
}

#[test]
fn a_flow_with_a_hole_is_refused_with_its_reason() {
    let reply_to_contacted = FILE.replace("to = \"replied\"", "to = \"contacted\"");
    assert_eq!(error(&reply_to_contacted), FlowFileError::Unreachable(Replied));
    let open_end = FILE.replace("id = \"replied\" # 已办结\nfinal = true", "id = \"replied\"");
    assert_eq!(error(&open_end), FlowFileError::DeadEnd(Replied));
    let only_itself = FILE.replace(
        "from = [\"assigned\", \"accepted\", \"contacted\"]",
        "from = [\"assigned\"]",
    );
    let only_itself = only_itself.replace(
        "from = [\"contacted\"]\nto = \"replied\"",
        "from = [\"accepted\"]\nto = \"replied\"",
    );
    assert_eq!(error(&only_itself), FlowFileError::DeadEnd(Contacted));
    let nobody = FILE.replacen("roles = [\"handler\"]", "roles = []", 1);
    assert_eq!(error(&nobody), FlowFileError::NoRole(Accept));
    let nowhere = FILE.replacen("from = [\"assigned\"]", "from = []", 1);
    assert_eq!(error(&nowhere), FlowFileError::NoOrigin(Accept));
    let twice = FILE.replacen("command = \"accept\"", "command = \"return\"", 1);
    assert_eq!(error(&twice), FlowFileError::Ambiguous(Return, Assigned));
    let after_end = FILE.replace(
        "from = [\"accepted\", \"contacted\"]",
        "from = [\"accepted\", \"contacted\", \"replied\"]",
    );
    assert_eq!(error(&after_end), FlowFileError::AfterFinal(Contact, Replied));
    let unlisted = FILE.replace("[[state]]\nid = \"returned\" # 已退单\nfinal = true\n", "");
    assert_eq!(error(&unlisted), FlowFileError::UnlistedState(Returned));
    let listed_twice = FILE.replace("id = \"accepted\"", "id = \"assigned\"");
    assert_eq!(error(&listed_twice), FlowFileError::DuplicateState(Assigned));
}

proptest! {
    #[test]
    fn what_is_offered_is_exactly_what_is_possible(
        state in proptest::sample::select(OrderState::ALL),
        role in proptest::sample::select(Role::ALL),
        kind in proptest::sample::select(CommandKind::ALL),
    ) {
        let flow = Flow::standard();
        prop_assert_eq!(flow.actions(state, role).contains(&kind), flow.apply(state, kind, role).is_ok());
    }
}
