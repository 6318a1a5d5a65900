//! Writes the TypeScript twin of the rpc waist: `export-types OUT_DIR` makes `OUT_DIR/types.ts` and `OUT_DIR/methods.ts`.
//!
//! The one holds every type, and `Methods` maps each method to its parameters and its answer; the other says which
//! methods may be asked twice. Run by `cargo xtask bindings`; the result is checked in, so that the pages build without
//! Rust.

use shenhai_client::rpc::{Event, Methods, Outcome, Request, RpcError};
use std::fmt::Write as _;
use std::{collections::BTreeMap, error::Error, fs, path::PathBuf};
use ts_rs::{Config, TS, TypeVisitor};

const HEADER: &str =
    "// Made from core/protocol and core/client/src/rpc by `cargo xtask bindings`. Do not edit.\n";

/// Every declaration reachable from the types it was shown, by name.
struct Declarations {
    config: Config,
    by_name: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if T::output_path().is_none() {
            return;
        }
        let name = T::ident(&self.config);
        if self.by_name.contains_key(&name) {
            return;
        }
        let docs = T::docs().unwrap_or_default();
        self.by_name
            .insert(name, format!("{docs}export {}\n", T::decl(&self.config)));
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let out_dir = std::env::args_os()
        .nth(1)
        .map(PathBuf::from)
        .ok_or("usage: export-types OUT_DIR")?;
    let mut declarations = Declarations {
        config: Config::new().with_large_int("number"),
        by_name: BTreeMap::new(),
    };
    declarations.visit::<Methods>();
    declarations.visit::<Event>();
    declarations.visit::<RpcError>();
    declarations.visit::<Outcome<()>>();

    let mut text = HEADER.to_owned();
    for declaration in declarations.by_name.values() {
        text.push('\n');
        text.push_str(declaration);
    }
    fs::create_dir_all(&out_dir)?;
    fs::write(out_dir.join("types.ts"), text)?;
    fs::write(out_dir.join("methods.ts"), methods()?)?;
    Ok(())
}

/// What the pages read of the methods' facts.
fn methods() -> Result<String, std::fmt::Error> {
    let mut text = HEADER.to_owned();
    text.push_str("\nimport type { Methods } from \"./types\";\n\n");
    text.push_str("/** May be asked again when nobody knows whether it was done. */\n");
    text.push_str("export const REPEATABLE: Record<keyof Methods, boolean> = {\n");
    for (method, facts) in Request::METHODS {
        writeln!(text, "  \"{method}\": {},", facts.repeatable)?;
    }
    text.push_str("};\n");
    Ok(text)
}
