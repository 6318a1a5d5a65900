//! Synthetic orders: the same seed, base and index always give the same order, marked 样例 throughout.
//!
//! Templates are data (`sample/matters.toml`). District names are real (GB/T 2260), roads, people and phone
//! numbers are not: 199-0000-xxxx is used for nothing else here, and every name carries （样例）.

use crate::clock::{shanghai_day, shanghai_text};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// The platforms emulated, by the number citizens dial.
pub const CHANNELS: [&str; 3] = ["12345", "12319", "110"];

/// An order as a platform pushes it (`docs/city-interfaces.md`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// 工单编号.
    pub order_no: String,
    /// 普通, 次紧急 or 紧急.
    pub urgency: String,
    /// 诉求类型.
    pub appeal_type: String,
    /// 事项分类.
    pub category: String,
    /// 标题.
    pub title: String,
    /// 诉求内容.
    pub content: String,
    /// 地址.
    pub address: String,
    /// 区, GB/T 2260.
    pub area_code: String,
    /// Degrees east.
    pub lng: Option<f64>,
    /// Degrees north.
    pub lat: Option<f64>,
    /// `wgs84` or `gcj02`.
    pub coord_type: Option<String>,
    /// The citizen.
    pub caller: Caller,
    /// Shanghai time.
    pub accept_time: String,
    /// 复核单.
    pub is_review: bool,
    /// 督办.
    pub supervised: bool,
    /// 催单 count.
    pub urge_count: u32,
    /// 重复工单号.
    pub duplicate_order_no: Option<String>,
}

/// The citizen who called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Caller {
    /// Name.
    pub name: String,
    /// Phone.
    pub phone: String,
    /// 是否匿名.
    pub anonymous: bool,
    /// 是否保密.
    pub confidential: bool,
}

/// How far back the orders' times of acceptance reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Over the last eight days, a third of them today: some overdue, some due today, some later.
    Backlog,
    /// Within the last ten minutes.
    Fresh,
}

/// A row of synthetic orders of one platform.
#[derive(Debug, Clone)]
pub struct SampleOrders {
    /// Which platform.
    pub channel: String,
    /// Chooses the row.
    pub seed: u64,
    /// The "present" the times of acceptance are counted back from, Unix seconds.
    pub base: i64,
    /// How far back they reach.
    pub spread: Spread,
}

#[derive(Deserialize)]
struct Matters {
    matters: Vec<Matter>,
}

#[derive(Deserialize)]
struct Matter {
    category: String,
    appeals: Vec<String>,
    #[serde(default)]
    urgent: bool,
    title: String,
    content: String,
}

static MATTERS: LazyLock<Vec<Matter>> = LazyLock::new(|| {
    let file: Matters = toml::from_str(include_str!("../sample/matters.toml"))
        .expect("the templates are part of the program");
    file.matters
});

/// A district with a box that lies inside it: west, south, east, north, WGS84 degrees.
struct District {
    code: &'static str,
    name: &'static str,
    inside: [f64; 4],
}

const fn district(code: &'static str, name: &'static str, inside: [f64; 4]) -> District {
    District { code, name, inside }
}

const DISTRICTS: [District; 16] = [
    district("310101", "黄浦区", [121.470, 31.200, 121.500, 31.240]),
    district("310104", "徐汇区", [121.425, 31.140, 121.455, 31.200]),
    district("310105", "长宁区", [121.350, 31.200, 121.420, 31.225]),
    district("310106", "静安区", [121.440, 31.230, 121.465, 31.310]),
    district("310107", "普陀区", [121.370, 31.240, 121.430, 31.270]),
    district("310109", "虹口区", [121.475, 31.255, 121.500, 31.290]),
    district("310110", "杨浦区", [121.510, 31.265, 121.550, 31.310]),
    district("310112", "闵行区", [121.370, 31.030, 121.450, 31.120]),
    district("310113", "宝山区", [121.370, 31.340, 121.470, 31.430]),
    district("310114", "嘉定区", [121.200, 31.320, 121.300, 31.400]),
    district("310115", "浦东新区", [121.560, 31.080, 121.750, 31.230]),
    district("310116", "金山区", [121.150, 30.760, 121.320, 30.870]),
    district("310117", "松江区", [121.170, 30.990, 121.280, 31.080]),
    district("310118", "青浦区", [121.050, 31.110, 121.150, 31.180]),
    district("310120", "奉贤区", [121.440, 30.880, 121.600, 30.950]),
    district("310151", "崇明区", [121.450, 31.600, 121.650, 31.680]),
];

