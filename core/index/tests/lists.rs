//! Lists over SQL beside the same lists over rows in memory, and what they cost as a city grows.

use rusqlite::Connection;
use shenhai_forms::filter::{Stored, stored, variables};
use shenhai_forms::rule::{Tree, Variables};
use shenhai_forms::value::{Date, Time, Value};
use shenhai_index::{Index, Query, Row, Within};
use shenhai_pack::face::{ListView, Shows};
use shenhai_pack::law::Colour;
use shenhai_pack::names::{KindId, Name, TabId, ViewId};
use shenhai_pack::{Pack, PackFiles, check};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// 2026-03-02 12:00 at the city's clock.
const NOON: i64 = 1_772_424_000_000;
const HOUR: i64 = 3_600_000;
const RIVERS: [&str; 4] = ["样例河", "样例江88弄", "示例浜", "Sample Creek"];

fn river() -> Pack {
    fn walk(folder: &Path, at: &str, files: &mut PackFiles) {
        for entry in fs::read_dir(folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_str().expect("UTF-8");
            let inside = match at {
                "" => name.to_owned(),
                at => format!("{at}/{name}"),
            };
            match path.is_dir() {
                true => walk(&path, &inside, files),
                false => {
                    let bytes = fs::read(&path).expect("a file");
                    files.insert(&inside, bytes).expect("a file of a pack");
                }
            }
        }
    }
    let mut files = PackFiles::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/packs/river");
    walk(&folder, "", &mut files);
    check(&files).pack.expect("a pack without errors")
}

fn name<N: Name>(text: &str) -> N {
    N::parse(text).expect("a name")
}

fn time(millis: i64) -> Time {
    Time::new(millis).expect("within the calendar")
}

/// SplitMix64: numbers for cases, the same on every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).expect("small")]
    }
}

#[derive(Clone)]
struct Patrol {
    row: Tree,
    next_at: Option<Time>,
    texts: String,
}

impl Patrol {
    fn any(dice: &mut Dice, nth: u64) -> Self {
        let state = dice.one_of(&["planned", "walking", "fixing", "finished", "called_off"]);
        let category = match state {
            "planned" => "new",
            "walking" => "active",
            "fixing" => "waiting",
            "finished" => "done",
            _ => "void",
        };
        let due = i64::try_from(dice.below(96)).expect("small") - 48;
        let open = !matches!(category, "done" | "void");
        let river = dice.one_of(&RIVERS);
        let number = format!("xc-2026-{nth}");
        let mut values = BTreeMap::from([
            ("state".to_owned(), Value::text(state)),
            ("category".to_owned(), Value::text(category)),
            ("opened_at".to_owned(), Value::Time(time(NOON - 100 * HOUR))),
            ("changed_at".to_owned(), Value::Time(time(NOON - HOUR))),
            ("river".to_owned(), Value::text(river)),
            ("number".to_owned(), Value::text(number.as_str())),
            ("late".to_owned(), Value::Bool(dice.below(2) == 0)),
            ("main".to_owned(), Value::text(dice.one_of(&["li", "wang"]))),
        ]);
        if open && dice.below(8) > 0 {
            values.insert("due".to_owned(), Value::Time(time(NOON + due * HOUR)));
        }
        if dice.below(3) > 0 {
            let day = format!("2026-03-{:02}", dice.below(28) + 1);
            values.insert(
                "planned_on".to_owned(),
                Value::Date(Date::read(&day).expect("a day")),
            );
        }
        if let Some(colour) = dice.one_of(&[None, Some("red"), Some("yellow"), Some("green")]) {
            values.insert("colour".to_owned(), Value::text(colour));
        }
        Self {
            row: Tree {
                values,
                rows: BTreeMap::new(),
            },
            next_at: open.then(|| time(NOON + due * HOUR)),
            texts: format!("{number}\n{}", river.to_lowercase().replace(' ', "")),
        }
    }

    fn row<'r>(&'r self, id: &'r str) -> Row<'r> {
        Row {
            id,
            values: &self.row.values,
            next_at: self.next_at,
            texts: &self.texts,
        }
    }
}

struct Stage {
    pack: Pack,
    connection: Connection,
    index: Index,
    rows: BTreeMap<String, Patrol>,
}

