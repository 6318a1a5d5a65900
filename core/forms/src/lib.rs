//! The one language of packs and forms: expressions in the syntax of XPath 1.0 with the functions of ODK.
//!
//! Not here: any file, clock, generator or network – records, answers and instants are passed in – and nothing of
//! the spine.
//! Called by whoever reads an expression out of a pack.

pub mod decimal;
pub mod xpath;
