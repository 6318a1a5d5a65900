//! Every problem a pack can have: its code, and the sentence for its author.
//!
//! The one place of these sentences. Codes are never given to another problem, so that a manual can name them: E1 is
//! the folder and its files, E2 the language (`shenhai-forms` numbers those), E3 the flow, E4 clocks, E5 names and
//! cells, E6 the face, E7 versions, E8 what formulas yield, E9 examples; W
//! warns.

macro_rules! problems {
    ($($(#[$doc:meta])* $code:literal $name:ident $({ $($field:ident: $type:ty),+ })? => $text:literal,)+) => {
        /// What is wrong, with what its sentence names.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) enum Problem {
            $($(#[$doc])* $name $({ $($field: $type),+ })?),+
        }

        impl Problem {
            /// Its code.
            pub(crate) fn code(&self) -> &'static str {
                match self { $(Self::$name { .. } => $code),+ }
            }

            /// Its sentence.
            pub(crate) fn text(&self) -> String {
                match self { $(Self::$name $({ $($field),+ })? => format!($text)),+ }
            }
        }

        /// Every code, for the manual and its test.
        #[cfg(test)]
        pub(crate) const CODES: &[&str] = &[$($code),+];
    };
}

problems! {
    "E101" FileMissing => "缺少这个文件",
    "E102" UnknownFile => "业务包里没有这个位置：请核对文件名，或移到包外",
    "E103" NotUtf8 => "不是 UTF-8 编码：请在 WPS 或 Excel 中另存为“CSV UTF-8（逗号分隔）”",
    "E104" ControlCharacter => "含有看不见的控制字符",
    "E105" NoHeader => "没有表头：第一行应写列名",
    "E106" ColumnMissing => "缺少这一列",
    "E107" UnknownColumn { known: String } => "不认识这一列；可用的列：{known}，以及备注用的 note、tag",
    "E108" ColumnTwice => "这一列出现了两次",
    "E109" TooManyColumns { max: usize } => "列太多，最多 {max} 列",
    "E110" TooManyRows => "行太多，从这一行起没有再读",
    "E111" CellTooLong { max: usize } => "内容太长，最多 {max} 字节",
    "E112" CellBesideTable => "表格右侧没有列名的位置写了内容",
    "E113" StrayQuote => "引号的位置不对：含引号的内容要整体加引号，其中的引号写两遍",
    "E114" QuoteNotClosed => "这一行打开的引号一直没有关上",
    "E115" NotToml { message: String } => "不符合 TOML 写法：{message}",
    "E116" UnknownKey { known: String } => "不认识这一项；可用的项：{known}",
    "E117" KeyMissing => "缺少这一项",
    "E118" WrongValue { wanted: &'static str } => "应为{wanted}",
    "E119" TooManyFindings { more: usize } => "另有 {more} 处问题没有列出，请先改正以上各处",

    "E120" UnsafePath { path: String } => "“{path}”不能作包内的文件名：只用小写字母、数字和“_”“-”“.”，不能是隐藏文件，也不能指向包外",
    "E121" PathTwice => "文件出现了两次",
    "E122" NotAFile => "不是普通文件：包里不能放快捷方式或链接",
    "E123" FileTooLarge { max: usize } => "文件太大，最多 {max} 字节",
    "E124" TooManyFiles { max: usize } => "文件太多，最多 {max} 个",
    "E125" PackTooLarge { max: usize } => "文件合计太大，最多 {max} 字节",

    "E501" CellMissing => "必须填写",
    "E502" NotAName { what: &'static str, text: String } => "“{text}”不能作{what}的名称：以小写字母开头，只用小写字母、数字和下划线，最多 48 个字符",
    "E503" UnknownWord { text: String, known: String } => "不认识“{text}”；可填：{known}",
    "E504" Unknown { what: &'static str, name: String } => "没有名为“{name}”的{what}",
    "E505" NamedTwice { name: String } => "“{name}”出现了两次",
    "E506" ReservedName { name: String } => "“{name}”是系统自用的名称，请换一个",
    "E507" NotInRange { least: u32, most: u32 } => "应为 {least} 到 {most} 的整数",
    "E508" TooMany { what: &'static str, max: usize } => "{what}太多，最多 {max} 个",
    "E509" KindCount { max: usize } => "至少要有一种业务类型，最多 {max} 种",
    "E510" ListNotFitting => "类型为 code 或 codes 时要写代码表，其他类型不写",
    "E511" KeyOutsideTable => "只有表格的列可以作键",
    "E512" NestedTable => "表格里不能再放表格或标记",
    "E513" TableWithoutColumns => "表格没有列：请为每一列写一行，名称写作“表格.列”",
    "E514" NotACode { text: String } => "“{text}”不能作代码：只用字母、数字、“_”“.”“-”，最多 64 个字符",
    "E515" NotANumber => "应为数字，小数位数不超过表头所写",
    "E516" EmptyList => "代码表里没有代码",
    "E517" NotAnAssignment { text: String } => "“{text}”应写作“名称 = 公式”，多个之间用分号或换行隔开",
    "E518" NotAWho { text: String } => "不认识“{text}”；可写：角色@席位 角色@席位/unit 角色@any device@席位 adapter:名称 clock:时钟 asked link:关联/done",
    "E519" NotAQuestion { text: String } => "不认识“{text}”；可问：least_busy(unit) unit_of(point, matter) person(id) number('series')",
    "E520" CellUnused { effect: String } => "效果 {effect} 不用这一列",
    "E521" NotAPair { text: String } => "“{text}”应写作“关联.动作”或“端口.消息”",
    "E522" NotAMoment { text: String } => "“{text}”不是时刻；如 closed_at + 30 day、finish.due - 5 workday",
    "E523" NotAScope { text: String } => "不认识范围“{text}”；如 person:{{main}} unit:{{main/unit}} unit:{{main/*/unit}} place:{{window}} bureau",
    "E524" NotATemplate { text: String } => "“{text}”不能作编号模板：小写字母、数字、连字符和 {{事实}}",
    "E525" ClassedInTemplate { name: String } => "编号里不能用个人信息“{name}”",
    "E526" TemplateType { name: String } => "编号里只能用文字、代码、整数和日期，“{name}”不是",

    "E301" NoOpening => "没有动作能建立这种记录：至少有一行 from 留空",
    "E302" OpensNowhere => "from 留空的动作要写明建立后的状态",
    "E303" Unreachable { name: String } => "没有动作能到达状态“{name}”",
    "E304" DeadEnd { name: String } => "状态“{name}”没有出路：应有动作离开它，或把它的类别改为 done 或 void",
    "E305" NeverTried { earlier: u32 } => "这一行永远轮不到：第 {earlier} 行条件更宽，又没有 when",
    "E306" BackFromWork { name: String } => "@back 只能用在等待中的状态，“{name}”不是 waiting",
    "E307" WhenWithoutWhy => "写了 when 就要写 why：不满足时给人看的理由",
    "E308" WhyWithoutWhen => "没有 when，就用不到 why",
    "E309" SpineAct => "系统动作只写谁在哪些状态可以做（from、who、when、why）；只有 reassign 可以写 to",
    "E310" OrderNotRising => "同一动作的 order 应从小到大",
    "E311" EffectsOfSpineAct => "系统动作不能带效果",
    "E312" SeatIsSet { name: String } => "席位“{name}”可坐多人，只能用 join 和 leave",
    "E313" SeatIsStack { name: String } => "席位“{name}”只坐一人，不能用 join 和 leave",
    "E314" SeatHoldsOther { name: String, wanted: &'static str } => "席位“{name}”应坐{wanted}",
    "E315" NoForm => "这个动作没有表单，没有可取的答案",
    "E316" NothingAnswered => "表单里没有与事实同名的答案",
    "E317" AnswerMismatch { name: String } => "答案“{name}”与同名事实的类型或个人信息类别不同",
    "E318" FormMissing { name: String } => "缺少表单“{name}”的答案表 law/forms/{name}.csv",
    "E319" LinkUnknown { name: String } => "没有名为“{name}”的关联：应由 open 或 link 建立",
    "E320" LinkOfTwoKinds { name: String } => "关联“{name}”先后指向两种记录",
    "E321" NoContract { who: String, may: String } => "没有约定允许“{who}”{may}：请在对方的 contracts.csv 里加一行",
    "E322" ContractTakesNot { name: String } => "约定不接受“{name}”",
    "E323" ContractGivesClassed { name: String } => "约定不能给出个人信息“{name}”",
    "E324" PortTakesNot { name: String } => "端口没有声明个人信息类别“{name}”",
    "E325" ActOfNobody { act: String, who: &'static str } => "动作“{act}”没有写 who 为 {who} 的行",
    "E326" ScopeTwice => "同一范围、同一类别已有一行，这一行用不到",
    "E327" LinkNewsUnknown { act: String } => "对方没有动作“{act}”",
    "E328" TooManyEffects { max: usize } => "效果展开后最多可能有 {max} 条以上",

    "E329" OpenedFromSeat { seat: String } => "建立记录时席位“{seat}”上还没有人，这里只能写 角色@any、adapter、asked",
    "E330" NoAlarm { clock: String } => "时钟“{clock}”没有提醒会做这个动作",
    "E331" SeenByNobody { kind: String } => "没有人看得到“{kind}”：sights.csv 里没有它的行",
    "E332" SeatNeverFilled { seat: String } => "席位“{seat}”从来没有人坐：没有 assign、push、join 用到它",
    "E333" OwnKindExpected => "这里只写别的业务包，写作“业务包.业务类型”",
    "E334" NotGiven { name: String, of: String } => "“{of}”没有约定给出“{name}”",
    "E335" GivenOther { name: String, of: String, given: String, wanted: String } => "“{of}”给出的“{name}”是 {given}，这里写的是 {wanted}",
    "E336" ClassNotTaken { name: String, class: &'static str } => "对方的答案“{name}”不是个人信息类别 {class}，不能接收",
    "E337" CodesUnknown { of: String, codes: String } => "“{of}”还可能给出代码 {codes}，这里的代码表里没有",
    "E338" ScopeWithoutDefault => "这个范围还要有一行 class 留空：其他类别的个人信息给看多少",

    "E401" ClockWithoutWhile => "时钟没有 while：它永远不会停",
    "E402" ClockNeverEnds { name: String } => "记录到了状态“{name}”，时钟还在走",
    "E403" NotCovered { example: String } => "没有一条期限适用于 {example}",
    "E404" TagMissing => "要写明依据：F 公开材料，K 常识未核实，A 暂定",
    "E405" TermOfTwoKinds => "写了 until 就不写 n、unit、from",
    "E406" TooManyCombinations { max: usize } => "条件用到的代码组合超过 {max} 种，无法逐一核对",
    "E407" NoTerm => "时钟没有期限",

    "E801" ClassedValue { name: String } => "“{name}”是个人信息：公式里只能问 has({name})，或整体复制到同类别的事实",
    "E802" WrongType { found: String, wanted: String } => "公式得到{found}，这里要{wanted}",
    "E803" CalcCycle { names: String } => "计算互相依赖：{names}",
    "E804" CalcChanged { name: String } => "“{name}”由公式计算，不能再用 set 改",
    "E805" TooCostly { cost: u64, max: u64 } => "公式最坏要算 {cost} 步，最多 {max} 步",
    "E806" NotAMomentFact { name: String } => "“{name}”不是时间或日期",

    "E601" TextMissing { key: String } => "缺少文案“{key}”",
    "E602" TextTwice { key: String } => "文案“{key}”出现了两次",
    "E603" NotAKey { text: String } => "“{text}”不能作文案的键",
    "E604" NotInIndex { name: String } => "“{name}”不能用在列表里：只能用不属个人信息的单值事实、state、category、时钟的 _due",
    "E605" TooManyColumnsOfIndex { max: usize } => "各列表一共用到的列超过 {max} 个",
    "E606" SectionOfNothing => "每一节应写 facts、step、part 之一",
    "E607" OtherDue => "同一种业务的各个列表，due 应写得相同：到期是同一列",

    "E701" VersionNotRaised { version: u32 } => "法则有改动，版本号应大于 {version}",
    "E702" OlderVersion { version: u32, held: u32 } => "版本 {version} 比现行的 {held} 旧",
    "E703" OtherPack { id: String } => "pack.lock 属于另一个业务包“{id}”",
    "E704" CodeGone { name: String } => "“{name}”曾经用过，不能删除：请在代码表里把它标为 retired",
    "E705" MeaningChanged { name: String, was: String, now: String } => "“{name}”原来是 {was}，现在是 {now}：用过的名称不能改变含义，请另取新名",
    "E706" NotALock => "不是本系统生成的 pack.lock",
    "E710" BadMigration { version: u32 } => "文件名应写作“旧版本-新版本”，新版本大于旧版本，不超过 {version}",
    "E711" NotMapped { name: String } => "没有写明“{name}”怎么办：改为哪个名称，或留空表示不再保留",
    "E712" MapsToOther { name: String, was: String, now: String } => "“{name}”原来是 {was}，改成的名称是 {now}：值不能换类型",

    "E901" NotAnActor { text: String } => "不认识“{text}”；可写：角色:人员@单位 adapter:名称 device:场所",
    "E902" NotAnInstant => "应写作 2026-02-03 09:00",
    "E903" OutcomeDiffers { found: String } => "结果是 {found}",
    "E904" StateDiffers { found: String } => "状态是 {found}",
    "E905" FactDiffers { name: String, found: String } => "“{name}”是“{found}”",
    "E906" NotAValue { name: String } => "“{name}”的值不符合它的类型",

    "W601" TextUnused { key: String } => "没有地方用到文案“{key}”",
    "W602" FormNotDrawn { name: String } => "表单“{name}”只有答案表，还没有画出来（law/forms/{name}.xml）",
    "W603" FormUnused { name: String } => "没有动作用到表单“{name}”",
    "W604" ListUnused { name: String } => "没有地方用到代码表“{name}”",
    "W605" OtherPackUnseen { name: String } => "“{name}”在另一个业务包里，这里无法核对它的约定",
    "W606" FactNeverSet { name: String } => "没有动作会给事实“{name}”取值",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn no_code_is_given_to_two_problems() {
        let once: BTreeSet<_> = super::CODES.iter().collect();
        assert_eq!(once.len(), super::CODES.len());
        assert!(
            super::CODES
                .iter()
                .all(|code| code.len() == 4 && code.starts_with(['E', 'W']))
        );
    }
}
