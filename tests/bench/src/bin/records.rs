//! `shenhai-bench-records`: what an act on a record costs in the core, and what lists of a city cost beside lists of a
//! district, next to SQL written by hand. Prints one line of JSON, times in microseconds.

use rusqlite::{Connection, params};
use serde_json::{Map, Value as Json, json};
use shenhai_flow::Calendar;
use shenhai_flow::fold::{Act, Actor, Asked, Given, JsonAnswers, Law, What, apply};
use shenhai_flow::record::Record;
use shenhai_forms::filter::variables;
use shenhai_forms::value::{Time, Value};
use shenhai_index::{Index, Query, Row};
use shenhai_pack::names::{ActId, AskId, KindId, Name, TabId, ViewId};
use shenhai_pack::{Pack, PackRef, Roots, check};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

type Failure = Box<dyn Error>;

const ACTS: u32 = 1_000;
const FEW: u64 = 2_000;
const MANY: u64 = 250_000;
/// Rows of one page.
const PAGE: u32 = 50;
const RUNS: usize = 200;
/// 2026-03-02 12:00 at the city's clock.
const NOON: i64 = 1_772_424_000_000;
const MINUTE: i64 = 60_000;

fn main() -> Result<(), Failure> {
    let (pack, reference) = river()?;
    let mut figures = Map::new();
    fold(&pack, &reference, &mut figures)?;
    for (size, rows) in [("few", FEW), ("many", MANY)] {
        let folder = tempfile::tempdir()?;
        let stage = Stage::of(&pack, folder.path(), rows)?;
        stage.measure(size, &mut figures)?;
    }
    writeln!(std::io::stdout(), "{}", Json::Object(figures))?;
    Ok(())
}

fn river() -> Result<(Pack, PackRef), Failure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packs/river");
    let files = shenhai_folder::read(&folder)?.files;
    let pack = check(&files).pack.ok_or("the pack has errors")?;
    let reference = PackRef {
        id: pack.manifest.id.clone(),
        version: pack.manifest.version,
        law: Roots::of(&files).law,
    };
    Ok((pack, reference))
}

fn name<N: Name>(text: &str) -> Result<N, Failure> {
    N::parse(text).ok_or_else(|| text.into())
}

fn time(millis: i64) -> Result<Time, Failure> {
    Time::new(millis).ok_or_else(|| "outside the calendar".into())
}

// --- one record ---

