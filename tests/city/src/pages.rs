//! The emulators' pages: choosing an account (phone size) and the console (desk size).
//!
//! Plain HTML rendered here; nothing is loaded from elsewhere.

use crate::crypto::Line;
use crate::directory::Account;
use crate::ledger::{Outcome, Pushed, Received};
use crate::orders::CHANNELS;
use crate::server::Shared;
use crate::shanghai_text;
use axum::extract::State;
use axum::response::Html;
use std::fmt::Write as _;
use std::sync::Arc;

/// Feedback rows on the console.
const FEEDBACK_ROWS: usize = 50;
/// Requests of the cryptographic services on the console.
const CRYPTO_ROWS: usize = 20;

const STYLE: &str = include_str!("pages/style.css");
const CONSOLE_SCRIPT: &str = include_str!("pages/console.js");

/// The account page. Each account is a link that signs in with it.
pub(crate) fn accounts(groups: &[(&str, Vec<&Account>)], redirect_uri: &str, state: &str) -> String {
    let mut body = String::from(
        "<h1>选择账号登录</h1><p class=\"hint\">模拟登录：点选一个样例账号即以其身份进入应用。</p>",
    );
    body.push_str("<nav>");
    for (at, (heading, accounts)) in groups.iter().enumerate() {
        let _ = write!(body, "<a href=\"#role-{at}\">{heading} {}</a>", accounts.len());
    }
    body.push_str("</nav>");
    for (at, (heading, accounts)) in groups.iter().enumerate() {
        let _ = write!(
            body,
            "<details open id=\"role-{at}\"><summary>{heading}</summary><ul>"
        );
        for account in accounts {
            let link = pick_link(&account.id, redirect_uri, state);
            let _ = write!(
                body,
                "<li><a href=\"{}\" data-user=\"{}\"><b>{}</b><small>{}</small></a></li>",
                escape(&link),
                escape(&account.id),
                escape(&account.name),
                escape(&account.unit_name)
            );
        }
        body.push_str("</ul></details>");
    }
    page("选择账号", "phone", &body, "")
}

fn pick_link(user: &str, redirect_uri: &str, state: &str) -> String {
    // A base is needed to use the URL type's encoder; only path and query are kept.
    let mut link = reqwest::Url::parse("http://localhost/connect/oauth2/pick").expect("a constant address");
    link.query_pairs_mut()
        .append_pair("user", user)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("state", state);
    format!("{}?{}", link.path(), link.query().unwrap_or_default())
}

/// The page of a sign-in that cannot go on.
pub(crate) fn rejection(reason: &str) -> String {
    page(
        "无法登录",
        "phone",
        &format!("<h1>无法登录</h1><p class=\"hint\">{}</p>", escape(reason)),
        "",
    )
}

/// `GET /`: the console.
pub(crate) async fn console(State(city): State<Arc<Shared>>) -> Html<String> {
    let ledger = city.ledger();
    let (taken, duplicates, failed) = ledger.push_counts();
    let mut body = String::from("<h1>上级平台控制台</h1><section class=\"tiles\">");
    for (label, count) in [
        ("已推送工单", taken),
        ("重复推送", duplicates),
        ("推送失败", failed),
        ("收到反馈", ledger.feedback_count() as u64),
    ] {
        let _ = write!(body, "<div><b>{count}</b><span>{label}</span></div>");
    }
    body.push_str("</section><section class=\"push\"><h2>推送一张新工单</h2>");
    for channel in CHANNELS {
        let _ = write!(
            body,
            "<button type=\"button\" data-channel=\"{channel}\">{channel} 推送</button>"
        );
    }
    body.push_str("<output id=\"result\" aria-live=\"polite\"></output></section>");
    body.push_str("<section><h2>最近推送</h2>");
    orders_table(&mut body, ledger.latest_orders());
    body.push_str("</section><section><h2>收到的反馈</h2>");
    feedback_table(&mut body, ledger.feedback(None, FEEDBACK_ROWS).into_iter().rev());
    body.push_str("</section>");
    drop(ledger);
    body.push_str("<section><h2>密码服务请求（模拟）</h2>");
    crypto_table(&mut body, &city.crypto.lines());
    body.push_str("</section>");
    Html(page("上级平台控制台", "desk", &body, CONSOLE_SCRIPT))
}

