//! The fuzz targets: for every parser of outside bytes one function that feeds it and asserts what must hold
//! for any input – it does not panic, what it takes reads back as an equal value, and nothing grows.
//!
//! Not a parser of its own and not a list of good cases (those stand beside the parsers). Called by the smoke
//! tests of this crate on every change and by the libFuzzer wrappers in `fuzz/` for longer runs.

pub mod answers;
pub mod block;
pub mod crypto;
pub mod database;
pub mod files;
pub mod gateway;
pub mod language;
pub mod packs;
pub mod proof;
pub mod records;
pub mod requests;
mod round_trip;
pub mod safekeeping;
pub mod seeds;
pub mod services;

/// A parser under test.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: that of the wrapper in `fuzz/fuzz_targets` and of the folder in `corpus`.
    pub name: &'static str,
    /// Feeds it. Panics when an invariant is broken.
    pub run: fn(&[u8]),
}

/// Every target, in the order of their names.
pub const TARGETS: &[Target] = &[
    Target {
        name: "answers",
        run: answers::answers,
    },
    Target {
        name: "case_bundle",
        run: proof::case_bundle,
    },
    Target {
        name: "certificate",
        run: safekeeping::certificate,
    },
    Target {
        name: "chunked_file",
        run: safekeeping::chunked_file,
    },
    Target {
        name: "city_config",
        run: files::city_config,
    },
    Target {
        name: "container_answers",
        run: gateway::container_answers,
    },
    Target {
        name: "crypto_text",
        run: crypto::crypto_text,
    },
    Target {
        name: "der_signature",
        run: safekeeping::der_signature,
    },
    Target {
        name: "directory",
        run: files::directory,
    },
    Target {
        name: "enrolment_code",
        run: gateway::enrolment_code,
    },
    Target {
        name: "envelope",
        run: requests::envelope,
    },
    Target {
        name: "expression",
        run: language::expression,
    },
    Target {
        name: "flow_files",
        run: files::flow_files,
    },
    Target {
        name: "ingest_order",
        run: gateway::ingest_order,
    },
    Target {
        name: "key_texts",
        run: gateway::key_texts,
    },
    Target {
        name: "pack_files",
        run: packs::pack_files,
    },
    Target {
        name: "pin_record",
        run: safekeeping::pin_record,
    },
    Target {
        name: "pull_reply",
        run: answers::pull_reply,
    },
    Target {
        name: "push_reply",
        run: answers::push_reply,
    },
    Target {
        name: "push_request",
        run: requests::push_request,
    },
    Target {
        name: "receipt",
        run: answers::receipt,
    },
    Target {
        name: "record_document",
        run: records::record_document,
    },
    Target {
        name: "rpc_request",
        run: requests::rpc_request,
    },
    Target {
        name: "sealed_blob",
        run: crypto::sealed_blob,
    },
    Target {
        name: "sealed_database",
        run: database::sealed_database,
    },
    Target {
        name: "service_answers",
        run: services::service_answers,
    },
    Target {
        name: "session_request",
        run: requests::session_request,
    },
    Target {
        name: "sm2_ciphertext",
        run: safekeeping::sm2_ciphertext,
    },
    Target {
        name: "sm4_blocks",
        run: block::sm4_blocks,
    },
    Target {
        name: "submission",
        run: records::submission,
    },
    Target {
        name: "svs_respond",
        run: services::svs_respond,
    },
    Target {
        name: "trust_rules",
        run: files::trust_rules,
    },
    Target {
        name: "value_text",
        run: language::value_text,
    },
    Target {
        name: "wake_request",
        run: requests::wake_request,
    },
];
