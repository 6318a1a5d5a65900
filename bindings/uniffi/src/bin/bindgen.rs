//! Writes the Kotlin or Swift source that matches the built library.
//!
//! Not shipped: built with `--features bindgen` and called by `cargo xtask bindings`.

fn main() {
    uniffi::uniffi_bindgen_main();
}