/// A patrol with a thousand points noted: reading the answers, the fold, the digest, and keeping the document.
fn fold(pack: &Pack, reference: &PackRef, figures: &mut Map<String, Json>) -> Result<(), Failure> {
    let law = Law::new(pack.clone(), reference.clone());
    let kind: KindId = name("patrol")?;
    let person = |user: &str, role: &str| -> Result<Actor, Failure> {
        Ok(Actor::Person {
            user: user.to_owned(),
            unit: "north".to_owned(),
            role: name(role)?,
            scopes: BTreeSet::new(),
        })
    };
    let act = |record: Option<&Record>,
               what: &str,
               by: &Actor,
               answers: &str,
               nth: i64|
     -> Result<Record, Failure> {
        let answer = Asked {
            value: "xc-2026-1".to_owned(),
            unit: None,
        };
        let given = Given {
            at: time(NOON + nth * MINUTE)?,
            calendar: Calendar::standard(),
            asked: BTreeMap::from([(name::<AskId>("no")?, answer)]),
        };
        let forms = JsonAnswers::new(answers.as_bytes(), Vec::new());
        let what = What::Named(name::<ActId>(what)?);
        let entry = format!("entry-{nth}");
        let act = Act {
            kind: &kind,
            record: record.map(|record| record.id.as_str()),
            what: &what,
            law: law.reference(),
            entry: &entry,
            work: &entry,
            device: Some("device"),
            base_rev: record.map(|record| record.rev),
            filled: given.at,
            submission: None,
            forms: &forms,
            given: &given,
        };
        let (after, _) = apply(record, &act, by, &law).map_err(|refusal| format!("{refusal:?}"))?;
        Ok(after)
    };
    let planner = person("chen", "planner")?;
    let inspector = person("li", "inspector")?;
    let planned = r#"{"river":"样例河","district":"310101","planned_on":"2026-03-02","inspector":"li"}"#;
    let record = act(None, "plan", &planner, planned, 0)?;
    let mut record = act(Some(&record), "start", &inspector, "{}", 1)?;
    let begun = Instant::now();
    for nth in 2..ACTS + 2 {
        let answers = format!(r#"{{"name":"点位{}","ok":true,"depth":"1.25"}}"#, nth % 20);
        let after = act(Some(&record), "spot", &inspector, &answers, i64::from(nth))?;
        record = Record::read(after.document().as_bytes())?;
        if after.digest() != record.digest() {
            return Err("a record that was kept is another".into());
        }
    }
    let per_act = begun.elapsed().as_secs_f64() * 1e6 / f64::from(ACTS);
    figures.insert("act".to_owned(), json!(per_act));
    figures.insert("record bytes".to_owned(), json!(record.document().len()));
    Ok(())
}

// --- lists ---

struct Stage {
    connection: Connection,
    index: Index,
}

impl Stage {
    /// The same rows in the index and in a table as somebody would write it for this one list.
    fn of(pack: &Pack, folder: &Path, rows: u64) -> Result<Self, Failure> {
        let connection = Connection::open(folder.join("lists.sqlite3"))?;
        connection.set_prepared_statement_cache_capacity(100);
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
             CREATE TABLE plain (id TEXT PRIMARY KEY, category TEXT NOT NULL, due INTEGER NOT NULL,
                 colour INTEGER NOT NULL, planned_on INTEGER NOT NULL, texts TEXT NOT NULL);
             CREATE INDEX plain_due ON plain (due, planned_on DESC, id) WHERE category NOT IN ('done', 'void');
             CREATE INDEX plain_colour ON plain (colour, due, planned_on DESC, id)
                 WHERE category NOT IN ('done', 'void');
             BEGIN",
        )?;
        let index = Index::open(&connection, pack, "river.patrol", &name("patrol")?)?;
        let mut insert = connection.prepare("INSERT INTO plain VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        // Numbers that look random and are the same on every run.
        let mut dice = 7_u64;
        let mut below = |most: u64| {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % most
        };
        for nth in 0..rows {
            let id = format!("{:08x}", nth.wrapping_mul(2_654_435_761) % 0xffff_ffff);
            let (state, category) = match below(10) {
                0..=4 => ("finished", "done"),
                5..=7 => ("planned", "new"),
                _ => ("walking", "active"),
            };
            let due = NOON + i64::try_from(below(14_400))? * MINUTE - 7_200 * MINUTE;
            let colour = match (category, due < NOON) {
                ("done", _) => "green",
                (_, true) => "red",
                (_, false) => "yellow",
            };
            let day = format!("2026-03-{:02}", below(28) + 1);
            let texts = format!("xc-2026-{nth}\n样例河{}号段\n某路{}弄", below(500), below(2_000));
            let planned_on = shenhai_forms::value::Date::read(&day).ok_or("a day")?;
            let values = BTreeMap::from([
                ("state".to_owned(), Value::text(state)),
                ("category".to_owned(), Value::text(category)),
                ("opened_at".to_owned(), Value::Time(time(NOON)?)),
                ("changed_at".to_owned(), Value::Time(time(NOON)?)),
                (
                    "due".to_owned(),
                    if category == "done" {
                        Value::Absent
                    } else {
                        Value::Time(time(due)?)
                    },
                ),
                ("colour".to_owned(), Value::text(colour)),
                ("planned_on".to_owned(), Value::Date(planned_on)),
                ("river".to_owned(), Value::text("样例河")),
                ("number".to_owned(), Value::text(format!("xc-2026-{nth}"))),
            ]);
            let row = Row {
                id: &id,
                values: &values,
                next_at: None,
                texts: &texts,
            };
            index.put(&connection, &row)?;
            let rank = ["red", "yellow", "blue", "green"]
                .iter()
                .position(|known| *known == colour);
            let due = if category == "done" { i64::MAX } else { due };
            let rank = i64::try_from(rank.ok_or("a colour")?)?;
            insert.execute(params![id, category, due, rank, planned_on.since_1970(), texts])?;
        }
        drop(insert);
        connection.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")?;
        index.take(&connection)?;
        Ok(Self { connection, index })
    }

    fn measure(&self, size: &str, figures: &mut Map<String, Json>) -> Result<(), Failure> {
        let me = variables("li", "north", time(NOON)?);
        let open: TabId = name("open")?;
        for (what, list, sought) in [
            ("list", "patrols", ""),
            ("colour", "board", ""),
            ("search", "patrols", "1999弄"),
        ] {
            let list: ViewId = name(list)?;
            let query = Query {
                list: &list,
                tab: Some(&open),
                search: sought,
                variables: &me,
                within: None,
            };
            let ours = || Ok(self.index.page(&self.connection, &query, None, PAGE)?.ids);
            let sql = match what {
                "colour" => {
                    "SELECT id FROM plain WHERE category NOT IN ('done', 'void')
                     ORDER BY colour, due, planned_on DESC, id LIMIT ?1"
                }
                "search" => {
                    "SELECT id FROM plain WHERE category NOT IN ('done', 'void') AND texts LIKE '%1999弄%'
                     ORDER BY due, planned_on DESC, id LIMIT ?1"
                }
                _ => {
                    "SELECT id FROM plain WHERE category NOT IN ('done', 'void')
                     ORDER BY due, planned_on DESC, id LIMIT ?1"
                }
            };
            let plain = || {
                let mut statement = self.connection.prepare_cached(sql)?;
                let ids = statement.query_map([PAGE], |row| row.get(0))?;
                Ok(ids.collect::<Result<Vec<String>, _>>()?)
            };
            if ours()? != plain()? {
                return Err(format!("{what}: the index and the plain table answer differently").into());
            }
            figures.insert(format!("{what} {size}"), json!(median(&ours)?));
            figures.insert(format!("{what} {size} plain"), json!(median(&plain)?));
        }
        Ok(())
    }
}

fn median(work: &dyn Fn() -> Result<Vec<String>, Failure>) -> Result<f64, Failure> {
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let begun = Instant::now();
        std::hint::black_box(work()?);
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[RUNS / 2])
}
