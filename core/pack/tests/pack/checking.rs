//! What holds across sheets: flow, names, effects, contracts, texts.

use crate::support::{changed, errors, only_error, sample, warnings, with};

#[test]
fn every_kind_of_slip_has_its_code_and_place() {
    let lines = include_str!("slips.txt")
        .lines()
        .filter(|line| !line.starts_with('#'));
    let mut count = 0;
    for line in lines {
        let parts: Vec<_> = line.split(" | ").map(|part| part.replace("\\n", "\n")).collect();
        let [file, from, to, expected] = parts.as_slice() else {
            panic!("{line}");
        };
        let found = errors(&changed(file, from, to));
        if expected == "E0" {
            assert_eq!(found, Vec::<String>::new(), "{line}");
        } else {
            assert!(found.contains(expected), "{line} leads to {found:#?}");
        }
        count += 1;
    }
    assert_eq!(count, 91);
}

#[test]
fn a_row_after_a_wider_one_without_a_guard_never_gets_its_turn() {
    let acts = "fault,begin,new,working,fixer@main,,,,,\n";
    let twice = acts.repeat(2);
    assert_eq!(
        only_error(&changed("law/acts.csv", acts, &twice)),
        "E305 law/acts.csv 第4行：这一行永远轮不到：第 3 行条件更宽，又没有 when"
    );
    // Of several guarded rows only the last needs a reason: it is the one that is shown.
    let first = acts.replace(",,,,,\n", ",,,trade = 'water',,\n");
    let last = acts.replace(",,,,,\n", ",,,trade = 'power',too_dear,\n");
    let files = changed("law/acts.csv", acts, &format!("{first}{last}"));
    assert_eq!(errors(&files), Vec::<String>::new());
    let files = changed("law/acts.csv", acts, &format!("{last}{first}"));
    assert_eq!(errors(&files), ["E307 law/acts.csv 第4行 why"]);
    // With a guard on the first, or another person in the second, it does.
    let guarded = acts.replace(",,,,,\n", ",,,trade = 'water',too_dear,\n");
    let files = changed("law/acts.csv", acts, &format!("{guarded}{acts}"));
    assert_eq!(errors(&files), Vec::<String>::new());
    let others = acts.replace("fixer@main", "chief@any");
    let files = changed("law/acts.csv", acts, &format!("{acts}{others}"));
    assert_eq!(errors(&files), Vec::<String>::new());
}

#[test]
fn a_file_that_nobody_reads_is_named() {
    let found = only_error(&with("law/act.csv", "act\n"));
    assert_eq!(
        found,
        "E102 law/act.csv：业务包里没有这个位置：请核对文件名，或移到包外"
    );
}

#[test]
fn a_missing_sheet_is_named() {
    let mut files = sample();
    files.remove("law/sights.csv");
    assert_eq!(only_error(&files), "E101 law/sights.csv：缺少这个文件");
}

#[test]
fn every_kind_of_slip_in_views_and_texts_has_its_code_and_place() {
    let slips = [
        (
            "face/views.toml",
            "{part = \"timeline\"}",
            "{}",
            "E606 face/views.toml [detail.fault.sections] 第13行",
        ),
        (
            "face/views.toml",
            "id = \"open\", ",
            "",
            "E117 face/views.toml [list.mine.tabs] 第6行 id",
        ),
        (
            "face/views.toml",
            "badge = \"red\"",
            "badge = \"mauve\"",
            "E118 face/views.toml [list.mine.tabs] 第6行 badge",
        ),
        (
            "face/texts.zh.csv",
            "kind.fault.act.ask,",
            "kind.fault.act.Ask,",
            "E603 face/texts.zh.csv 第19行 key",
        ),
        (
            "face/texts.zh.csv",
            "list.mine.name,我的",
            "pack,我的",
            "E602 face/texts.zh.csv 第30行 key",
        ),
    ];
    for (file, from, to, expected) in slips {
        let found = errors(&changed(file, from, to));
        assert!(
            found.contains(&expected.to_owned()),
            "{file}: {to:?} leads to {found:#?}"
        );
    }
    // Two lists of one kind, of which each counts down to another clock.
    let second = "[list.other]\nkind = \"fault\"\nroles = [\"chief\"]\n[list.other.card]\nlines = [\"number\"]\n[detail.fault]";
    let mut files = changed("face/views.toml", "[detail.fault]", second);
    let texts = files.remove("face/texts.zh.csv").expect("the texts");
    let texts = [texts.as_slice(), "list.other.name,其他\n".as_bytes()].concat();
    files
        .insert("face/texts.zh.csv", texts)
        .expect("a file of a pack");
    assert_eq!(
        errors(&files),
        ["E607 face/views.toml [list.other.card] 第15行 due"]
    );
    let mut wide = String::new();
    for i in 0..20 {
        wide.push_str(&format!("fault,more_{i},int,,,,,更多\n"));
    }
    let mut files = changed("law/facts.csv", "visit,found", &format!("{wide}visit,found"));
    files.remove("face/views.toml");
    let names: Vec<_> = (0..20).map(|i| format!("\"more_{i}\"")).collect();
    let (_, views) = crate::support::FILES
        .iter()
        .find(|(path, _)| *path == "face/views.toml")
        .expect("the views");
    let views = views.replace("lines = [\"number\"]", &format!("lines = [{}]", names.join(", ")));
    files
        .insert("face/views.toml", views.into_bytes())
        .expect("a file of a pack");
    assert_eq!(errors(&files), ["E605 face/views.toml [list.mine] 第1行"]);
}