fn orders_table<'o>(body: &mut String, orders: impl Iterator<Item = &'o Pushed>) {
    body.push_str("<table><thead><tr><th>时间</th><th>平台</th><th>工单编号</th><th>标题</th><th>结果</th></tr></thead><tbody>");
    let mut any = false;
    for order in orders {
        any = true;
        let outcome = match order.outcome {
            Outcome::Taken => "已接收".to_owned(),
            Outcome::Duplicate => "重复".to_owned(),
            Outcome::Failed(0) => "无应答".to_owned(),
            Outcome::Failed(status) => format!("失败 {status}"),
        };
        let cells = [
            shanghai_text(order.at),
            order.channel.clone(),
            order.order_no.clone(),
            order.title.clone(),
            outcome,
        ];
        row(body, &cells);
    }
    end_table(body, any, 5);
}

fn feedback_table<'r>(body: &mut String, feedback: impl Iterator<Item = &'r Received>) {
    body.push_str("<table><thead><tr><th>收到时间</th><th>平台</th><th>工单编号</th><th>动作</th><th>承办单位</th><th>经办人</th><th>送达次数</th></tr></thead><tbody>");
    let mut any = false;
    for received in feedback {
        any = true;
        let cells = [
            shanghai_text(received.received_at),
            received.platform.clone(),
            received.feedback.order_no.clone(),
            received.feedback.action.name().to_owned(),
            received.feedback.unit_name.clone(),
            received.feedback.operator_name.clone(),
            received.deliveries.to_string(),
        ];
        row(body, &cells);
    }
    end_table(body, any, 7);
}

fn crypto_table(body: &mut String, lines: &[Line]) {
    body.push_str("<table><thead><tr><th>时间</th><th>服务</th><th>请求</th><th>结果</th><th>注入故障</th></tr></thead><tbody>");
    for line in lines.iter().take(CRYPTO_ROWS) {
        let fault = line.fault.map(|mode| format!("{mode:?}")).unwrap_or_default();
        let cells = [
            shanghai_text(line.at),
            line.service.to_owned(),
            line.wish.to_owned(),
            line.word.to_owned(),
            fault,
        ];
        row(body, &cells);
    }
    end_table(body, !lines.is_empty(), 5);
}

fn row(body: &mut String, cells: &[String]) {
    body.push_str("<tr>");
    for cell in cells {
        let _ = write!(body, "<td>{}</td>", escape(cell));
    }
    body.push_str("</tr>");
}

fn end_table(body: &mut String, any: bool, columns: usize) {
    if !any {
        let _ = write!(
            body,
            "<tr><td colspan=\"{columns}\" class=\"hint\">暂无</td></tr>"
        );
    }
    body.push_str("</tbody></table>");
}

fn page(title: &str, size: &str, body: &str, script: &str) -> String {
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"icon\" href=\"data:,\">\
         <title>{title} · EMULATOR 模拟</title><style>{STYLE}</style></head>\
         <body class=\"{size}\"><header><strong>EMULATOR 模拟</strong>\
         <span>模拟的市级系统，数据均为样例</span></header><main>{body}</main>\
         <script>{script}</script></body></html>"
    )
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_from_outside_cannot_become_markup() {
        assert_eq!(escape("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
        let account = Account {
            id: "h\"><script>".to_owned(),
            name: "<script>".to_owned(),
            role: crate::AccountRole::Handler,
            unit_name: "<script>".to_owned(),
        };
        let page = accounts(&[("经办人", vec![&account])], "http://x/\"><script>", "<script>");
        assert_eq!(page.matches("<script>").count(), 1, "only the page's own");
    }

    #[test]
    fn an_accounts_link_keeps_the_redirect_and_the_state_whole() {
        assert_eq!(
            pick_link("h-1", "http://127.0.0.1:1/hotline/?a=b&c=d", "s&t"),
            "/connect/oauth2/pick?user=h-1&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fhotline%2F%3Fa%3Db%26c%3Dd&state=s%26t"
        );
    }
}
