#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shenhai_fuzz::packs::pack_files(data));
