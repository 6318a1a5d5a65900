//! What a handler fills in: the contact record (先行联系), the reply (处置反馈) and the return (退单).
//!
//! Only shapes; which combinations are valid is `shenhai_flow::forms`.

use crate::{UnitId, UnixMillis};
use serde::{Deserialize, Serialize};

macro_rules! wire_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value, in the order in which a person is offered them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }
    };
}
pub(crate) use wire_enum;

wire_enum! {
    /// Which of a handler's forms.
    FormKind {
        /// 先行联系
        Contact,
        /// 处置反馈
        Reply,
        /// 退单
        Return,
    }
}

wire_enum! {
    /// 未联原因: why the citizen was not reached.
    UnreachedReason {
        /// 始终关机
        PoweredOff,
        /// 始终未接
        NoAnswer,
        /// 其他
        Other,
    }
}

wire_enum! {
    /// 事实认定. Which values are offered depends on the matter of the order (see `shenhai_flow::forms`).
    FactFinding {
        /// 属实
        True,
        /// 部分属实
        PartlyTrue,
        /// 不属实
        False,
        /// 采纳 (suggestions)
        Adopted,
        /// 部分采纳 (suggestions)
        PartlyAdopted,
        /// 留作参考 (suggestions)
        KeptForReference,
        /// 不予采纳 (suggestions)
        NotAdopted,
        /// 有政策信息 (inquiries)
        PolicyFound,
        /// 无政策信息 (inquiries)
        NoPolicy,
        /// 对政策解释不接受 (inquiries)
        PolicyNotAccepted,
    }
}

wire_enum! {
    /// 诉求认定: how the demand is judged.
    AppealFinding {
        /// 诉求合理合法
        Reasonable,
        /// 无政策依据
        NoPolicyBasis,
        /// 诉求过高
        Excessive,
        /// 其他
        Other,
    }
}

wire_enum! {
    /// 现场查看: whether somebody went to look.
    SiteVisit {
        /// 是
        Yes,
        /// 否
        No,
        /// 无实际现场
        NoSite,
    }
}

wire_enum! {
    /// 是否满意: the citizen's answer when asked.
    Satisfaction {
        /// 满意
        Satisfied,
        /// 不满意
        Dissatisfied,
        /// 认可
        Accepted,
        /// 未评价
        NotRated,
    }
}

wire_enum! {
    /// 答复方式.
    ReplyMode {
        /// 电话
        Phone,
        /// 书面
        Written,
        /// 约谈
        Meeting,
    }
}

/// 先行联系: the first call to the citizen. A missing value is one not answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ContactForm {
    /// 已联 (true) or 未联 (false).
    pub reached: Option<bool>,
    /// 联系时间, required when reached.
    pub contacted_at: Option<UnixMillis>,
    /// 联系人, required when reached.
    pub contact_person: String,
    /// 未联原因, required when not reached.
    pub unreached_reason: Option<UnreachedReason>,
    /// 备注.
    pub note: String,
}

/// 处置反馈: the reply to the citizen and its findings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ReplyForm {
    /// 事实认定.
    pub fact: Option<FactFinding>,
    /// 事实认定说明.
    pub fact_note: String,
    /// 诉求认定.
    pub appeal: Option<AppealFinding>,
    /// 诉求认定说明.
    pub appeal_note: String,
    /// 现场查看.
    pub site_visit: Option<SiteVisit>,
    /// 现场查看时间, required on a 复核单.
    pub site_visit_at: Option<UnixMillis>,
    /// 二级部门电话, required on a 复核单.
    pub department_phone: String,
    /// 是否满意.
    pub satisfaction: Option<Satisfaction>,
    /// 市民反馈说明.
    pub citizen_feedback: String,
    /// 答复方式.
    pub mode: Option<ReplyMode>,
    /// 处置部门.
    pub department: String,
    /// 回复时间.
    pub replied_at: Option<UnixMillis>,
    /// 处置情况.
    pub handling: String,
    /// 实际解决 (true) or 解释说明 (false).
    pub resolved: Option<bool>,
}

/// 退单: the order is not ours, with the reason and the unit it should go to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ReturnForm {
    /// 退单理由.
    pub reason: String,
    /// 建议承办单位, where the handler knows it.
    pub suggested_unit: Option<UnitId>,
}

wire_enum! {
    /// What is wrong with one field of a form.
    IssueCode {
        /// Must be filled in.
        Required,
        /// Longer than allowed.
        TooLong,
        /// This value is not offered for this order.
        NotOffered,
        /// The note merely repeats the option's own text.
        RepeatsOption,
        /// Lies in the future.
        InFuture,
        /// Lies before the order was received.
        BeforeOrder,
    }
}

/// One finding of a form check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FormIssue {
    /// Name of the field as in the form's JSON.
    pub field: String,
    /// What is wrong with it.
    pub code: IssueCode,
}
