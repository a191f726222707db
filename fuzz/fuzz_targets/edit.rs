#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cloakrun_fuzz::edit(bytes));
