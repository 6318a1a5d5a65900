//! An exported case, as whoever checks it reads it.
//!
//! Called by the smoke tests and the libFuzzer wrappers.

use shenhai_crypto::PublicKey;
use shenhai_proof::{Fault, check_case, read_case};

/// A key that signed nothing: the generator of the curve (GB/T 32918.5-2017).
const STRANGER: &str = "0432c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0";

/// A case is refused or checked; with a key that signed nothing, no case is sound.
pub fn case_bundle(data: &[u8]) {
    match read_case(data) {
        Err(finding) => assert!(matches!(
            finding.fault,
            Fault::Malformed | Fault::TooLarge | Fault::UnsupportedVersion
        )),
        Ok(bundle) => {
            let again = serde_json::to_vec(&bundle).expect("a case is written as JSON");
            assert_eq!(read_case(&again).as_ref(), Ok(&bundle), "reads back equal");
            let Ok(stranger) = PublicKey::from_hex(STRANGER) else {
                panic!("the generator is a point of the curve")
            };
            let report = check_case(&bundle, &stranger);
            assert!(!report.findings.is_empty(), "nobody signed this");
            assert!(report.record.is_none() && report.head.is_none());
            assert_eq!(report.entries.len(), bundle.entries.len());
        }
    }
}
