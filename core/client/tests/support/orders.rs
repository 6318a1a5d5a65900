//! Orders as tests want them.

use shenhai_protocol::*;

/// An order as the hotline would push it.
pub fn order(handler: &str, number: u32) -> WorkOrder {
    let received = UnixMillis(super::START - 3_600_000);
    WorkOrder {
        id: OrderId(format!("12345-SH{number:06}")),
        channel: Channel::H12345,
        source_no: format!("SH{number:06}"),
        rev: 1,
        state: OrderState::Accepted,
        urgency: Urgency::Normal,
        matter: Matter::Complaint,
        category: "排水/管道堵塞".to_owned(),
        title: format!("小区污水外溢{number}"),
        content: "西藏南路某小区门口污水井冒水，气味很大。".to_owned(),
        address: "西藏南路一百弄".to_owned(),
        district: "310101".to_owned(),
        district_name: "黄浦区".to_owned(),
        point: None,
        is_review: false,
        supervised: false,
        urge_count: 0,
        duplicate_of: None,
        received_at: received,
        deadlines: Deadlines {
            contact_by: received.plus(86_400_000),
            finish_by: received.plus(5 * 86_400_000),
            provisional: false,
            rules: "test".to_owned(),
        },
        unit: UnitId::from("hp"),
        unit_name: "黄浦区水务局".to_owned(),
        handler: UserId::from(handler),
        handler_name: format!("{handler}的姓名"),
        caller: Caller {
            name: "张三丰".to_owned(),
            phone: "13800001234".to_owned(),
            anonymous: false,
            confidential: false,
            masked: false,
        },
        contact: None,
        reply: None,
        returned: None,
        timeline: Vec::new(),
    }
}