#[test]
fn what_nothing_uses_or_nobody_here_can_see_is_a_warning() {
    let drawn = warnings(&sample());
    let new = |files: &shenhai_pack::PackFiles| -> Vec<_> {
        let found = warnings(files);
        assert_eq!(errors(files), Vec::<String>::new());
        found.into_iter().filter(|line| !drawn.contains(line)).collect()
    };
    assert_eq!(
        new(&with("law/lists/colours.csv", "code,label\nred,红\n")),
        ["W604 law/lists/colours.csv"]
    );
    assert_eq!(
        new(&with("law/forms/spare.csv", "name,type,label\na,text,甲\n")),
        ["W603 law/forms/spare.csv"]
    );
    assert_eq!(
        new(&changed(
            "law/facts.csv",
            "visit,found",
            "visit,lost,text,,,,,遗失\nvisit,found"
        )),
        ["W606 law/facts.csv 第10行 name"]
    );
    assert_eq!(
        new(&changed(
            "face/texts.zh.csv",
            "pack,报修",
            "pack,报修\nrole.boss,经理"
        )),
        ["W601 face/texts.zh.csv 第3行 key"]
    );
    assert_eq!(
        new(&changed(
            "law/effects.csv",
            "open,visit,look",
            "open,field.visit,look"
        )),
        ["W605 law/effects.csv 第4行 target"]
    );
}

#[test]
fn a_form_of_which_nothing_fits_sets_nothing() {
    let mut files = changed("law/effects.csv", "set,found,,form/found", "set,*,,");
    files.remove("law/forms/closed.csv");
    let answers = "name,type,label\nseen,text,所见\n";
    files
        .insert("law/forms/closed.csv", answers.into())
        .expect("a file of a pack");
    assert_eq!(errors(&files), ["E316 law/effects.csv 第9行 target"]);
}

#[test]
fn a_moment_is_nobodys_personal_data() {
    let mut files = changed("law/colours.csv", "finish.due", "seen_at");
    files.remove("law/facts.csv");
    let (_, facts) = crate::support::FILES
        .iter()
        .find(|(path, _)| *path == "law/facts.csv")
        .expect("the facts");
    let facts = format!("{facts}fault,seen_at,time,,id,,,所见时间\n");
    files
        .insert("law/facts.csv", facts.into_bytes())
        .expect("a file of a pack");
    assert_eq!(errors(&files), ["E801 law/colours.csv 第2行 from"]);
}

#[test]
fn kinds_facts_states_and_combinations_have_bounds() {
    let kinds: String = (0..17)
        .map(|i| format!("[kind.k{i}]\nlog = \"faults\"\n"))
        .collect();
    let found = errors(&changed(
        "pack.toml",
        "[port.street]",
        &format!("{kinds}[port.street]"),
    ));
    assert!(
        found.contains(&"E509 pack.toml 第5行 kind".to_owned()),
        "{found:?}"
    );

    let facts: String = (0..200).map(|i| format!("visit,f{i},int,,,,,数\n")).collect();
    let found = errors(&changed(
        "law/facts.csv",
        "visit,found",
        &format!("{facts}visit,found"),
    ));
    assert_eq!(found, ["E508 law/facts.csv 第210行"]);

    let codes: String = (0..5_000).map(|i| format!("c{i},码,1\n")).collect();
    let found = errors(&changed(
        "law/lists/trades.csv",
        "water,水",
        &format!("{codes}water,水"),
    ));
    assert_eq!(found, ["E406 law/clocks.toml [clock.finish] 第1行 term"]);

    let terms = "{n = 5, unit = \"workday\", when = \"trade = 'water'\", tag = \"A\"},\n  {n = 2, unit = \"workday\", when = \"trade = 'power'\", tag = \"A\"},\n";
    assert_eq!(
        errors(&changed("law/clocks.toml", terms, "")),
        ["E407 law/clocks.toml [clock.finish] 第1行"]
    );
}

#[test]
fn every_code_of_this_crate_is_provoked_by_some_test() {
    let codes = |text: &str| -> std::collections::BTreeSet<String> {
        text.split(['"', '|'])
            .map(str::trim_start)
            .filter_map(|piece| piece.get(..4))
            .filter(|code| {
                code.starts_with(['E', 'W']) && code[1..].bytes().all(|byte| byte.is_ascii_digit())
            })
            .map(str::to_owned)
            .collect()
    };
    let there_are = codes(include_str!("../../src/problem.rs"));
    let tests = [
        include_str!("checking.rs"),
        include_str!("slips.txt"),
        include_str!("../../../../xtask/pack/tests/folder.rs"),
        include_str!("formulas.rs"),
        include_str!("hostile.rs"),
        include_str!("reading.rs"),
        include_str!("together.rs"),
        include_str!("versions.rs"),
    ];
    let provoked: std::collections::BTreeSet<_> = tests.iter().flat_map(|text| codes(text)).collect();
    let silent: Vec<_> = there_are.difference(&provoked).collect();
    assert!(there_are.len() > 90, "{}", there_are.len());
    assert!(silent.is_empty(), "{silent:?}");
}
