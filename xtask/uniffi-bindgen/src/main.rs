//! Writes the Kotlin source that matches a built library: `shenhai-uniffi-bindgen LIBRARY OUT_DIR`.
//!
//! A crate of its own, so that the library itself is compiled once, with the same features, whoever asks for it.

use camino::Utf8PathBuf;
use std::error::Error;
use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage, generate};

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = std::env::args().skip(1).map(Utf8PathBuf::from);
    let (Some(source), Some(out_dir), None) = (paths.next(), paths.next(), paths.next()) else {
        return Err("usage: shenhai-uniffi-bindgen LIBRARY OUT_DIR".into());
    };
    generate(GenerateOptions {
        languages: vec![TargetLanguage::Kotlin],
        source,
        out_dir,
        ..GenerateOptions::default()
    })?;
    Ok(())
}
