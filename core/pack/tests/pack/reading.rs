//! What an author is told: every finding at once, each with its code, file, row and column.

use crate::support::{changed, errors, only_error, sample, with, with_bytes};
use shenhai_pack::law::{Effect, Origin, Scope, Sight, Unit, Who};
use shenhai_pack::names::{KindId, Name};
use shenhai_pack::{Level, check};

#[test]
fn a_sound_pack_has_no_error_and_is_read_whole() {
    let checked = check(&sample());
    assert_eq!(errors(&sample()), Vec::<String>::new());
    let pack = checked.pack.expect("without errors there is a pack");
    let fault = pack
        .law
        .kind(&KindId::parse("fault").expect("a name"))
        .expect("the kind");
    assert_eq!(fault.facts.len(), 6);
    assert_eq!(fault.facts[4].columns.len(), 2);
    assert_eq!(fault.states.len(), 4);
    assert_eq!(fault.acts.len(), 9);
    assert_eq!(fault.acts[0].from, Origin::Nothing);
    assert_eq!(fault.acts[0].who, [Who::Adapter("street".to_owned())]);
    assert_eq!(fault.effects.len(), 7);
    assert!(matches!(&fault.effects[3].effect, Effect::Put { cells, .. } if cells.len() == 2));
    assert!(matches!(fault.sights[0].scope, Scope::Person(_)));
    assert_eq!(fault.sights[1].sight, Sight::Masked);
    let until = fault.sights[0]
        .until
        .as_ref()
        .and_then(|until| until.plus)
        .expect("a span");
    assert_eq!((until.count, until.unit), (30, Unit::Day));
    assert_eq!(fault.clocks[0].terms.len(), 2);
    assert_eq!(fault.clocks[0].due_minute, 24 * 60);
}

#[test]
fn a_form_that_is_not_drawn_yet_is_a_warning_and_no_error() {
    let warnings: Vec<_> = check(&sample())
        .findings
        .into_iter()
        .filter(|finding| finding.level() == Level::Warning)
        .map(|finding| finding.to_string())
        .collect();
    assert_eq!(
        warnings,
        [
            "W602 law/forms/closed.csv：表单“closed”只有答案表，还没有画出来（law/forms/closed.xml）",
            "W602 law/forms/finished.csv：表单“finished”只有答案表，还没有画出来（law/forms/finished.xml）",
        ]
    );
}

