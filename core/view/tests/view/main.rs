//! What a face makes of records: rows, pages, forms and offers, with values worked out by hand.

mod lists;
mod pages;
mod support;
