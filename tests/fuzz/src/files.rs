//! The files an operator writes: the city's systems, the directory, the flow, the calendar, the deadline rules.
//!
//! Not their meaning, which their own tests hold. Called by the smoke tests and the libFuzzer wrappers.

use shenhai_flow::{Calendar, DeadlineRules, Flow, ShanghaiDay};
use shenhai_gateway::{CityConfig, CityConfigError, Directory, TrustRules, TrustRulesError};
use shenhai_protocol::{CommandKind, Matter, OrderState, Role, UnixMillis, Urgency, UserId};

const RULES: &str = include_str!("../../../core/flow/data/deadlines.toml");
/// The secret of the seeds. Digits, so that it is one with and without quotes.
pub const SECRET: &str = "7316549802";
/// 2026-11-23 10:00 in Shanghai, the beginning of time and its two ends.
const INSTANTS: [i64; 4] = [1_795_399_200_000, 0, i64::MIN, i64::MAX];

/// The city's systems. A secret never appears in an error or in a debug print.
pub fn city_config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let parsed = CityConfig::parse(text);
    if let Ok(config) = &parsed {
        assert!(!config.container.corp_secret.is_empty());
        for (number, platform) in &config.platforms {
            assert!(matches!(number.as_str(), "12345" | "12319" | "110"), "{number}");
            assert!(!platform.secret.is_empty());
        }
    }
    if only_a_secret(text) {
        let printed = match &parsed {
            Ok(config) => format!("{config:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!printed.contains(SECRET), "{printed}");
    }
    if let Err(CityConfigError::Syntax(message)) = parsed {
        assert!(
            message.len() <= 2 * text.len() + 512,
            "{} bytes of message",
            message.len()
        );
    }
}

/// The directory. Whoever the file names as a user is found, as what the file says.
pub fn directory(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match Directory::parse(text) {
        Ok(directory) => {
            let table: toml::Table = text.parse().expect("a directory is TOML");
            assert_eq!(table["version"].as_str(), Some(directory.version()));
            for entry in table
                .get("users")
                .and_then(toml::Value::as_array)
                .into_iter()
                .flatten()
            {
                let id = entry["id"].as_str().expect("a user has an id");
                let user = directory.user(&UserId::from(id)).expect("a listed user is found");
                assert_eq!(Some(user.name.as_str()), entry["name"].as_str());
                assert_eq!(Some(user.unit.as_str()), entry["unit"].as_str());
                assert!((1..=64).contains(&id.len()) && id.is_ascii() && !id.contains(':'));
            }
        }
        Err(errors) => assert!(!errors.is_empty(), "refused without a reason"),
    }
}

/// The rules of trust: read alike each time; a refusal is short and a figure out of its range is named as it stands.
pub fn trust_rules(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let read = TrustRules::parse(text);
    assert_eq!(read, TrustRules::parse(text));
    match read {
        Ok(_) | Err(TrustRulesError::MissingRole(_)) => {}
        Err(TrustRulesError::OutOfRange {
            found, least, most, ..
        }) => assert!(!(least..=most).contains(&found)),
        Err(TrustRulesError::Syntax(message)) => assert!(message.len() <= 2 * text.len() + 512),
    }
}

/// The flow, the calendar and the deadline rules, each reading the same text.
pub fn flow_files(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(flow) = Flow::load(text) {
        offers_only_what_it_allows(&flow);
    }
    if let Ok(calendar) = Calendar::load(text) {
        for at in INSTANTS {
            let day = ShanghaiDay::of(UnixMillis(at));
            assert_eq!(calendar.working_day(day), calendar.working_day(day));
        }
        let rules = DeadlineRules::load(RULES, calendar).expect("the shipped rules fit every calendar");
        answers_for_every_order(&rules);
    }
    if let Ok(rules) = DeadlineRules::load(text, Calendar::standard().clone()) {
        answers_for_every_order(&rules);
    }
}

fn offers_only_what_it_allows(flow: &Flow) {
    for state in OrderState::ALL.iter().copied() {
        for role in Role::ALL.iter().copied() {
            let actions = flow.actions(state, role);
            assert!(!flow.is_final(state) || actions.is_empty(), "{state:?} is final");
            for kind in CommandKind::ALL.iter().copied() {
                assert_eq!(flow.apply(state, kind, role).is_ok(), actions.contains(&kind));
            }
        }
    }
    assert!(
        flow.is_final(flow.initial())
            || Role::ALL
                .iter()
                .any(|role| !flow.actions(flow.initial(), *role).is_empty()),
        "nothing leads on from the first state"
    );
}

fn answers_for_every_order(rules: &DeadlineRules) {
    for at in INSTANTS {
        for matter in Matter::ALL.iter().copied() {
            for urgency in Urgency::ALL.iter().copied() {
                for (review, supervised) in [(false, false), (false, true), (true, false), (true, true)] {
                    let due = rules.deadlines(UnixMillis(at), matter, urgency, review, supervised);
                    assert_eq!(due.rules, rules.version());
                }
            }
        }
    }
}

/// Whether [`SECRET`] stands in `text` as a secret and nowhere else.
fn only_a_secret(text: &str) -> bool {
    let Ok(table) = text.parse::<toml::Table>() else {
        return only_on_lines_of_a_secret(text);
    };
    let at = |value: Option<&toml::Value>, key: &str| {
        value
            .and_then(|entry| entry.get(key))
            .is_some_and(|secret| secret.to_string().trim_matches('"') == SECRET)
    };
    let platforms = table.get("platforms").and_then(toml::Value::as_table);
    let found = usize::from(at(table.get("container"), "corp_secret"))
        + platforms
            .into_iter()
            .flatten()
            .filter(|(_, entry)| at(Some(*entry), "secret"))
            .count();
    found > 0 && found == text.matches(SECRET).count()
}

/// The same of a text that is not TOML, where only its lines tell.
fn only_on_lines_of_a_secret(text: &str) -> bool {
    text.contains(SECRET)
        && text.lines().filter(|line| line.contains(SECRET)).all(|line| {
            let line = line.trim_start();
            ["corp_secret = ", "secret = "].iter().any(|key| {
                line.strip_prefix(key)
                    .is_some_and(|value| value.trim_matches('"') == SECRET)
            })
        })
}
