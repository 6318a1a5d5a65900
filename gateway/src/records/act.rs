//! One act upon a record, whoever asks for it: everything its fold takes besides the record and what the commit adds.
//!
//! Not where it comes from: a signed text (`prepare`) or the gateway itself. What is folded here is what `shenhai-replay`
//! folds again.

use crate::store::WRITER;
use shenhai_flow::fold::{
    Actor, Answers, FormRequest, Forms, Given, Inquiry, Issue, JsonAnswers, Law, Outward, Refusal, apply,
    next_inquiry,
};
use shenhai_flow::record::Record;
use shenhai_forms::value::Time;
use shenhai_pack::Kind;
use shenhai_pack::names::{ActId, FormId};
use shenhai_replay::Wording;
use std::collections::{BTreeMap, BTreeSet};

/// What was filled in, read once, by form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filled(BTreeMap<FormId, Result<Answers, Vec<Issue>>>);

impl Filled {
    /// Read a submission by the answer sheets of these forms; what a law has no form for is left out.
    pub(crate) fn read(text: &JsonAnswers<'_>, forms: &BTreeSet<FormId>, law: &Law, filled: Time) -> Self {
        // Everybody waits for that thread.
        assert_ne!(
            std::thread::current().name(),
            Some(WRITER),
            "a form is parsed inside the writer"
        );
        let read = forms.iter().filter_map(|id| {
            let request = FormRequest {
                id,
                form: law.form(id)?,
                law,
                record: None,
                filled,
            };
            Some((id.clone(), text.answers(&request)))
        });
        Self(read.collect())
    }

    /// The answers of every form that could be read.
    pub(crate) fn good(&self) -> impl Iterator<Item = &Answers> {
        self.0.values().filter_map(|read| read.as_ref().ok())
    }
}

impl Forms for Filled {
    fn answers(&self, request: &FormRequest<'_>) -> Result<Answers, Vec<Issue>> {
        let missing = || {
            Err(vec![Issue {
                answer: String::new(),
                code: "other_form".to_owned(),
                facts: Vec::new(),
            }])
        };
        self.0.get(request.id).cloned().unwrap_or_else(missing)
    }
}

/// The forms of an act's rows.
pub(crate) fn forms_of(kind: &Kind, act: &ActId) -> BTreeSet<FormId> {
    kind.rows_of(act).filter_map(|row| row.form.clone()).collect()
}

/// What is asked, and by whom.
#[derive(Debug, Clone)]
pub(crate) struct Asking<F> {
    pub(crate) wording: Wording,
    pub(crate) answers: F,
    pub(crate) by: Actor,
}

impl<F: Forms> Asking<F> {
    pub(crate) fn fold(
        &self,
        law: &Law,
        record: Option<&Record>,
        given: &Given<'_>,
    ) -> Result<(Record, Vec<Outward>), Refusal> {
        apply(record, &self.wording.act(&self.answers, given), &self.by, law)
    }

    /// The next question of an act of a kind that is not answered yet.
    pub(crate) fn inquiry(
        &self,
        law: &Law,
        kind: &Kind,
        record: Option<&Record>,
        given: &Given<'_>,
    ) -> Result<Option<Inquiry>, Refusal> {
        // Most acts ask nothing, and finding out what one asks costs half a fold.
        let name = self.wording.what().name();
        let asks = name.is_some_and(|name| kind.rows_of(&name).any(|row| !row.ask.is_empty()));
        match asks {
            true => next_inquiry(record, &self.wording.act(&self.answers, given), &self.by, law),
            false => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shenhai_pack::{PackFiles, PackRef, Roots, check};
    use std::path::Path;

    /// The pack of tests/packs/river.
    fn river() -> Law {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/packs/river");
        let files: PackFiles = shenhai_folder::read(&folder)
            .expect("a folder of the repository")
            .files;
        let pack = check(&files).pack.expect("a pack without errors");
        let reference = PackRef {
            id: pack.manifest.id.clone(),
            version: pack.manifest.version,
            law: Roots::of(&files).law,
        };
        Law::new(pack, reference)
    }

    #[test]
    fn a_form_is_never_parsed_in_the_writers_thread() {
        let law = river();
        let forms: BTreeSet<FormId> = law.pack().law.forms.keys().cloned().collect();
        let read = |name: &str| {
            let (law, forms) = (law.clone(), forms.clone());
            let thread = std::thread::Builder::new().name(name.to_owned());
            let reading = thread.spawn(move || {
                let text = JsonAnswers::new(br#"{"reason": "rain"}"#, Vec::new());
                let at = Time::read("2026-11-23T10:00:00+08:00").expect("an instant");
                Filled::read(&text, &forms, &law, at).good().count()
            });
            reading.expect("a thread").join().ok()
        };
        assert_eq!(read("another"), Some(1), "only one form asks for a reason");
        assert_eq!(read(WRITER), None);
    }
}
