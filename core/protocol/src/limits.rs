//! Bounds on what is read from outside. Both sides use the same figures.

/// One signed payload, bytes. An inspection with 25 outlets and 50 photos names its files in some 12 KB.
pub const ENVELOPE_BYTES: usize = 32 * 1024;
/// What was filled in, bytes. A reply of five 500-character texts in UTF-8 is about 8 KB, an inspection about 100 KB.
pub const SUBMISSION_BYTES: usize = 256 * 1024;
/// Everything that travels beside one signed payload, bytes: the submission and its disclosures.
pub const BESIDE_BYTES: usize = 2 * SUBMISSION_BYTES;
/// Files of one act.
pub const FILES: usize = 200;
/// Commands in one push.
pub const PUSH_COMMANDS: usize = 64;
/// One push body, bytes.
pub const PUSH_BYTES: usize = 2 * 1024 * 1024;
/// One order pushed by an upper platform, bytes.
pub const INGEST_BYTES: usize = 256 * 1024;
/// Changes in one pull answer.
pub const PULL_CHANGES: usize = 500;
/// Any text of a form, characters (not bytes): the hotline's own limit.
pub const TEXT_CHARS: usize = 500;
/// Longest wait of one wake call, milliseconds.
pub const WAKE_MILLIS: u64 = 25_000;
/// How far ahead of the server a command's corrected time may lie, milliseconds.
pub const CLOCK_AHEAD_MILLIS: i64 = 10 * 60 * 1000;
/// How old a command may be, milliseconds: the longest offline spell that is accepted (180 days).
pub const CLOCK_BEHIND_MILLIS: i64 = 180 * 24 * 3600 * 1000;
/// One exported case, bytes. A case of 200 commands is about 1 MB.
pub const BUNDLE_BYTES: usize = 16 * 1024 * 1024;
/// Commands in one exported case.
pub const BUNDLE_ENTRIES: usize = 2000;
/// Certificates of the gateway in one exported case: a renewal a year makes far fewer.
pub const BUNDLE_CERTIFICATES: usize = 64;
/// Hashes in one audit path or consistency proof: far above what a log of 2^48 receipts needs.
pub const PROOF_HASHES: usize = 128;
/// Highest revision an order can have: each command makes one, and an order lives for months.
pub const REVISIONS: u64 = 1_000_000;
/// How far beyond the gateway's own a command's `base_rev` may lie: a restored backup may be a little behind what a
/// device has seen.
pub const REVISIONS_AHEAD: u64 = 64;