const ROADS: [&str; 12] = [
    "样例路",
    "样例东路",
    "样例西路",
    "样例南路",
    "样例北路",
    "样例大道",
    "示例一路",
    "示例二路",
    "示例三路",
    "示例支路",
    "示例河路",
    "示例公路",
];

const SURNAMES: [&str; 16] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林",
];

/// GCJ-02 minus WGS84 near Shanghai, degrees: about 430 m east and 210 m south, constant enough for a sample.
const GCJ02_OFFSET: (f64, f64) = (0.0045, -0.0019);

impl SampleOrders {
    /// The order at `index`.
    #[must_use]
    pub fn order(&self, index: u32) -> Order {
        let mut dice = self.dice(index);
        // One order in 25 is a second call about an earlier one of the row.
        if index > 0 && dice.percent(4) {
            return self.second_call(index, index - 1 - dice.below(index.min(5)), &mut dice);
        }
        let matters = self.matters();
        let matter = dice.pick(&matters);
        let district = dice.pick(&DISTRICTS);
        let place = place(&mut dice, district);
        let appeal_type = self.appeal(&mut dice, matter);
        let (lng, lat, coord_type) = point(&mut dice, district);
        Order {
            order_no: self.order_no(index),
            urgency: urgency(&mut dice, matter.urgent || self.channel == "110").to_owned(),
            appeal_type,
            category: matter.category.clone(),
            title: format!("{}{}（样例）", district.name, matter.title),
            content: matter.content.replace("{place}", &place),
            address: format!("{}{place}", district.name),
            area_code: district.code.to_owned(),
            lng,
            lat,
            coord_type,
            caller: caller(&mut dice),
            accept_time: shanghai_text(self.base - self.age(&mut dice)),
            is_review: dice.percent(6),
            supervised: dice.percent(5),
            urge_count: if dice.percent(15) { 1 + dice.below(3) } else { 0 },
            duplicate_order_no: None,
        }
    }

    /// The same citizen calls again about the order at `earlier`, with a number of its own.
    fn second_call(&self, index: u32, earlier: u32, dice: &mut Dice) -> Order {
        let first = self.order(earlier);
        Order {
            order_no: self.order_no(index),
            content: format!("{}市民再次来电催促，称尚未收到回复。", first.content),
            accept_time: shanghai_text(self.base - i64::from(dice.below(600))),
            duplicate_order_no: Some(first.order_no.clone()),
            ..first
        }
    }

    /// Unique within the row by its index; rows differ by platform, day and a number drawn from the seed.
    fn order_no(&self, index: u32) -> String {
        let prefix = match self.channel.as_str() {
            "12345" => "SH",
            "12319" => "CJ",
            _ => "JJ",
        };
        let row = Dice::new(self.seed ^ self.base.unsigned_abs().rotate_left(32)).below(1_000_000);
        format!("{prefix}{}{row:06}{index:05}", shanghai_day(self.base))
    }

    /// Seconds before the base.
    fn age(&self, dice: &mut Dice) -> i64 {
        const HOUR: u32 = 3600;
        let age = match self.spread {
            Spread::Fresh => dice.below(600),
            Spread::Backlog => match dice.below(100) {
                0..35 => dice.below(8 * HOUR),
                35..65 => 8 * HOUR + dice.below(40 * HOUR),
                _ => 48 * HOUR + dice.below(144 * HOUR),
            },
        };
        i64::from(age)
    }

