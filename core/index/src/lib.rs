//! Lists of records as SQL: per kind one table with the columns that the lists of its pack name, its orders and tabs as
//! B-trees, its texts as pairs of characters. Opening, sorting and searching 250,000 records costs what 2,000 cost.
//!
//! Not here: what stands in a column (whoever derives a row of a record), who may see a record, and the database: a
//! connection is handed in. Kept by devices and by the gateway, filled in the transaction that changes the record.
//!
//! A new face of the pack is another table beside the old one, filled while the old one serves, and taken when it is
//! whole: [`Index::is_whole`].

mod pairs;
mod read;
mod row;
mod shape;
mod trees;

pub use read::{Counted, Key, Page, Query, Within};
pub use row::Row;
pub use shape::{Index, IndexError};
pub use trees::{MOST_COLUMNS, MOST_TREES};
