//! Answers as JSON, held against the form's sheet: names, types, codes, what is required.
//!
//! Not a form: nothing is relevant or constrained here. In the place of a classed answer stands its commitment, and only
//! that is folded, whether or not what it commits to is at hand.

use super::answers::{Answers, FormRequest, Forms, Issue};
use crate::record::{Item, commitment};
use serde_json::{Map, Value as Json};
use shenhai_crypto::Digest32;
use shenhai_forms::schema::MAX_ROWS;
use shenhai_forms::value::{Type, Value};
use shenhai_pack::law::{Answer, FactType};
use shenhai_pack::names::Name;
use std::collections::BTreeMap;

/// Longest submission, in bytes.
pub const MAX_SUBMISSION: usize = 256 * 1024;

/// What a commitment begins with.
const COMMITTED: &str = "sm3:";

/// What opens one commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    /// The name of the answer.
    pub label: String,
    /// Drawn at signing.
    pub salt: [u8; 16],
    /// The answer, in its type's spelling.
    pub value: String,
}

/// A submission as it was sent: an object of answers by name. A text, code, number, day, time or place is a string in
/// its one spelling, a whole number may be a number, yes and no are booleans, codes an array, the rows of a repeat an
/// array of objects; a classed answer is `sm3:` and the hex of its commitment, or empty.
#[derive(Debug, Clone)]
pub struct JsonAnswers<'t> {
    text: &'t [u8],
    disclosures: Vec<Disclosure>,
}

impl<'t> JsonAnswers<'t> {
    /// A submission and as many of its disclosures as are at hand.
    #[must_use]
    pub fn new(text: &'t [u8], disclosures: Vec<Disclosure>) -> Self {
        Self { text, disclosures }
    }
}

impl Forms for JsonAnswers<'_> {
    fn answers(&self, request: &FormRequest<'_>) -> Result<Answers, Vec<Issue>> {
        if self.text.len() > MAX_SUBMISSION {
            return Err(vec![issue("", "too_large")]);
        }
        let Ok(Json::Object(object)) = serde_json::from_slice(self.text) else {
            return Err(vec![issue("", "not_json")]);
        };
        let mut reader = Reader {
            request,
            open: self
                .disclosures
                .iter()
                .map(|one| (commitment(&one.label, &one.salt, &one.value), one))
                .collect(),
            issues: Vec::new(),
        };
        let answers = reader.group(&request.form.answers, &object, "");
        let spare: Vec<_> = reader.open.values().map(|one| one.label.clone()).collect();
        let spare = spare.into_iter().map(|label| issue(&label, "disclosure"));
        reader.issues.extend(spare);
        if reader.issues.is_empty() {
            return Ok(answers);
        }
        reader
            .issues
            .sort_by(|one, other| (&one.answer, &one.code).cmp(&(&other.answer, &other.code)));
        Err(reader.issues)
    }
}

fn issue(answer: &str, code: &str) -> Issue {
    Issue {
        answer: answer.to_owned(),
        code: code.to_owned(),
        facts: Vec::new(),
    }
}

struct Reader<'r> {
    request: &'r FormRequest<'r>,
    /// Disclosures by what they open, until they are met.
    open: BTreeMap<Digest32, &'r Disclosure>,
    issues: Vec<Issue>,
}

impl Reader<'_> {
    fn group(&mut self, sheet: &[Answer], object: &Map<String, Json>, path: &str) -> Answers {
        let mut answers = Answers::default();
        for name in object.keys() {
            if !sheet.iter().any(|answer| answer.name.as_str() == name) {
                let name: String = name.chars().take(80).collect();
                self.issues.push(issue(&format!("{path}{name}"), "unknown"));
            }
        }
        for answer in sheet {
            let name = answer.name.as_str();
            let full = format!("{path}{name}");
            let given = object.get(name).filter(|given| !given.is_null());
            if answer.kind == FactType::Table {
                let rows = given.map_or(Vec::new(), |given| self.rows(answer, given, &full));
                if rows.is_empty() && answer.required {
                    self.issues.push(issue(&full, "required"));
                }
                if !rows.is_empty() {
                    answers.rows.insert(name.to_owned(), rows);
                }
                continue;
            }
            let item = match given.map(|given| self.item(answer, given)) {
                None => Item::ABSENT,
                Some(Ok(item)) => item,
                Some(Err(code)) => {
                    self.issues.push(issue(&full, code));
                    continue;
                }
            };
            if item.is_there() {
                answers.items.insert(name.to_owned(), item);
            } else if answer.required {
                self.issues.push(issue(&full, "required"));
            }
        }
        answers
    }

    fn rows(&mut self, answer: &Answer, given: &Json, path: &str) -> Vec<Answers> {
        let Json::Array(given) = given else {
            self.issues.push(issue(path, "type"));
            return Vec::new();
        };
        if given.len() > MAX_ROWS as usize {
            self.issues.push(issue(path, "too_many"));
            return Vec::new();
        }
        let mut rows = Vec::with_capacity(given.len());
        for (nth, row) in (1..).zip(given) {
            let path = format!("{path}/{nth}/");
            match row {
                Json::Object(row) => rows.push(self.group(&answer.columns, row, &path)),
                _ => self.issues.push(issue(&path, "type")),
            }
        }
        rows
    }

    fn item(&mut self, answer: &Answer, given: &Json) -> Result<Item, &'static str> {
        let kind = answer.kind.value_type().ok_or("type")?;
        if answer.class.is_some() {
            let text = given.as_str().ok_or("commitment")?;
            if text.is_empty() {
                return Ok(Item::ABSENT);
            }
            let digest = text.strip_prefix(COMMITTED).and_then(Digest32::from_hex);
            let digest = digest.ok_or("commitment")?;
            if let Some(opened) = self.open.remove(&digest) {
                if opened.label != answer.name.as_str() {
                    return Err("disclosure");
                }
                Value::read(&kind, &opened.value).map_err(|_| "type")?;
            }
            return Ok(Item::Committed(digest));
        }
        let value = value(&kind, given)?;
        let codes: Vec<&str> = match &value {
            Value::Text(code) => vec![code],
            Value::Codes(codes) => codes.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        if let Some(list) = answer.kind.list() {
            let list = self.request.law.pack().law.lists.get(list).ok_or("code")?;
            if !codes.iter().all(|code| list.has(code)) {
                return Err("code");
            }
        }
        Ok(Item::Plain(value))
    }
}

fn value(kind: &Type, given: &Json) -> Result<Value, &'static str> {
    let text = match (kind, given) {
        (_, Json::String(text)) => text.clone(),
        (Type::Bool, Json::Bool(yes)) => yes.to_string(),
        (Type::Int | Type::Decimal { .. }, Json::Number(number)) if number.is_i64() => number.to_string(),
        (Type::Codes(_), Json::Array(codes)) => {
            let codes: Option<Vec<&str>> = codes.iter().map(Json::as_str).collect();
            codes.ok_or("type")?.join(" ")
        }
        _ => return Err("type"),
    };
    Value::read(kind, &text).map_err(|_| "type")
}