impl Stage {
    fn of(rows: u64, dice: &mut Dice) -> Self {
        let pack = river();
        let connection = Connection::open_in_memory().expect("a database");
        connection.set_prepared_statement_cache_capacity(200);
        let index = Index::open(&connection, &pack, "river.patrol", &name("patrol")).expect("an index");
        let mut stage = Self {
            pack,
            connection,
            index,
            rows: BTreeMap::new(),
        };
        stage.connection.execute_batch("BEGIN").expect("a transaction");
        for nth in 0..rows {
            stage.put(&format!("{nth:08x}"), Patrol::any(dice, nth));
        }
        stage.connection.execute_batch("COMMIT").expect("a commit");
        stage
    }

    fn put(&mut self, id: &str, patrol: Patrol) -> bool {
        let changed = self.index.put(&self.connection, &patrol.row(id)).expect("a row");
        self.rows.insert(id.to_owned(), patrol);
        changed
    }

    fn list(&self, id: &str) -> &ListView {
        let mut lists = self.pack.face.lists.iter();
        lists.find(|list| list.id.as_str() == id).expect("a list")
    }

    /// The same list over rows in memory.
    fn expected(&self, list: &ListView, tab: Option<&str>, sought: &str, me: &Variables) -> Vec<String> {
        let tab = tab.map(|tab| {
            list.tabs
                .iter()
                .find(|own| own.id.as_str() == tab)
                .expect("a tab")
        });
        let filter = tab.map(|tab| tab.filter.filter().expect("a filter"));
        let mut rows: Vec<(&String, &Patrol)> = self
            .rows
            .iter()
            .filter(|(_, row)| row.texts.split('\n').any(|line| line.contains(sought)))
            .filter(|(_, row)| {
                filter.is_none_or(|filter| filter.holds(&row.row, me, time(NOON)).expect("a value"))
            })
            .collect();
        rows.sort_by(|one, other| {
            let by = list.order.iter().map(|by| {
                let order = self
                    .key(by.column.as_str(), one.1)
                    .cmp(&self.key(by.column.as_str(), other.1));
                if by.descending { order.reverse() } else { order }
            });
            by.fold(Ordering::Equal, Ordering::then).then(one.0.cmp(other.0))
        });
        rows.into_iter().map(|(id, _)| id.clone()).collect()
    }

    fn key(&self, column: &str, row: &Patrol) -> Stored {
        let columns = self.pack.index(&name::<KindId>("patrol"));
        let column = columns.iter().find(|own| own.name == column).expect("a column");
        let value = row.row.values.get(&column.name).unwrap_or(&Value::Absent);
        if column.shows == Shows::Colour {
            let word = value.to_string();
            let place = Colour::ALL.iter().position(|(known, _)| *known == word);
            return Stored::Integer(place.map_or(i64::MAX, |place| i64::try_from(place).expect("few")));
        }
        stored(&column.kind, value).expect("a value of its type")
    }

    fn found(&self, query: &Query<'_>, limit: u32) -> Vec<String> {
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let page = self
                .index
                .page(&self.connection, query, after.as_ref(), limit)
                .expect("a page");
            assert!(page.ids.len() <= limit as usize);
            ids.extend(page.ids);
            assert!(ids.len() <= self.rows.len(), "rows come again");
            after = page.next;
            if after.is_none() {
                return ids;
            }
        }
    }
}

fn me() -> Variables {
    variables("li", "north", time(NOON))
}

#[test]
fn pages_of_every_tab_and_search_are_those_of_rows_in_memory() {
    let mut dice = Dice(7);
    let mut stage = Stage::of(600, &mut dice);
    for nth in 0..300 {
        let id = format!("{:08x}", dice.below(700));
        if dice.below(3) == 0 {
            stage.index.remove(&stage.connection, &id).expect("gone");
            stage.rows.remove(&id);
        } else {
            stage.put(&id, Patrol::any(&mut dice, 1_000 + nth));
        }
    }
    let me = me();
    let mut met = 0;
    for list in ["patrols", "board"] {
        let view = stage.list(list).clone();
        let tabs: Vec<Option<&TabId>> = view.tabs.iter().map(|tab| Some(&tab.id)).chain([None]).collect();
        for tab in tabs {
            for sought in [
                "",
                "88弄",
                "样例",
                "样",
                "xc-2026-1",
                "samplecreek",
                "弄88",
                "河\nxc",
                "没有的字",
            ] {
                let expected = stage.expected(&view, tab.map(TabId::as_str), sought, &me);
                let query = Query {
                    list: &view.id,
                    tab,
                    search: sought,
                    variables: &me,
                    within: None,
                };
                assert_eq!(stage.found(&query, 37), expected, "{list} {tab:?} {sought}");
                let counted = stage
                    .index
                    .count(&stage.connection, &query, 100)
                    .expect("a count");
                assert_eq!(
                    (counted.rows as usize, counted.more),
                    (expected.len().min(100), expected.len() > 100)
                );
                met += expected.len();
            }
        }
    }
    assert!(met > 5_000, "{met}");
}

