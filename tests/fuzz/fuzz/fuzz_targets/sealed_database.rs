#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shenhai_fuzz::database::sealed_database(data));
