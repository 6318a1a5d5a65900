//! An exported case, as whoever checks it reads it.
//!
//! Called by the smoke tests and the libFuzzer wrappers.

use crate::safekeeping::certificates;
use shenhai_proof::{Fault, check_case, read_case};

/// A case is refused or checked; with an authority that certified no gateway, none is sound.
pub fn case_bundle(data: &[u8]) {
    match read_case(data) {
        Err(finding) => assert!(matches!(
            finding.fault,
            Fault::Malformed | Fault::TooLarge | Fault::UnsupportedVersion
        )),
        Ok(bundle) => {
            let again = serde_json::to_vec(&bundle).expect("a case is written as JSON");
            assert_eq!(read_case(&again).as_ref(), Ok(&bundle), "reads back equal");
            let [stranger, _] = certificates();
            let report = check_case(&bundle, &stranger);
            assert!(!report.findings.is_empty(), "nobody signed this");
            assert!(report.record.is_none() && report.head.is_none() && report.entries.is_empty());
        }
    }
}