#[test]
fn everything_that_is_wrong_is_said_at_once_in_the_order_of_the_files() {
    let mut files = changed(
        "law/acts.csv",
        "fault,begin,new,working",
        "fault,begin,newish,working",
    );
    for (path, text) in [
        (
            "law/states.csv",
            "kind,id,category\nfault,new,fresh\nfault,Working,active\n",
        ),
        (
            "law/lists/trades.csv",
            "code,label,hourly:decimal(2)\nwater,水,viel\npower,电,95.50\nwater,水,1\n",
        ),
    ] {
        files.remove(path);
        files
            .insert(path, text.as_bytes().to_vec())
            .expect("the sample is a pack");
    }
    let found = errors(&files);
    for expected in [
        "E503 law/states.csv 第2行 category",
        "E502 law/states.csv 第3行 id",
        "E515 law/lists/trades.csv 第2行 hourly:decimal(2)",
        "E505 law/lists/trades.csv 第4行 code",
        "E504 law/acts.csv 第3行 from",
    ] {
        assert!(
            found.contains(&expected.to_owned()),
            "{expected} is not among {found:#?}"
        );
    }
    let mut sorted = found.clone();
    sorted.sort_by_key(|line| line.split(' ').nth(1).map(str::to_owned));
    let files_of = |lines: &[String]| -> Vec<_> {
        lines
            .iter()
            .map(|line| line.split(' ').nth(1).unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(files_of(&found), files_of(&sorted));
}

#[test]
fn rows_are_counted_as_a_spreadsheet_counts_them() {
    // A blank row, and a cell of two lines: the wrong cell is in the spreadsheet's row 5.
    let text = "code,label,note\r\nwater,水,\"一\r\n二\"\r\n\r\npower,电,\r\nWas ist,x,\r\n";
    for text in [
        text.to_owned(),
        text.replace("\r\n", "\n"),
        text.replace("\r\n\r\n", "\r\n,,\r\n"),
    ] {
        assert_eq!(
            only_error(&with("law/lists/trades.csv", &text)),
            "E514 law/lists/trades.csv 第5行 code：“Was ist”不能作代码：只用字母、数字、“_”“.”“-”，最多 64 个字符"
        );
    }
}

#[test]
fn a_spreadsheets_byte_order_mark_quotes_and_empty_columns_are_no_matter() {
    let text = "\u{feff}code,label,,\nwater,\"水, \"\"自来\"\"\",,\npower,电,,\n,,,\n";
    assert_eq!(errors(&with("law/lists/trades.csv", text)), Vec::<String>::new());
    let pack = check(&with("law/lists/trades.csv", text))
        .pack
        .expect("a sound pack");
    let trades = pack.law.lists.values().next().expect("the list");
    assert_eq!(trades.codes["water"].label, "水, \"自来\"");
    assert_eq!(trades.order, ["water", "power"]);
}

#[test]
fn what_a_spreadsheet_spoils_is_named_where_it_is() {
    for (text, expected) in [
        (
            "code,label\nwater,水,2\npower,电\n",
            "E112 law/lists/trades.csv 第2行",
        ),
        (
            "code,label\nwater,\"水\npower,电\n",
            "E114 law/lists/trades.csv 第2行",
        ),
        (
            "code,label\nwater,水\"\npower,电\n",
            "E113 law/lists/trades.csv 第2行",
        ),
        (
            "code,label\nwater,\"水\"x\npower,电\n",
            "E113 law/lists/trades.csv 第2行",
        ),
        (
            "code,label,code\nwater,水,\npower,电,\n",
            "E108 law/lists/trades.csv 第1行 code",
        ),
        ("code,Label\nwater,水\n", "E106 law/lists/trades.csv 第1行 label"),
        ("", "E105 law/lists/trades.csv"),
        (
            "code,label,Price\nwater,水,2\npower,电,2\n",
            "E107 law/lists/trades.csv 第1行 Price",
        ),
        (
            "code,label\nwater,水\u{7}\npower,电\n",
            "E104 law/lists/trades.csv 第2行",
        ),
    ] {
        let found = errors(&with("law/lists/trades.csv", text));
        assert!(found.contains(&expected.to_owned()), "{text:?}: {found:?}");
    }
    // 电 in GBK, as a spreadsheet saves "CSV" by default.
    let gbk = [&b"code,label\nwater,w\npower,"[..], &[0xb5, 0xe7], b"\n"].concat();
    let found = errors(&with_bytes("law/lists/trades.csv", &gbk));
    assert!(
        found.contains(&"E103 law/lists/trades.csv 第3行".to_owned()),
        "{found:?}"
    );
}

#[test]
fn a_word_that_is_not_known_comes_with_those_that_are() {
    assert_eq!(
        only_error(&changed("law/sights.csv", ",masked", ",mask")),
        "E503 law/sights.csv 第3行 sight：不认识“mask”；可填：full masked absent"
    );
}

#[test]
fn a_row_that_is_half_wrong_makes_no_others_wrong() {
    assert_eq!(
        only_error(&changed(
            "law/states.csv",
            "fault,asking,waiting",
            "fault,asking,wait"
        )),
        "E503 law/states.csv 第4行 category：不认识“wait”；可填：new active waiting done void"
    );
    assert_eq!(
        only_error(&changed(
            "law/seats.csv",
            "fault,watchers,person",
            "fault,watchers,people"
        )),
        "E503 law/seats.csv 第3行 holds：不认识“people”；可填：person unit place"
    );
}

#[test]
fn a_key_of_a_clock_is_named_with_its_line() {
    assert_eq!(
        only_error(&changed(
            "law/clocks.toml",
            "from = \"reported_at\"",
            "form = \"reported_at\""
        )),
        "E116 law/clocks.toml [clock.finish] 第4行 form：不认识这一项；可用的项：kind while from term extra pause \
         reset day_of_from due_at met alarms"
    );
    let found = errors(&changed(
        "law/clocks.toml",
        "unit = \"workday\", when = \"trade = 'power'\"",
        "unit = \"weekday\"",
    ));
    assert!(
        found.contains(&"E503 law/clocks.toml [clock.finish.term] 第7行 unit".to_owned()),
        "{found:?}"
    );
}

#[test]
fn a_figure_without_its_source_is_not_taken() {
    let found = errors(&changed(
        "law/clocks.toml",
        "when = \"trade = 'power'\", tag = \"A\"",
        "when = \"trade = 'power'\"",
    ));
    assert!(
        found.contains(&"E404 law/clocks.toml [clock.finish.term] 第7行 tag".to_owned()),
        "{found:?}"
    );
}
