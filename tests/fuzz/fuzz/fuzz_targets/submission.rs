#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shenhai_fuzz::records::submission(data));
