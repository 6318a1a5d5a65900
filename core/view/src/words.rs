//! The words of a kind: the face's texts by what they are of, and the few that are the product's own.
//!
//! A text that is missing – of a state that a newer face no longer knows, say – is replaced by the name itself.

use shenhai_flow::fold::Law;
use shenhai_pack::Pack;
use shenhai_pack::face::Texts;
use shenhai_pack::law::Category;
use shenhai_pack::names::{FactId, KindId, Name};

/// The words of one kind.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    texts: &'a Texts,
    kind: &'a KindId,
}

/// Acts that mean the same in every pack, so that no pack has a text for them.
const SPINE: [(&str, &str); 7] = [
    ("reveal", "查看个人信息"),
    ("reassign", "改派"),
    ("adopt", "采纳"),
    ("repin", "换用新版规则"),
    ("amend", "更正"),
    ("import", "导入"),
    ("erase", "删除个人信息"),
];

/// Columns that every index has.
const COLUMNS: [(&str, &str); 7] = [
    ("state", "状态"),
    ("category", "进度"),
    ("opened_at", "建立时间"),
    ("closed_at", "办结时间"),
    ("changed_at", "更新时间"),
    ("due", "期限"),
    ("colour", "颜色"),
];

fn own(words: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    words.iter().find(|(key, _)| *key == name).map(|(_, text)| *text)
}

impl<'a> Words<'a> {
    /// Of what only the commit will know.
    pub const LATER: &'static str = "待定";
    pub(crate) const SEAT: &'static str = "岗位";
    pub(crate) const PERSON: &'static str = "改派给（人员编号）";
    pub(crate) const YES: &'static str = "是";
    pub(crate) const NO: &'static str = "否";

    /// The words of a kind.
    #[must_use]
    pub fn new(texts: &'a Texts, kind: &'a KindId) -> Self {
        Self { texts, kind }
    }

    /// What people call the kind.
    #[must_use]
    pub fn title(&self) -> String {
        let key = format!("kind.{}.name", self.kind);
        self.texts.get(&key).unwrap_or(self.kind.as_str()).to_owned()
    }

    /// An act.
    #[must_use]
    pub fn act(&self, act: &str) -> String {
        own(&SPINE, act).map_or_else(|| self.of("act", act), str::to_owned)
    }

    /// Why a guard says no.
    #[must_use]
    pub fn why(&self, why: &str) -> String {
        self.of("why", why)
    }

    pub(crate) fn state(&self, state: &str) -> String {
        self.of("state", state)
    }

    pub(crate) fn clock(&self, clock: &str) -> String {
        self.of("clock", clock)
    }

    pub(crate) fn seat(&self, seat: &str) -> String {
        self.of("seat", seat)
    }

    pub(crate) fn section(&self, section: &str) -> String {
        self.of("section", section)
    }

    pub(crate) fn column(name: &str) -> String {
        own(&COLUMNS, name).unwrap_or(name).to_owned()
    }

    pub(crate) fn category(category: Category) -> &'static str {
        match category {
            Category::New => "新建",
            Category::Active => "办理中",
            Category::Waiting => "等待中",
            Category::Done => "已完成",
            Category::Void => "已作废",
        }
    }

    /// What the law calls a fact.
    pub(crate) fn fact(&self, law: &Law, fact: &FactId) -> String {
        let known = law.kind(self.kind).and_then(|kind| kind.fact(fact));
        known.map_or_else(|| fact.to_string(), |fact| fact.label.clone())
    }

    fn of(&self, what: &str, name: &str) -> String {
        let key = format!("kind.{}.{what}.{name}", self.kind);
        self.texts.get(&key).unwrap_or(name).to_owned()
    }
}

/// What people call a pack.
#[must_use]
pub fn pack_title(pack: &Pack) -> String {
    let title = pack.face.texts.get("pack");
    title.unwrap_or(pack.manifest.id.as_str()).to_owned()
}
