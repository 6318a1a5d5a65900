//! Writes every target's seeds to `fuzz/corpus/<target>`, where libFuzzer looks for them.
//!
//! Not a fuzzer. Run by hand before a longer run (README.md).

use shenhai_fuzz::{TARGETS, seeds};
use std::fs;
use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for target in TARGETS.iter().copied() {
        let folder = corpus.join(target.name);
        fs::create_dir_all(&folder)?;
        for (i, seed) in seeds::of(target.name)?.iter().enumerate() {
            fs::write(folder.join(format!("seed-{i:02}")), seed)?;
        }
    }
    Ok(())
}
