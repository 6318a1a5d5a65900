//! Packs for a stack: signed with keys made for it, and laid where its gateway looks.

use shenhai_gateway::PacksConfig;
use shenhai_pack::check;
use shenhai_pack_tool::{Signers, make_samples, write_built};
use shenhai_protocol::PackStage;
use std::fs;
use std::path::{Path, PathBuf};

/// Sign each pack and lay it into `shelf`, all of them in force. Answers how a gateway is told.
pub(crate) fn lay(packs: &[PathBuf], shelf: &Path) -> Result<PacksConfig, String> {
    let keys = shelf.with_extension("keys");
    let wrong = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    if !keys.exists() {
        make_samples(&keys)?;
    }
    let authority = keys.join("authority.pem");
    let authority = fs::read_to_string(&authority).map_err(|error| wrong(&authority, &error))?;
    let mut config = PacksConfig {
        folder: Some(shelf.to_owned()),
        authorities: vec![authority],
        ..PacksConfig::default()
    };
    for source in packs {
        let files = shenhai_folder::read(source)
            .map_err(|error| wrong(source, &error))?
            .files;
        let pack = check(&files)
            .pack
            .ok_or_else(|| wrong(source, &"the pack has errors"))?;
        let id = pack.manifest.id.to_string();
        let folder = shelf.join(&id);
        for (path, bytes) in files.iter() {
            let target = folder.join(path);
            let parent = target.parent().unwrap_or(&folder);
            fs::create_dir_all(parent)
                .and_then(|()| fs::write(&target, bytes))
                .map_err(|error| wrong(&target, &error))?;
        }
        write_built(&folder, &files, &pack, Some(&Signers::samples(&keys)))?;
        config.stage.insert(id, PackStage::Active);
    }
    Ok(config)
}
