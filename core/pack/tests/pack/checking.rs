//! What holds across sheets: flow, names, effects, contracts, texts.

use crate::support::{changed, errors, only_error, sample, warnings, with};

#[test]
fn every_kind_of_slip_has_its_code_and_place() {
    let slips = [
        // The flow.
        (
            "law/acts.csv",
            "fault,report,,new",
            "fault,report,,done",
            "E303 law/states.csv 第2行 id",
        ),
        (
            "law/acts.csv",
            "fault,finish,working,done,fixer@main",
            "fault,finish,working,,fixer@main",
            "E303 law/states.csv 第5行 id",
        ),
        (
            "law/acts.csv",
            "visit,close,planned,over",
            "visit,close,planned,",
            "E304 law/states.csv 第6行 id",
        ),
        (
            "law/acts.csv",
            "fault,answer,asking,@back",
            "fault,answer,asking working,@back",
            "E306 law/acts.csv 第5行 to",
        ),
        (
            "law/acts.csv",
            "total < 1000,too_dear",
            "total < 1000,",
            "E307 law/acts.csv 第8行 why",
        ),
        (
            "law/acts.csv",
            "total < 1000,too_dear",
            ",too_dear",
            "E308 law/acts.csv 第8行 why",
        ),
        (
            "law/acts.csv",
            "fault,reassign,*open,,chief@any,",
            "fault,reassign,*open,,chief@any,finished",
            "E309 law/acts.csv 第10行 act",
        ),
        (
            "law/acts.csv",
            "fault,begin,new,working,fixer@main",
            "fault,begin,new,working,plumber@main",
            "E504 law/acts.csv 第3行 who",
        ),
        (
            "law/acts.csv",
            "fault,begin,new,working,fixer@main",
            "fault,begin,new,working,fixer@owner",
            "E504 law/acts.csv 第3行 who",
        ),
        (
            "law/acts.csv",
            "fault,begin,new,working,fixer@main",
            "fault,begin,new,working,device@main",
            "E314 law/acts.csv 第3行 who",
        ),
        (
            "law/acts.csv",
            "link:look/done",
            "link:see/done",
            "E319 law/acts.csv 第7行 who",
        ),
        (
            "law/acts.csv",
            "link:look/done",
            "link:look/close",
            "E327 law/acts.csv 第7行 who",
        ),
        (
            "law/acts.csv",
            "visit,plan,,planned,asked,planned",
            "visit,plan,,planned,asked,unplanned",
            "E318 law/acts.csv 第11行 form",
        ),
        // Names.
        (
            "law/facts.csv",
            "fault,trade,code,trades",
            "fault,trade,code,crafts",
            "E504 law/facts.csv 第3行 list",
        ),
        (
            "law/facts.csv",
            "fault,trade,code,trades",
            "fault,trade,code,",
            "E510 law/facts.csv 第3行 list",
        ),
        (
            "law/facts.csv",
            "fault,reported_at",
            "fault,number",
            "E505 law/facts.csv 第5行 name",
        ),
        (
            "law/facts.csv",
            "fault,reported_at",
            "fault,closed_at",
            "E506 law/facts.csv 第5行 name",
        ),
        (
            "law/facts.csv",
            "fault,parts.price",
            "fault,spares.price",
            "E504 law/facts.csv 第8行 name",
        ),
        (
            "pack.toml",
            "{number}",
            "{phone}",
            "E525 pack.toml [kind.fault] 第6行 id",
        ),
        (
            "pack.toml",
            "{number}",
            "{reported_at}",
            "E526 pack.toml [kind.fault] 第6行 id",
        ),
        (
            "pack.toml",
            "{number}",
            "{Number}",
            "E524 pack.toml [kind.fault] 第6行 id",
        ),
        (
            "pack.toml",
            "engine = 1",
            "engine = 2",
            "E507 pack.toml 第3行 engine",
        ),
        // Effects.
        (
            "law/effects.csv",
            "fault,finish,2",
            "fault,finish,1",
            "E310 law/effects.csv 第6行 order",
        ),
        (
            "law/effects.csv",
            "fault,finish,2",
            "fault,end,2",
            "E504 law/effects.csv 第6行 act",
        ),
        (
            "law/effects.csv",
            "assign,main",
            "join,main",
            "E313 law/effects.csv 第3行 target",
        ),
        (
            "law/effects.csv",
            "assign,main",
            "assign,watchers",
            "E312 law/effects.csv 第3行 target",
        ),
        (
            "law/effects.csv",
            "set,found,,form/found",
            "set,fund,,form/found",
            "E504 law/effects.csv 第9行 target",
        ),
        (
            "law/effects.csv",
            "code = $row/code; price",
            "price",
            "E504 law/effects.csv 第5行 with",
        ),
        (
            "law/effects.csv",
            "fault,report,1,,,set,*",
            "fault,begin,1,,,set,*",
            "E315 law/effects.csv 第2行 target",
        ),
        (
            "law/effects.csv",
            "fault,look,1,,,open,visit,look,,why =",
            "fault,look,1,,,open,visit,look,,reason =",
            "E322 law/effects.csv 第4行 with",
        ),
        (
            "law/effects.csv",
            "street.closed",
            "street.opened",
            "E504 law/effects.csv 第6行 target",
        ),
        (
            "law/effects.csv",
            "street.closed",
            "road.closed",
            "E504 law/effects.csv 第6行 target",
        ),
        (
            "law/effects.csv",
            "street.closed",
            "street",
            "E521 law/effects.csv 第6行 target",
        ),
        (
            "law/effects.csv",
            "set,found,,form/found",
            "set,found,look,form/found",
            "E520 law/effects.csv 第9行 as",
        ),
        (
            "law/contracts.csv",
            "visit,fault,open,why fixer,found",
            "visit,fault,link,,found",
            "E321 law/effects.csv 第4行 target",
        ),
        (
            "law/contracts.csv",
            "why fixer,found",
            "why,lost",
            "E504 law/contracts.csv 第2行 gives",
        ),
        (
            "law/contracts.csv",
            "fault,open",
            "fault,close",
            "E325 law/contracts.csv 第2行 may",
        ),
        (
            "law/forms/reported.csv",
            "phone,text,,phone",
            "phone,text,,",
            "E317 law/effects.csv 第2行 target",
        ),
        (
            "law/acts.csv",
            "fault,report,,new,adapter:street",
            "fault,report,new,,adapter:street",
            "E301 pack.toml [kind.fault] 第5行",
        ),
        (
            "law/acts.csv",
            "visit,plan,,planned",
            "visit,plan,,",
            "E302 law/acts.csv 第11行 to",
        ),
        (
            "law/acts.csv",
            "fault,begin,new,working,fixer@main",
            "fault,begin,new,working,the fixer",
            "E518 law/acts.csv 第3行 who",
        ),
        (
            "law/acts.csv",
            "adapter:street,reported,",
            "adapter:street,reported,who = anybody()",
            "E519 law/acts.csv 第2行 ask",
        ),
        (
            "law/acts.csv",
            "adapter:street,reported,",
            "adapter:street,reported,no = number('nr {number}')",
            "E524 law/acts.csv 第2行 ask",
        ),
        (
            "law/acts.csv",
            "adapter:street,reported,",
            "adapter:street,reported,least_busy(form/fixer)",
            "E517 law/acts.csv 第2行 ask",
        ),
        (
            "law/facts.csv",
            "fault,number,text,,,,",
            "fault,number,text,,,yes,",
            "E511 law/facts.csv 第2行 key",
        ),
        (
            "law/facts.csv",
            "fault,parts.price,decimal(2)",
            "fault,parts.price,table",
            "E512 law/facts.csv 第8行 type",
        ),
        (
            "law/facts.csv",
            "visit,found,text",
            "visit,found,table",
            "E513 law/facts.csv 第10行 type",
        ),
        (
            "law/lists/trades.csv",
            "water,水,80.00\npower,电,95.50\n",
            "",
            "E516 law/lists/trades.csv",
        ),
        (
            "law/effects.csv",
            "code = $row/code; price = $row/price",
            "$row/code; price = $row/price",
            "E517 law/effects.csv 第5行 with",
        ),
        (
            "law/effects.csv",
            "fault,finish,2",
            "fault,reassign,2",
            "E311 law/effects.csv 第6行 act",
        ),
        (
            "law/forms/finished.csv",
            "parts,table,,材料\nparts/code,code,trades,品类\nparts/price,decimal(2),,单价",
            "whole,bool,,完好",
            "E220 law/effects.csv 第5行 each",
        ),
        ("law/effects.csv", "set,found,,form/found", "set,*,,", "E0"),
        (
            "law/forms/closed.csv",
            "found,text,所见",
            "seen,text,所见",
            "E220 law/effects.csv 第9行 value",
        ),
        (
            "law/effects.csv",
            "fault,finish,3,has(phone),,tell,main,,finished,",
            "fault,finish,3,,,link,fault,look,number,",
            "E320 law/effects.csv 第7行 as",
        ),
        (
            "law/effects.csv",
            "fault,finish,2,,,send,street.closed,,,number = number",
            "fault,finish,2,,,set,total,,1,",
            "E804 law/effects.csv 第6行 target",
        ),
        (
            "law/effects.csv",
            "fault,finish,2,,,send,street.closed,,,number = number",
            "fault,finish,2,,,set,parts,,1,",
            "E802 law/effects.csv 第6行 target",
        ),
        (
            "law/acts.csv",
            "visit,plan,,planned,asked",
            "visit,plan,,planned,asked fixer@main",
            "E329 law/acts.csv 第11行 who",
        ),
        (
            "law/clocks.toml",
            ", act = \"late\"",
            "",
            "E330 law/acts.csv 第9行 who",
        ),
        (
            "law/sights.csv",
            "visit,person:{main},,,,full\n",
            "",
            "E331 pack.toml [kind.visit] 第8行",
        ),
        (
            "law/effects.csv",
            "visit,plan,1,,,assign,main,,form/fixer,\n",
            "",
            "E332 law/seats.csv 第4行 id",
        ),
        (
            "law/effects.csv",
            "has(phone),,tell,main",
            "has(phone),,tell,chief@any",
            "E0",
        ),
        (
            "law/effects.csv",
            "has(phone),,tell,main",
            "has(phone),,tell,chief@main/unit",
            "E0",
        ),
        (
            "law/effects.csv",
            "has(phone),,tell,main",
            "has(phone),,tell,chief@owner",
            "E504 law/effects.csv 第7行 target",
        ),
        (
            "law/effects.csv",
            "has(phone),,tell,main",
            "has(phone),,tell,chief@main/team",
            "E518 law/effects.csv 第7行 target",
        ),
        (
            "law/effects.csv",
            "fault,finish,1,,form/parts,put,parts,,,code = $row/code; price = $row/price",
            "fault,finish,1,,list:trades,put,parts,,,code = $row/code; price = $row/hourly",
            "E0",
        ),
        (
            "law/effects.csv",
            "fault,finish,1,,form/parts,put,parts,,,code = $row/code; price = $row/price",
            "fault,finish,1,,list:trades,put,parts,,,code = $row/code; price = $row/daily",
            "E220 law/effects.csv 第5行 with",
        ),
        (
            "law/effects.csv",
            "form/parts,put",
            "list:crafts,put",
            "E504 law/effects.csv 第5行 each",
        ),
        // Sights, colours, clocks.
        (
            "law/sights.csv",
            "fault,unit:{main/unit},,,,masked",
            "fault,unit:{main/unit},,,phone,masked",
            "E338 law/sights.csv 第3行 class",
        ),
        (
            "law/sights.csv",
            "unit:{main/unit}",
            "unit:{main/team}",
            "E523 law/sights.csv 第3行 scope",
        ),
        (
            "law/sights.csv",
            "unit:{main/unit}",
            "place:{main}",
            "E314 law/sights.csv 第3行 scope",
        ),
        (
            "law/sights.csv",
            "unit:{main/unit},,,,masked",
            "person:{main},,,,masked",
            "E326 law/sights.csv 第3行",
        ),
        (
            "law/sights.csv",
            "closed_at + 30 day",
            "closed_at + 30 days",
            "E522 law/sights.csv 第2行 until",
        ),
        (
            "law/sights.csv",
            "closed_at + 30 day",
            "number + 30 day",
            "E806 law/sights.csv 第2行 until",
        ),
        (
            "law/colours.csv",
            "finish.due",
            "start.due",
            "E504 law/colours.csv 第2行 from",
        ),
        (
            "law/clocks.toml",
            "act = \"late\"",
            "act = \"begin\"",
            "E325 law/clocks.toml [clock.finish.alarms] 第9行 act",
        ),
        (
            "law/clocks.toml",
            "tag = \"A\"},\n]",
            "until = \"reported_at\", tag = \"A\"},\n]",
            "E405 law/clocks.toml [clock.finish.term] 第7行 n",
        ),
        (
            "law/contracts.csv",
            "why fixer,found",
            "why,secret",
            "E504 law/contracts.csv 第2行 gives",
        ),
        (
            "law/facts.csv",
            "visit,found,text,,,",
            "visit,found,text,,free_text,",
            "E323 law/contracts.csv 第2行 gives",
        ),
        (
            "law/facts.csv",
            "fault,reported_at,time,,,",
            "fault,reported_at,time,,id,",
            "E228 law/clocks.toml [clock.finish] 第4行 from",
        ),
        // The face.
        (
            "face/views.toml",
            "lines = [\"number\"]",
            "lines = [\"phone\"]",
            "E604 face/views.toml [list.mine.card] 第7行",
        ),
        (
            "face/views.toml",
            "search = [\"number\"]",
            "search = [\"parts\"]",
            "E604 face/views.toml [list.mine] 第4行 search",
        ),
        (
            "face/views.toml",
            "{part = \"timeline\"}",
            "{part = \"weather\"}",
            "E503 face/views.toml [detail.fault.sections] 第13行 part",
        ),
        (
            "face/texts.zh.csv",
            "kind.fault.act.ask,请示\n",
            "",
            "E601 face/texts.zh.csv key",
        ),
        (
            "face/texts.zh.csv",
            "pack,报修",
            "pack,",
            "E501 face/texts.zh.csv 第2行 text",
        ),
    ];
    for (file, from, to, expected) in slips {
        let found = errors(&changed(file, from, to));
        if expected == "E0" {
            assert_eq!(found, Vec::<String>::new(), "{file}: {to:?}");
            continue;
        }
        assert!(
            found.contains(&expected.to_owned()),
            "{file}: {from:?} → {to:?} leads to {found:#?}, not to {expected}"
        );
    }
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
        text.split('"')
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
