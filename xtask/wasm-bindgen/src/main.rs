//! Writes the JavaScript and TypeScript beside a compiled module: `shenhai-wasm-bindgen MODULE OUT_DIR`.
//!
//! The library behind wasm-bindgen's own command, of the version the workspace links. The command brings a test
//! runner with a web server and a WebDriver client, which nobody here uses and which take minutes to compile.

use std::error::Error;
use std::path::PathBuf;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(module), Some(out_dir), None) = (paths.next(), paths.next(), paths.next()) else {
        return Err("usage: shenhai-wasm-bindgen MODULE OUT_DIR".into());
    };
    Bindgen::new()
        .input_path(module)
        .web(true)?
        .typescript(true)
        // As the command does it: the Worker calls `init()` without saying where the module lies.
        .omit_default_module_path(false)
        .generate(out_dir)?;
    Ok(())
}
