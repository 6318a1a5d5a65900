//! A service pack's files, one of them from outside.

use shenhai_pack::{LOCK, Level, Lock, Pack, PackFiles, Signatures, check, limits, load};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static SOUND: LazyLock<Vec<(String, Vec<u8>)>> =
    LazyLock::new(|| sound().expect("the sample pack is in the repository"));

/// The sample pack of core/pack, and its lock.
fn sound() -> io::Result<Vec<(String, Vec<u8>)>> {
    fn walk(folder: &Path, prefix: &str, found: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
        let mut entries: Vec<PathBuf> = fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<_>>()?;
        entries.sort();
        for path in entries {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                walk(&path, &format!("{prefix}{name}/"), found)?;
            } else {
                found.push((format!("{prefix}{name}"), fs::read(&path)?));
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/pack/tests/sample");
    walk(&folder, "", &mut found)?;
    let files = pack_of(&found);
    let pack = check(&files).pack.ok_or(io::ErrorKind::InvalidData)?;
    found.push((
        LOCK.to_owned(),
        Lock::of(&files, &pack, None).to_string().into_bytes(),
    ));
    Ok(found)
}

fn pack_of(files: &[(String, Vec<u8>)]) -> PackFiles {
    let mut pack = PackFiles::new();
    for (path, bytes) in files {
        pack.insert(path, bytes.clone()).expect("a file of the sample");
    }
    pack
}

/// The sample pack, read and checked.
pub(crate) fn sample() -> (PackFiles, Pack) {
    let files = pack_of(&SOUND);
    let pack = check(&files).pack.expect("the sample is sound");
    (files, pack)
}

/// One input per sort of file: its number in the sample, and its bytes.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let sorts = [
        "pack.toml",
        "law/facts.csv",
        "law/acts.csv",
        "law/effects.csv",
        "law/clocks.toml",
        "face/views.toml",
        "law/lists/trades.csv",
        "examples/one.csv",
        LOCK,
    ];
    let numbered = SOUND.iter().zip(0_u8..);
    numbered
        .filter(|((path, _), _)| sorts.contains(&path.as_str()))
        .map(|((_, bytes), number)| [&[number], bytes.as_slice()].concat())
        .collect()
}

/// The sample with the file that the first byte numbers replaced: findings sorted, bounded and the same each time; what
/// is taken can be locked, and loads as locked and no other way.
pub fn pack_files(data: &[u8]) {
    let Some((number, bytes)) = data.split_first() else {
        return;
    };
    let (path, _) = &SOUND[usize::from(*number) % SOUND.len()];
    let mut files = pack_of(&SOUND);
    files.remove(path);
    if files.insert(path, bytes.to_vec()).is_err() {
        return;
    }
    let checked = check(&files);
    if bytes.len().is_multiple_of(8) {
        assert_eq!(checked, check(&files));
    }
    assert!(checked.findings.len() <= limits::FINDINGS + 1);
    assert!(checked.findings.iter().take(limits::FINDINGS).is_sorted());
    assert!(
        checked
            .findings
            .iter()
            .all(|finding| finding.to_string().len() < 8 * 1024)
    );
    let wrong = checked
        .findings
        .iter()
        .any(|finding| finding.level() == Level::Error);
    assert_eq!(checked.pack.is_none(), wrong);
    let unchanged = *bytes == SOUND[usize::from(*number) % SOUND.len()].1;
    let covered = path != LOCK && !path.starts_with("examples/");
    assert!(load(&files, None).is_err() || unchanged || !covered);
    if let Some(lock) = std::str::from_utf8(bytes).ok().and_then(Lock::parse) {
        assert_eq!(lock.to_string().as_bytes(), bytes);
    }
    if let Some(signed) = std::str::from_utf8(bytes).ok().and_then(Signatures::parse) {
        assert_eq!(signed.to_string().as_bytes(), bytes);
    }
    let Some(pack) = checked.pack else { return };
    let before = files.remove(LOCK);
    let before = before.and_then(|bytes| Lock::parse(std::str::from_utf8(&bytes).ok()?));
    let lock = Lock::of(&files, &pack, before.as_ref());
    assert_eq!(Lock::parse(&lock.to_string()).as_ref(), Some(&lock));
    files
        .insert(LOCK, lock.to_string().into_bytes())
        .expect("a lock is a file of a pack");
    let (taken, found) = load(&files, None).expect("what was checked and locked loads");
    assert_eq!(
        (taken.law, taken.face, found.law),
        (pack.law, pack.face, lock.roots.law)
    );
}
