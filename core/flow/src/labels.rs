//! The Chinese text of each option of the hotline's forms, exactly as the city's forms print it.
//!
//! Not the user interface's wording, which lives in its own text file. Called by `forms` for the rule that a
//! note may not merely repeat the option's text.

use shenhai_protocol::{AppealFinding, FactFinding, ReplyMode, Satisfaction, SiteVisit, UnreachedReason};

/// A value a person chooses from a list.
pub trait Label: Copy {
    /// The option as the form prints it.
    fn label(self) -> &'static str;
}

macro_rules! labels {
    ($($option:ident { $($variant:ident $text:literal),+ $(,)? })+) => {
        $(impl Label for $option {
            fn label(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        })+
    };
}

labels! {
    UnreachedReason {
        PoweredOff "始终关机",
        NoAnswer "始终未接",
        Other "其他",
    }
    FactFinding {
        True "属实",
        PartlyTrue "部分属实",
        False "不属实",
        Adopted "采纳",
        PartlyAdopted "部分采纳",
        KeptForReference "留作参考",
        NotAdopted "不予采纳",
        PolicyFound "有政策信息",
        NoPolicy "无政策信息",
        PolicyNotAccepted "对政策解释不接受",
    }
    AppealFinding {
        Reasonable "诉求合理合法",
        NoPolicyBasis "无政策依据",
        Excessive "诉求过高",
        Other "其他",
    }
    SiteVisit {
        Yes "是",
        No "否",
        NoSite "无实际现场",
    }
    Satisfaction {
        Satisfied "满意",
        Dissatisfied "不满意",
        Accepted "认可",
        NotRated "未评价",
    }
    ReplyMode {
        Phone "电话",
        Written "书面",
        Meeting "约谈",
    }
}
