//! Packs that ask things of each other: both sides must say so.

use crate::support::{changed, errors, sample, warnings};
use shenhai_pack::{Pack, PackFiles, check, check_together};

/// The sample, which now opens an inspection of another pack and reads its verdict.
fn asking() -> PackFiles {
    let mut files = changed(
        "law/effects.csv",
        "open,visit,look,,why = number; fixer = $me",
        "open,field.look,look,,why = number",
    );
    let acts = files.remove("law/acts.csv").expect("the acts");
    let acts = String::from_utf8(acts).expect("a text").replace(
        "fault,looked,*open,,link:look/done,,,,,",
        "fault,looked,*open,,link:look/done,,,some(link[as='look' and verdict='bad']),too_dear,\nfault,looked,*open,,link:look/done,,,,,",
    );
    for (path, text) in [
        ("law/acts.csv", acts.as_str()),
        (
            "law/expects.csv",
            "of,name,type,list\nfield.look,verdict,code,verdicts\n",
        ),
        ("law/lists/verdicts.csv", "code,label\ngood,好\nbad,坏\n"),
    ] {
        files
            .insert(path, text.as_bytes().to_vec())
            .expect("a file of a pack");
    }
    files
}

/// The pack that is asked.
fn asked(contract: &str, verdict: &str) -> Pack {
    let mut files = PackFiles::new();
    for (path, text) in [
        (
            "pack.toml",
            "id = \"field\"\nversion = 1\nengine = 1\nroles = [\"looker\"]\n[kind.look]\nlog = \"looks\"\n",
        ),
        (
            "law/facts.csv",
            &format!("name,type,list,label\nwhy,text,,事由\nverdict,{verdict},结论\n"),
        ),
        ("law/states.csv", "id,category\nplanned,new\nover,done\n"),
        ("law/seats.csv", "id,holds\nmain,person\n"),
        (
            "law/acts.csv",
            "act,from,to,who,form\nplan,,planned,asked,planned\nbegin,planned,,looker@any,\nend,planned,over,looker@main,ended\n",
        ),
        (
            "law/effects.csv",
            "act,order,effect,target,value\nplan,1,set,*,\nbegin,1,assign,main,$me\nend,1,set,*,\n",
        ),
        ("law/sights.csv", "scope,sight\nbureau,full\n"),
        ("law/contracts.csv", contract),
        ("law/lists/results.csv", "code,label\nbad,坏\n"),
        ("law/forms/planned.csv", "name,type,label\nwhy,text,事由\n"),
        (
            "law/forms/ended.csv",
            &format!("name,type,list,label\nverdict,{verdict},结论\n"),
        ),
        ("face/views.toml", ""),
        (
            "face/texts.zh.csv",
            "key,text\npack,外勤\nrole.looker,外勤\nkind.look.name,核查\nkind.look.state.planned,计划\nkind.look.state.over,完成\nkind.look.seat.main,外勤\nkind.look.act.plan,安排\nkind.look.act.begin,开始\nkind.look.act.end,结束\n",
        ),
    ] {
        files
            .insert(path, text.as_bytes().to_vec())
            .expect("a file of a pack");
    }
    let checked = check(&files);
    checked.pack.unwrap_or_else(|| panic!("{:#?}", checked.findings))
}

const CONTRACT: &str = "who,may,takes,gives\nrepair.fault,open,why,verdict\n";

