//! The one language of packs and forms: expressions in the syntax of XPath 1.0 with the functions of ODK.
//!
//! Not here: any file, clock, generator or network – records, answers and instants are passed in – and nothing of
//! the spine: what a record, an act or a table is called is in the [`schema::Schema`] that the caller hands over.
//! Called by the pack's loader (parse and check), by the fold (evaluate) and by whoever keeps an index (filters).
//!
//! The way of an expression: [`xpath::parse`] → [`rule::Rule::check`] or [`filter::Filter::check`], once, when a pack
//! is loaded → [`rule::Rule::evaluate`], [`filter::Filter::sql`], [`filter::Filter::holds`].

pub mod decimal;
pub mod filter;
pub mod finding;
pub mod rule;
pub mod schema;
pub mod value;
pub mod xpath;