#[test]
fn only_what_is_within_the_askers_scopes_is_listed_whether_few_or_many() {
    let mut dice = Dice(11);
    let stage = Stage::of(2_500, &mut dice);
    stage
        .connection
        .execute_batch(
            "CREATE TABLE held (scope TEXT, record TEXT, PRIMARY KEY (scope, record)) WITHOUT ROWID;
             CREATE INDEX held_by_record ON held (record, scope);",
        )
        .expect("a table");
    let mut mine: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut insert = stage
        .connection
        .prepare("INSERT INTO held VALUES (?1, ?2)")
        .expect("a statement");
    for id in stage.rows.keys() {
        for (scope, one_in) in [("person:li", 25), ("unit:north", 1), ("bureau", 1)] {
            if dice.below(one_in) == 0 {
                insert.execute([scope, id.as_str()]).expect("a row");
                mine.entry(scope).or_default().insert(id.clone());
            }
        }
    }
    assert!((50..200).contains(&mine["person:li"].len()) && mine["unit:north"].len() > 2_000);
    let (view, me) = (stage.list("patrols").clone(), me());
    for scopes in [
        vec!["person:li"],
        vec!["unit:north"],
        vec!["person:li", "unit:north"],
        vec!["bureau"],
        vec![],
    ] {
        let within = Within {
            table: "held".to_owned(),
            scope: "scope".to_owned(),
            record: "record".to_owned(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
        };
        let seen = |id: &String| scopes.iter().any(|scope| mine[scope].contains(id));
        for tab in ["open", "late", "done"] {
            for sought in ["", "88弄", "xc-2026-77"] {
                let mut expected = stage.expected(&view, Some(tab), sought, &me);
                expected.retain(seen);
                let query = Query {
                    list: &view.id,
                    tab: Some(&name(tab)),
                    search: sought,
                    variables: &me,
                    within: Some(&within),
                };
                assert_eq!(stage.found(&query, 500), expected, "{scopes:?} {tab} {sought}");
            }
        }
    }
}

#[test]
fn an_update_names_only_the_columns_that_changed() {
    let mut dice = Dice(3);
    let mut stage = Stage::of(20, &mut dice);
    let mut patrol = stage.rows["00000003"].clone();
    assert!(!stage.put("00000003", patrol.clone()));
    patrol.row.values.insert(
        "late".to_owned(),
        Value::Bool(patrol.row.values["late"] != Value::Bool(true)),
    );
    let before = stage.connection.total_changes();
    assert!(stage.put("00000003", patrol.clone()));
    // One row, and nothing of the pairs: the texts are the same.
    assert_eq!(stage.connection.total_changes() - before, 1);
    patrol.texts.push_str("\n又一行");
    assert!(stage.put("00000003", patrol));
    let (list, me): (ViewId, _) = (name("patrols"), me());
    let query = Query {
        list: &list,
        tab: None,
        search: "又一",
        variables: &me,
        within: None,
    };
    assert_eq!(stage.found(&query, 10), ["00000003"]);
}

#[test]
fn what_changes_by_itself_is_known_the_longest_waiting_first() {
    let mut dice = Dice(5);
    let stage = Stage::of(400, &mut dice);
    let mut expected: Vec<(i64, &String)> = stage
        .rows
        .iter()
        .filter_map(|(id, row)| Some((row.next_at?.millis(), id)))
        .filter(|(at, _)| *at <= NOON)
        .collect();
    expected.sort();
    let found = stage
        .index
        .stale(&stage.connection, time(NOON), 1_000)
        .expect("ids");
    let at = |id: &String| stage.rows[id].next_at.map(Time::millis);
    assert!(expected.len() > 50 && found.is_sorted_by_key(at));
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    assert_eq!(
        sorted(found),
        sorted(expected.into_iter().map(|(_, id)| id.clone()).collect())
    );
    assert_eq!(
        stage
            .index
            .stale(&stage.connection, time(NOON), 7)
            .expect("ids")
            .len(),
        7
    );
}

#[test]
fn a_new_face_is_filled_beside_and_taken_whole() {
    let mut dice = Dice(9);
    let stage = Stage::of(50, &mut dice);
    stage.index.take(&stage.connection).expect("taken");
    assert!(stage.index.is_whole(&stage.connection).expect("known"));
    let mut newer = stage.pack.clone();
    // Words alone change nothing.
    newer.manifest.version = 2;
    let same = Index::open(&stage.connection, &newer, "river.patrol", &name("patrol")).expect("an index");
    assert!(same.is_whole(&stage.connection).expect("known"));
    newer.face.lists.iter_mut().for_each(|list| list.order.reverse());
    let other = Index::open(&stage.connection, &newer, "river.patrol", &name("patrol")).expect("an index");
    assert!(!other.is_whole(&stage.connection).expect("known"));
    assert_eq!(other.filled_to(&stage.connection).expect("known"), "");
    for (id, row) in stage.rows.iter().take(30) {
        other.put(&stage.connection, &row.row(id)).expect("a row");
        other.note_filled(&stage.connection, id).expect("noted");
    }
    // One that changes meanwhile has its row before its turn comes.
    let (last, row) = stage.rows.last_key_value().expect("rows");
    other.put(&stage.connection, &row.row(last)).expect("a row");
    // Begun anew after a crash, it goes on where it was.
    let again = Index::open(&stage.connection, &newer, "river.patrol", &name("patrol")).expect("an index");
    let filled = again.filled_to(&stage.connection).expect("known");
    assert_eq!(filled, format!("{:08x}", 29));
    for (id, row) in stage.rows.iter().filter(|(id, _)| **id > filled) {
        again.put(&stage.connection, &row.row(id)).expect("a row");
    }
    again.take(&stage.connection).expect("taken");
    let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name LIKE 'ix.river%'";
    let left: u32 = stage
        .connection
        .query_row(tables, [], |row| row.get(0))
        .expect("a count");
    assert_eq!(left, 1);
    let (list, me): (ViewId, _) = (name("patrols"), me());
    let query = Query {
        list: &list,
        tab: None,
        search: "",
        variables: &me,
        within: None,
    };
    let page = again.page(&stage.connection, &query, None, 100).expect("a page");
    assert_eq!(page.ids.len(), 50);
}

/// Steps of SQLite's machine: the same on every computer.
fn steps(stage: &mut Stage, work: impl FnOnce(&Stage)) -> u64 {
    let counted = Arc::new(AtomicU64::new(0));
    let counting = Arc::clone(&counted);
    let count = move || {
        counting.fetch_add(1, Relaxed);
        false
    };
    stage
        .connection
        .progress_handler(1, Some(count))
        .expect("a handler");
    work(stage);
    stage
        .connection
        .progress_handler(1, None::<fn() -> bool>)
        .expect("no handler");
    counted.load(Relaxed)
}

#[test]
fn the_first_pages_of_twenty_times_the_rows_take_the_same_steps() {
    let (mut small, mut large) = (Stage::of(2_000, &mut Dice(1)), Stage::of(40_000, &mut Dice(1)));
    let me = me();
    for tab in ["open", "late", "done"] {
        for sought in ["", "样例", "没有的字"] {
            let cost = |stage: &mut Stage| {
                steps(stage, |stage| {
                    let list: ViewId = name("board");
                    let query = Query {
                        list: &list,
                        tab: Some(&name(tab)),
                        search: sought,
                        variables: &me,
                        within: None,
                    };
                    stage
                        .index
                        .page(&stage.connection, &query, None, 50)
                        .expect("a page");
                    stage
                        .index
                        .count(&stage.connection, &query, 200)
                        .expect("a count");
                })
            };
            let (few, many) = (cost(&mut small), cost(&mut large));
            assert!(
                many * 2 <= few * 3 + 3_000,
                "{tab} {sought}: {few} and {many} steps"
            );
        }
    }
}
