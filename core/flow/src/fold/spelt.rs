//! Answers as an entry of the gateway's own carries them: by name, each item as a field of the state text, so that what
//! was folded can be folded again without a form.
//!
//! Not what a person fills in (`json`): that is as it was sent.

use super::answers::Answers;
use crate::record::{read_spelt, spelt};
use serde_json::{Map, Value as Json};

impl Answers {
    /// The answers by name; absent ones are left out.
    #[must_use]
    pub fn spell(&self) -> Map<String, Json> {
        let items = self.items.iter().filter(|(_, item)| item.is_there());
        let items = items.map(|(name, item)| (name.clone(), Json::String(spelt(item))));
        let rows = self.rows.iter().map(|(name, rows)| {
            let rows = rows.iter().map(|row| Json::Object(row.spell()));
            (name.clone(), Json::Array(rows.collect()))
        });
        items.chain(rows).collect()
    }

    /// Answers that were spelt so; `None` where no answers are.
    #[must_use]
    pub fn read_spelt(spelt: &Map<String, Json>) -> Option<Self> {
        let mut answers = Self::default();
        for (name, value) in spelt {
            match value {
                Json::String(field) => {
                    answers.items.insert(name.clone(), read_spelt(field)?);
                }
                Json::Array(rows) => {
                    let rows = rows
                        .iter()
                        .map(|row| Self::read_spelt(row.as_object()?))
                        .collect::<Option<_>>()?;
                    answers.rows.insert(name.clone(), rows);
                }
                _ => return None,
            }
        }
        Some(answers)
    }
}
