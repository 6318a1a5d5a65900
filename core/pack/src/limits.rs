//! Bounds of a pack. Whatever is beyond them is a finding and never read further.

/// Files of one pack.
pub const FILES: usize = 400;
/// Bytes of one file.
pub const FILE_BYTES: usize = 2 * 1024 * 1024;
/// Bytes of all files of a pack.
pub const PACK_BYTES: usize = 16 * 1024 * 1024;
/// Characters of a file's path within the pack.
pub const PATH_CHARS: usize = 100;
/// Rows of a sheet, its header not counted.
pub const SHEET_ROWS: usize = 2_000;
/// Rows of a code list.
pub const LIST_ROWS: usize = 20_000;
/// Columns of a sheet.
pub const SHEET_COLUMNS: usize = 32;
/// Bytes of one cell, and of one formula.
pub const CELL_BYTES: usize = 4 * 1024;
/// Kinds of one pack.
pub const KINDS: usize = 16;
/// Facts of a kind, columns of its tables included.
pub const FACTS: usize = 200;
/// States of a kind.
pub const STATES: usize = 64;
/// Seats of a kind.
pub const SEATS: usize = 16;
/// Clocks of a kind.
pub const CLOCKS: usize = 16;
/// Scopes of a kind.
pub const SCOPES: usize = 16;
/// Facts a list searches in.
pub const SEARCHED: usize = 8;
/// Findings that are kept.
pub const FINDINGS: usize = 500;
/// Combinations of codes that are tried to see whether the terms of a clock leave one out.
pub const COMBINATIONS: usize = 4_096;