    /// What this platform hears about: the police pass on calls for help and offences, no inquiries.
    fn matters(&self) -> Vec<&'static Matter> {
        MATTERS
            .iter()
            .filter(|matter| !self.appeals(matter).is_empty())
            .collect()
    }

    fn appeals<'m>(&self, matter: &'m Matter) -> Vec<&'m String> {
        let police = self.channel == "110";
        matter
            .appeals
            .iter()
            .filter(|appeal| !police || matches!(appeal.as_str(), "求助" | "举报"))
            .collect()
    }

    fn appeal(&self, dice: &mut Dice, matter: &Matter) -> String {
        (*dice.pick(&self.appeals(matter))).clone()
    }

    fn dice(&self, index: u32) -> Dice {
        let channel: u64 = self.channel.parse().unwrap_or_default();
        let mut mix = Dice::new(self.seed);
        Dice::new(mix.next() ^ Dice::new((channel << 32) | u64::from(index)).next())
    }
}

fn place(dice: &mut Dice, district: &District) -> String {
    let road = *dice.pick(&ROADS);
    let other = *dice.pick(&ROADS);
    let number = 1 + dice.below(988);
    match dice.below(3) {
        0 if other != road => format!("{road}近{other}"),
        1 => format!("{road}{number}弄（{}样例小区）", district.name),
        _ => format!("{road}{number}号"),
    }
}

fn point(dice: &mut Dice, district: &District) -> (Option<f64>, Option<f64>, Option<String>) {
    if dice.percent(10) {
        return (None, None, None);
    }
    let [west, south, east, north] = district.inside;
    let (lng, lat) = (
        west + (east - west) * dice.unit(),
        south + (north - south) * dice.unit(),
    );
    let (lng, lat, datum) = if dice.percent(20) {
        (lng + GCJ02_OFFSET.0, lat + GCJ02_OFFSET.1, "gcj02")
    } else {
        (lng, lat, "wgs84")
    };
    // Six decimals are about 10 cm, what the platforms' maps give.
    let rounded = |degrees: f64| Some((degrees * 1e6).round() / 1e6);
    (rounded(lng), rounded(lat), Some(datum.to_owned()))
}

fn urgency(dice: &mut Dice, pressing: bool) -> &'static str {
    match (dice.below(100), pressing) {
        (0..35, true) | (0..2, false) => "紧急",
        (35..75, true) | (2..8, false) => "次紧急",
        _ => "普通",
    }
}