fn between(contract: &str, verdict: &str) -> Vec<String> {
    let asking = check(&asking()).pack.expect("a sound pack");
    let asked = asked(contract, verdict);
    let found = check_together(&[&asking, &asked]);
    assert_eq!(
        check_together(&[&asking]),
        [],
        "alone there is nothing to hold it against"
    );
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn a_law_stands_by_itself_and_says_what_nobody_here_can_see() {
    assert_eq!(errors(&asking()), Vec::<String>::new());
    let unseen: Vec<_> = warnings(&asking())
        .into_iter()
        .filter(|line| line.starts_with("W605"))
        .collect();
    assert_eq!(unseen, ["W605 law/effects.csv 第4行 target"]);
}

#[test]
fn what_both_sides_say_holds_together() {
    assert_eq!(between(CONTRACT, "code,results"), Vec::<String>::new());
}

#[test]
fn what_the_other_side_does_not_say_is_named() {
    for (contract, verdict, expected) in [
        (
            "who,may,takes,gives\n",
            "code,results",
            &[
                "E321 repair/law/effects.csv 第4行 target：没有约定允许“fault”建立记录：请在对方的 contracts.csv 里加一行",
                "E334 repair/law/expects.csv 第2行 name：“field.look”没有约定给出“verdict”",
            ][..],
        ),
        (
            // Another pack's kind of the same name.
            "who,may,takes,gives\nremoval.fault,open,why,verdict\n",
            "code,results",
            &[
                "E321 repair/law/effects.csv 第4行 target：没有约定允许“fault”建立记录：请在对方的 contracts.csv 里加一行",
                "E334 repair/law/expects.csv 第2行 name：“field.look”没有约定给出“verdict”",
            ],
        ),
        (
            "who,may,takes,gives\nrepair.fault,open,,verdict\n",
            "code,results",
            &["E322 repair/law/effects.csv 第4行 with：约定不接受“why”"],
        ),
        (
            CONTRACT,
            "text,",
            &[
                "E335 repair/law/expects.csv 第2行 name：“field.look”给出的“verdict”是 text，这里写的是 code(verdicts)",
            ],
        ),
    ] {
        assert_eq!(between(contract, verdict), expected, "{contract}");
    }
}

#[test]
fn a_kind_that_the_other_pack_has_not_is_named() {
    let mut files = asking();
    for (path, from, to) in [
        ("law/effects.csv", "field.look", "field.view"),
        ("law/expects.csv", "field.look", "field.view"),
    ] {
        let text = String::from_utf8(files.remove(path).expect("a file")).expect("a text");
        files
            .insert(path, text.replace(from, to).into_bytes())
            .expect("a file of a pack");
    }
    let asking = check(&files).pack.expect("a sound pack");
    let found = check_together(&[&asking, &asked(CONTRACT, "code,results")]);
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "E504 repair/law/effects.csv 第4行 target：没有名为“view”的业务类型",
            "E504 repair/law/expects.csv 第2行 of：没有名为“view”的业务类型",
        ]
    );
}

#[test]
fn a_code_that_the_other_side_may_give_is_in_the_list_here() {
    let mut files = asking();
    files.remove("law/lists/verdicts.csv");
    let list = "code,label\ngood,好\nworse,更坏\n";
    files
        .insert("law/lists/verdicts.csv", list.into())
        .expect("a file of a pack");
    let acts = String::from_utf8(files.remove("law/acts.csv").expect("a file")).expect("a text");
    let acts = acts.replace("verdict='bad'", "verdict='worse'");
    files
        .insert("law/acts.csv", acts.into_bytes())
        .expect("a file of a pack");
    let asking = check(&files).pack.expect("a sound pack");
    let found = check_together(&[&asking, &asked(CONTRACT, "code,results")]);
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        ["E337 repair/law/expects.csv 第2行 name：“field.look”还可能给出代码 bad，这里的代码表里没有"]
    );
}

#[test]
fn personal_data_is_handed_over_only_into_an_answer_of_its_class() {
    let mut files = asking();
    let effects = String::from_utf8(files.remove("law/effects.csv").expect("a file")).expect("a text");
    let effects = effects.replace("look,,why = number", "look,,why = phone");
    files
        .insert("law/effects.csv", effects.into_bytes())
        .expect("a file of a pack");
    let asking = check(&files).pack.expect("a sound pack");
    let found = check_together(&[&asking, &asked(CONTRACT, "code,results")]);
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        ["E336 repair/law/effects.csv 第4行 with：对方的答案“why”不是个人信息类别 phone，不能接收"]
    );
}

#[test]
fn only_other_packs_are_expected_of() {
    let mut files = sample();
    files
        .insert("law/expects.csv", b"of,name,type\nvisit,found,text\n".to_vec())
        .expect("a file of a pack");
    assert_eq!(errors(&files), ["E333 law/expects.csv 第2行 of"]);
}
