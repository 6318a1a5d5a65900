//! The days off that the law fixes, for a year whose arrangement is not known.
//!
//! Not here: what the State Council announces (`calendar`); an announcement holds in the place of all this. Days of
//! the lunar calendar come from a table. Called by `calendar`.

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

static STATUTORY: LazyLock<Statutory> = LazyLock::new(|| {
    Statutory::load(include_str!("../data/statutory.toml"))
        .expect("the statutory days shipped with the product are checked by their tests")
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    law: Vec<LawEntry>,
    almanac: Vec<Almanac>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LawEntry {
    since: i32,
    /// Kept beside the days for whoever checks them.
    #[serde(rename = "source")]
    _source: String,
    fixed: Vec<String>,
    spring: Vec<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Almanac {
    spring: NaiveDate,
    qingming: NaiveDate,
    dragon_boat: NaiveDate,
    mid_autumn: NaiveDate,
}

#[derive(Debug)]
struct Law {
    /// Month and day.
    fixed: Vec<(u32, u32)>,
    /// Days of 春节, counted from 初一.
    spring: Vec<i64>,
}

/// The laws by the year they begin with, and the almanac by year.
#[derive(Debug)]
pub(crate) struct Statutory {
    laws: BTreeMap<i32, Law>,
    almanac: BTreeMap<i32, Almanac>,
}

impl std::fmt::Debug for Almanac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Almanac({})", self.spring)
    }
}

impl Statutory {
    /// The days shipped with the product, `data/statutory.toml`.
    pub(crate) fn standard() -> &'static Self {
        &STATUTORY
    }

    fn load(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut laws = BTreeMap::new();
        for law in file.law {
            let fixed = law.fixed.iter().map(|text| month_and_day(text));
            let fixed = fixed.collect::<Option<Vec<_>>>().ok_or("a date of a law")?;
            laws.insert(
                law.since,
                Law {
                    fixed,
                    spring: law.spring,
                },
            );
        }
        let mut almanac = BTreeMap::new();
        for entry in file.almanac {
            let year = entry.spring.year();
            let one_year = [entry.qingming, entry.dragon_boat, entry.mid_autumn]
                .iter()
                .all(|date| date.year() == year);
            if !one_year || almanac.insert(year, entry).is_some() {
                return Err(format!("the almanac of {year}"));
            }
        }
        Ok(Self { laws, almanac })
    }

    /// Whether the law gives this day off. A day off that falls on a weekend is made up on the next working day
    /// after it; an announcement may choose another.
    pub(crate) fn is_off(&self, date: NaiveDate) -> bool {
        let off = self.days_of(date.year());
        off.contains(&date) || made_up(&off).contains(&date)
    }

    fn days_of(&self, year: i32) -> BTreeSet<NaiveDate> {
        let law = self.laws.range(..=year).next_back();
        let Some((_, law)) = law.or_else(|| self.laws.first_key_value()) else {
            return BTreeSet::new();
        };
        let mut off: BTreeSet<NaiveDate> = law
            .fixed
            .iter()
            .filter_map(|(month, day)| NaiveDate::from_ymd_opt(year, *month, *day))
            .collect();
        if let Some(almanac) = self.almanac.get(&year) {
            off.extend([almanac.qingming, almanac.dragon_boat, almanac.mid_autumn]);
            let spring = law.spring.iter();
            off.extend(spring.filter_map(|days| almanac.spring.checked_add_signed(TimeDelta::days(*days))));
        }
        off
    }
}

/// For each day off on a weekend the next day that is neither.
fn made_up(off: &BTreeSet<NaiveDate>) -> BTreeSet<NaiveDate> {
    let weekend = |date: &NaiveDate| matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    let mut instead = BTreeSet::new();
    for date in off.iter().filter(|date| weekend(date)) {
        let free = date
            .iter_days()
            .find(|next| !weekend(next) && !off.contains(next) && !instead.contains(next));
        instead.extend(free);
    }
    instead
}

fn month_and_day(text: &str) -> Option<(u32, u32)> {
    let (month, day) = text.split_once('-')?;
    Some((month.parse().ok()?, day.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn off_on_weekdays(year: i32) -> Vec<String> {
        let first = NaiveDate::from_ymd_opt(year, 1, 1).expect("a date");
        first
            .iter_days()
            .take_while(|date| date.year() == year)
            .filter(|date| !matches!(date.weekday(), Weekday::Sat | Weekday::Sun))
            .filter(|date| Statutory::standard().is_off(*date))
            .map(|date| date.format("%m-%d").to_string())
            .collect()
    }

    /// Worked out with a printed almanac: 2024 under the law of 2013 (初一 on Saturday, 02-10), 2027 under that of 2024
    /// (除夕 on Friday, 02-05; 1 and 2 May on a weekend; 2 and 3 October on a weekend).
    #[test]
    fn the_days_of_a_year_are_those_of_its_law() {
        assert_eq!(
            off_on_weekdays(2024),
            [
                "01-01", "02-12", "02-13", "02-14", "04-04", "05-01", "06-10", "09-17", "10-01", "10-02",
                "10-03"
            ]
        );
        assert_eq!(
            off_on_weekdays(2027),
            [
                "01-01", "02-05", "02-08", "02-09", "02-10", "04-05", "05-03", "05-04", "06-09", "09-15",
                "10-01", "10-04", "10-05"
            ]
        );
    }

    #[test]
    fn every_year_of_the_almanac_has_as_many_days_off_as_its_law_names() {
        // 11 until 2024, 13 from 2025. In 2020 and 2031 中秋 is on 1 October, in 2028 on 3 October: one day less.
        for year in 2014..=2037 {
            let named = if year < 2025 { 11 } else { 13 };
            let shared = usize::from(matches!(year, 2020 | 2028 | 2031));
            assert_eq!(off_on_weekdays(year).len(), named - shared, "{year}");
        }
    }

    #[test]
    fn a_year_without_an_almanac_keeps_the_days_by_date() {
        assert_eq!(
            off_on_weekdays(2052),
            ["01-01", "05-01", "05-02", "10-01", "10-02", "10-03"]
        );
    }

    #[test]
    fn a_broken_file_is_refused() {
        let text = include_str!("../data/statutory.toml");
        assert!(Statutory::load(&text.replacen("10-03", "10.03", 1)).is_err());
        assert!(Statutory::load(&text.replacen("2027-06-09", "2028-06-09", 1)).is_err());
        assert!(
            Statutory::load(&text.replacen("spring = \"2027-02-06\"", "spring = \"2028-02-06\"", 1)).is_err()
        );
    }
}
