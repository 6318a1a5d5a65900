//! What holds across sheets: flow, names, effects, contracts, texts.

use crate::support::{changed, errors, only_error, sample, with};

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
            "E504 law/effects.csv 第8行 target",
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
            "fault,look,1,,,open,visit,look,,why",
            "fault,look,1,,,open,visit,look,,reason",
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
            "E520 law/effects.csv 第8行 as",
        ),
        (
            "law/contracts.csv",
            "visit,fault,open,why,found",
            "visit,fault,link,,found",
            "E321 law/effects.csv 第4行 target",
        ),
        (
            "law/contracts.csv",
            "why,found",
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
        // Sights, colours, clocks.
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