fn caller(dice: &mut Dice) -> Caller {
    let surname = *dice.pick(&SURNAMES);
    let phone = format!("1990000{:04}", dice.below(10_000));
    let anonymous = dice.percent(8);
    let name = if anonymous {
        "匿名市民（样例）".to_owned()
    } else {
        format!("市民{surname}某（样例）")
    };
    Caller {
        name,
        phone,
        anonymous,
        confidential: dice.percent(5),
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, seedable, the same on every machine. Not for secrets.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `bound` − 1; 0 for a bound of 0.
    fn below(&mut self, bound: u32) -> u32 {
        // The high half times the bound, high half again (Lemire): always below `bound`.
        let scaled = ((self.next() >> 32) * u64::from(bound)) >> 32;
        u32::try_from(scaled).unwrap_or_default()
    }

    fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }

    /// 0.0 to 1.0.
    fn unit(&mut self) -> f64 {
        f64::from(self.below(u32::MAX)) / f64::from(u32::MAX)
    }

    fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        let bound = u32::try_from(of.len()).unwrap_or(u32::MAX);
        &of[self.below(bound) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const BASE: i64 = 1_795_500_000;

    fn row(channel: &str, seed: u64) -> SampleOrders {
        SampleOrders {
            channel: channel.to_owned(),
            seed,
            base: BASE,
            spread: Spread::Backlog,
        }
    }

    #[test]
    fn split_mix_64_gives_the_published_sequence() {
        // Reference output for seed 1234567 (Vigna's splitmix64.c, as quoted by Rosetta Code).
        let mut dice = Dice::new(1_234_567);
        assert_eq!(dice.next(), 6_457_827_717_110_365_317);
        assert_eq!(dice.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn the_same_seed_and_index_give_the_same_order() {
        for index in [0, 1, 77, 1999] {
            assert_eq!(row("12345", 7).order(index), row("12345", 7).order(index));
        }
        assert_ne!(row("12345", 7).order(3).content, row("12345", 8).order(3).content);
    }

    #[test]
    fn numbers_are_unique_over_the_three_platforms() {
        let numbers: BTreeSet<String> = CHANNELS
            .iter()
            .flat_map(|channel| (0..1000).map(|index| row(channel, 1).order(index).order_no))
            .collect();
        assert_eq!(numbers.len(), 3000);
    }

    #[test]
    fn a_thousand_orders_cover_16_districts_and_over_40_matters() {
        let orders: Vec<Order> = (0..1000).map(|index| row("12345", 1).order(index)).collect();
        let districts: BTreeSet<&str> = orders.iter().map(|order| order.area_code.as_str()).collect();
        assert_eq!(districts.len(), 16);
        assert!(MATTERS.len() >= 40);
        assert!(orders.iter().any(|order| order.is_review));
        assert!(orders.iter().any(|order| order.supervised));
        assert!(orders.iter().any(|order| order.urge_count > 1));
        assert!(orders.iter().any(|order| order.coord_type.is_none()));
        assert!(orders.iter().any(|order| order.duplicate_order_no.is_some()));
        for urgency in ["普通", "次紧急", "紧急"] {
            assert!(orders.iter().any(|order| order.urgency == urgency), "{urgency}");
        }
    }

    #[test]
    fn nothing_looks_like_a_real_person_or_place() {
        for order in (0..1000).map(|index| row("110", 5).order(index)) {
            assert!(order.title.ends_with("（样例）"));
            assert!(order.caller.name.ends_with("（样例）"));
            assert!(
                order.caller.phone.starts_with("1990000"),
                "{}",
                order.caller.phone
            );
            assert!(
                order.address.contains("样例") || order.address.contains("示例"),
                "{}",
                order.address
            );
        }
    }

    #[test]
    fn a_second_call_names_the_order_it_repeats() {
        let orders: Vec<Order> = (0..1000).map(|index| row("12319", 2).order(index)).collect();
        let numbers: BTreeSet<&String> = orders.iter().map(|order| &order.order_no).collect();
        for order in &orders {
            if let Some(first) = &order.duplicate_order_no {
                assert_ne!(first, &order.order_no);
                assert!(numbers.contains(first));
            }
        }
    }

    #[test]
    fn the_police_pass_on_no_inquiries() {
        for order in (0..500).map(|index| row("110", 9).order(index)) {
            assert!(
                matches!(order.appeal_type.as_str(), "求助" | "举报"),
                "{}",
                order.appeal_type
            );
        }
    }

    #[test]
    fn a_backlog_reaches_back_eight_days_and_a_fresh_row_ten_minutes() {
        let earliest = |spread| {
            (0..1000)
                .map(|index| {
                    SampleOrders {
                        spread,
                        ..row("12345", 1)
                    }
                    .order(index)
                    .accept_time
                })
                .min()
        };
        let backlog = earliest(Spread::Backlog).expect("orders");
        assert!(backlog >= shanghai_text(BASE - 8 * 86_400) && backlog < shanghai_text(BASE - 7 * 86_400));
        assert!(earliest(Spread::Fresh).expect("orders") >= shanghai_text(BASE - 600));
    }
}
