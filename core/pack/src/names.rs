//! The names a pack gives to things. Each is its own type, so that an act is never passed as a state.
//!
//! Not the words people read: those are the face's texts. Every name is plain ASCII, so that it means the same in a
//! digest, a database column, a formula and a spreadsheet.

use std::borrow::Borrow;
use std::fmt;

/// Most characters of a name.
pub const LONGEST_NAME: usize = 48;

/// Whether `text` is a name: `[a-z][a-z0-9_]*`, at most [`LONGEST_NAME`] characters.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= LONGEST_NAME
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// A type of name.
pub trait Name: Sized + Ord + fmt::Display {
    /// What it names, in the words of an author.
    const WHAT: &'static str;

    /// A name from its text; `None` where [`is_name`] does not hold.
    fn parse(text: &str) -> Option<Self>;

    /// The name as the sheets spell it.
    fn as_str(&self) -> &str;
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident $what:literal;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(Box<str>);

            impl Name for $name {
                const WHAT: &'static str = $what;

                fn parse(text: &str) -> Option<Self> {
                    is_name(text).then(|| Self(text.into()))
                }

                fn as_str(&self) -> &str {
                    &self.0
                }
            }

            // A map of names is looked up by what a formula says, which is a text.
            impl Borrow<str> for $name {
                fn borrow(&self) -> &str {
                    &self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }
        )+
    };
}

names! {
    /// A pack.
    PackId "业务包";
    /// A kind of record.
    KindId "业务类型";
    /// What a person, a device or an adapter does to a record.
    ActId "动作";
    /// Where a record stands.
    StateId "状态";
    /// A fact of a record, or a column of one of its tables.
    FactId "事实";
    /// Who or what holds a record.
    SeatId "席位";
    /// What somebody may do, as grants name it.
    RoleName "角色";
    /// A clock.
    ClockId "时钟";
    /// A code list.
    ListId "代码表";
    /// A form.
    FormId "表单";
    /// The name under which a record holds another.
    LinkId "关联";
    /// A way out of the product, bound by the operator.
    PortId "端口";
    /// What is sent through a port.
    MessageId "消息";
    /// A class of the log.
    LogClass "日志类别";
    /// The name of an answer to a question of the closed list.
    AskId "查询结果";
    /// A list of the face.
    ViewId "列表";
    /// A tab of a list.
    TabId "标签";
    /// Part of a key of the texts.
    TextId "文案";
}
