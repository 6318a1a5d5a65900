//! `shenhai-pack` as a person runs it, on folders good and bad.

use shenhai_crypto::Certificate;
use shenhai_pack::{Lock, Part, SignatureFault, Signatures};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The sample pack of core/pack.
fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/pack/tests/sample")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the sample is in the repository") {
        let entry = entry.expect("an entry can be read");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a file");
        }
    }
}

/// A folder with the sample in it, gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn with_the_sample(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("a folder of an earlier run");
        }
        copy(&sample(), &folder);
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Exit code and lines printed.
    fn run(&self, task: &str) -> (Option<i32>, Vec<String>) {
        self.run_with(task, &[])
    }

    fn run_with(&self, task: &str, more: &[&str]) -> (Option<i32>, Vec<String>) {
        let output = Command::new(env!("CARGO_BIN_EXE_shenhai-pack"))
            .arg(task)
            .arg(&self.0)
            .args(more)
            .output()
            .expect("the program is compiled with its tests");
        let printed = String::from_utf8(output.stdout).expect("text");
        (output.status.code(), printed.lines().map(str::to_owned).collect())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Whatever is left is replaced by the next run.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_sound_folder_is_built_and_checks_again() {
    let folder = Folder::with_the_sample("built");
    let (code, printed) = folder.run("build");
    assert_eq!(code, Some(0), "{printed:#?}");
    assert!(
        printed.contains(&"repair 第 3 版：没有错误，提醒 2 处".to_owned()),
        "{printed:#?}"
    );
    let lock = fs::read_to_string(folder.path("pack.lock")).expect("the lock was written");
    assert!(
        lock.starts_with("shenhai-pack-lock 1\npack repair 3\nlaw "),
        "{lock}"
    );
    assert_eq!(folder.run("check").0, Some(0));
    // The law changes under the same version: neither checked nor built.
    fs::write(
        folder.path("law/lists/trades.csv"),
        "code,label\nwater,水\npower,强电\n",
    )
    .expect("a file");
    for task in ["check", "build"] {
        let (code, printed) = folder.run(task);
        assert_eq!(code, Some(1));
        assert!(printed[0].starts_with("E701 pack.toml version："), "{printed:#?}");
    }
    assert_eq!(fs::read_to_string(folder.path("pack.lock")).ok(), Some(lock));
}

#[test]
fn what_cannot_be_part_of_a_pack_is_named_with_everything_else() {
    let folder = Folder::with_the_sample("tricks");
    symlink("/etc/hostname", folder.path("law/lists/host.csv")).expect("a link");
    symlink("..", folder.path("law/up")).expect("a link");
    fs::write(folder.path("law/.~lock.facts.csv#"), "").expect("a file");
    fs::write(folder.path("law/Facts.csv"), "").expect("a file");
    fs::write(folder.path("law/states.csv"), "kind,id,category\n").expect("a file");
    fs::write(folder.path("law/prints.csv"), vec![b'x'; 10 * 1024 * 1024]).expect("a file");
    let (code, printed) = folder.run("check");
    assert_eq!(code, Some(1));
    for expected in [
        "E120 业务包：“law/.~lock.facts.csv#”不能作包内的文件名",
        "E120 业务包：“law/Facts.csv”不能作包内的文件名",
        "E122 law/lists/host.csv：不是普通文件",
        "E122 law/up：不是普通文件",
        "E123 law/prints.csv：文件太大",
        "E504 law/acts.csv 第2行 to：没有名为“new”的状态",
    ] {
        let found = printed.iter().any(|line| line.starts_with(expected));
        assert!(found, "{expected} is not among {printed:#?}");
    }
}

#[test]
fn a_folder_without_end_is_read_to_its_bound() {
    let folder = Folder::with_the_sample("many");
    fs::create_dir_all(folder.path("examples")).expect("a folder");
    for i in 0..500 {
        fs::write(folder.path(&format!("examples/{i}.csv")), "").expect("a file");
    }
    let (code, printed) = folder.run("check");
    assert_eq!(code, Some(1));
    assert!(
        printed.iter().any(|line| line.starts_with("E124 业务包：")),
        "{printed:#?}"
    );
}

#[test]
fn a_folder_that_is_none_is_no_finding() {
    let folder = Folder::with_the_sample("none");
    fs::remove_dir_all(&folder.0).expect("the folder");
    assert_eq!(folder.run("check"), (Some(2), Vec::new()));
    assert_eq!(folder.run("bake").0, Some(2));
}

/// Keys as the program makes them, in a folder of their own.
fn keys(name: &str) -> Folder {
    let folder = Folder(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
    if folder.0.exists() {
        fs::remove_dir_all(&folder.0).expect("a folder of an earlier run");
    }
    assert_eq!(folder.run("sample-keys").0, Some(0));
    folder
}

#[test]
fn author_and_approver_sign_what_was_built_and_nothing_else() {
    let (folder, keys) = (Folder::with_the_sample("signed"), keys("signed-keys"));
    let path = |name: &str| keys.path(name).to_string_lossy().into_owned();
    let (author, approver) = (path("author.key"), path("approver.key"));
    let (code, printed) = folder.run_with("build", &["--author", &author, "--approver", &approver]);
    assert_eq!(code, Some(0), "{printed:#?}");
    assert_eq!(folder.run("check").0, Some(0));

    let text = |name: &str| fs::read_to_string(folder.path(name)).expect("the build wrote it");
    let lock = Lock::parse(&text("pack.lock")).expect("a lock");
    let signed = text("pack.sig");
    let signatures = Signatures::parse(&signed).expect("signatures");
    assert_eq!(signatures.to_string(), signed);
    let pem = fs::read_to_string(keys.path("authority.pem")).expect("the authority");
    let authority = [Certificate::from_pem(&pem).expect("a certificate")];
    let at = authority[0].not_before() + 3600;
    assert_eq!(signatures.verify(&lock, &authority, at), Ok(()));

    // Another law, another face, another version, no authority, another time, the parts changed over.
    let other = |change: fn(&mut Lock)| {
        let mut lock = lock.clone();
        change(&mut lock);
        signatures.verify(&lock, &authority, at)
    };
    let unsigned = Err(SignatureFault::NotSigned(Part::Author));
    assert_eq!(other(|lock| lock.roots.law = lock.roots.face), unsigned);
    assert_eq!(other(|lock| lock.roots.face = lock.roots.law), unsigned);
    assert_eq!(other(|lock| lock.version += 1), unsigned);
    let is_certificate = |fault: Result<(), SignatureFault>| {
        matches!(
            fault,
            Err(SignatureFault::Certificate {
                part: Part::Author,
                ..
            })
        )
    };
    assert!(is_certificate(signatures.verify(&lock, &[], at)));
    assert!(is_certificate(signatures.verify(
        &lock,
        &authority,
        authority[0].not_after() + 1
    )));
    let crossed = Signatures {
        author: signatures.approver.clone(),
        approver: signatures.author.clone(),
    };
    assert_eq!(crossed.verify(&lock, &authority, at), unsigned);

    // One person for both parts.
    let (code, _) = folder.run_with("build", &["--author", &author, "--approver", &author]);
    assert_eq!(code, Some(0));
    let alone = Signatures::parse(&text("pack.sig")).expect("signatures");
    assert_eq!(
        alone.verify(&lock, &authority, at),
        Err(SignatureFault::SamePerson)
    );

    // Built anew without keys, the old signatures are gone.
    assert_eq!(folder.run("build").0, Some(0));
    assert!(!folder.path("pack.sig").exists());
}

#[test]
fn signatures_have_one_text() {
    let (folder, keys) = (Folder::with_the_sample("text"), keys("text-keys"));
    let path = |name: &str| keys.path(name).to_string_lossy().into_owned();
    let (author, approver) = (path("author.key"), path("approver.key"));
    folder.run_with("build", &["--author", &author, "--approver", &approver]);
    let text = fs::read_to_string(folder.path("pack.sig")).expect("the build wrote it");
    for broken in [
        text.replacen("author", "Author", 1),
        text.replacen(' ', "  ", 1),
        text.clone() + "\n",
        text.clone() + "approver x y\n",
        text.trim_end().to_owned(),
        text.replacen("signatures 1", "signatures 2", 1),
        String::new(),
    ] {
        assert_eq!(Signatures::parse(&broken), None, "{broken}");
    }
}

#[test]
fn a_key_for_another_pack_or_no_key_at_all_signs_nothing() {
    let (folder, keys) = (Folder::with_the_sample("refused"), keys("refused-keys"));
    let path = |name: &str| keys.path(name).to_string_lossy().into_owned();
    let (author, approver) = (path("author.key"), path("approver.key"));
    let both = |first: &str| {
        folder
            .run_with("build", &["--author", first, "--approver", &approver])
            .0
    };
    assert_eq!(both(&path("authority.pem")), Some(2));
    assert_eq!(both(&path("nobody.key")), Some(2));
    // The secret of one and the certificate of the other.
    let text = |name: &str| fs::read_to_string(keys.path(name)).expect("a key file");
    let (own, other) = (text("author.key"), text("approver.key"));
    let mixed = format!(
        "{}\n{}",
        own.lines().next().expect("a line"),
        other.split_once('\n').expect("lines").1
    );
    fs::write(keys.path("mixed.key"), mixed).expect("a file");
    assert_eq!(both(&path("mixed.key")), Some(2));
    assert!(!folder.path("pack.lock").exists() && !folder.path("pack.sig").exists());
    assert_eq!(folder.run_with("build", &["--author", &author]).0, Some(2));
    // Keys are never replaced.
    assert_eq!(keys.run("sample-keys").0, Some(2));
    assert_eq!(text("author.key"), own);
}

#[test]
fn packs_are_held_against_each_other_where_several_are_named() {
    let (asking, asked) = (
        Folder::with_the_sample("asking"),
        Folder::with_the_sample("asked"),
    );
    let edit = |folder: &Folder, file: &str, from: &str, to: &str| {
        let text = fs::read_to_string(folder.path(file)).expect("a file of the sample");
        assert!(text.contains(from), "{file} has no {from:?}");
        fs::write(folder.path(file), text.replace(from, to)).expect("a file");
    };
    edit(&asked, "pack.toml", "id = \"repair\"", "id = \"field\"");
    edit(
        &asking,
        "law/effects.csv",
        "open,visit,look",
        "open,field.visit,look",
    );
    let beside = asked.0.to_string_lossy().into_owned();
    let (code, printed) = asking.run_with("check", &["--beside", &beside]);
    assert_eq!(code, Some(1));
    let last = printed.last().expect("a finding");
    assert!(
        last.starts_with("E321 repair/law/effects.csv 第4行 target："),
        "{printed:#?}"
    );

    edit(
        &asked,
        "law/contracts.csv",
        "visit,fault,open,",
        "visit,repair.fault,open,why fixer,\nvisit,fault,open,",
    );
    let (code, printed) = asking.run_with("check", &["--beside", &beside]);
    assert_eq!(code, Some(0), "{printed:#?}");
}

#[test]
fn examples_are_run_and_what_comes_out_otherwise_is_named() {
    let folder = Folder::with_the_sample("examples");
    let sound = fs::read_to_string(folder.path("examples/one.csv")).expect("the sample has an example");
    let write = |text: &str| fs::write(folder.path("examples/one.csv"), text).expect("a file");
    write(&sound);
    let (code, printed) = folder.run("check");
    assert_eq!(code, Some(0), "{printed:#?}");
    for (from, to, expected) in [
        (
            "forbidden,new",
            "accepted,new",
            "E903 examples/one.csv 第3行 outcome：结果是 forbidden",
        ),
        (
            "accepted,working",
            "guard,working",
            "E903 examples/one.csv 第4行 outcome：结果是 accepted",
        ),
        (
            "accepted,working",
            "accepted,asking",
            "E904 examples/one.csv 第4行 state：状态是 working",
        ),
        (
            "new,number = n1;",
            "new,number = n2;",
            "E905 examples/one.csv 第2行 facts：“number”是“n1”",
        ),
        (
            "phone = *",
            "phone = 110",
            "E905 examples/one.csv 第2行 facts：“phone”是“*”",
        ),
        (
            "2026-02-02 08:00;",
            "yesterday;",
            "E906 examples/one.csv 第2行 answers：“reported_at”的值不符合它的类型",
        ),
        (
            "fixer:f1@u,2026-02-02 10:00",
            "fixer:f1@u,10:00",
            "E902 examples/one.csv 第4行 at：应写作 2026-02-03 09:00",
        ),
        (
            "fixer:f2@u",
            "f2",
            "E901 examples/one.csv 第3行 by：不认识“f2”；可写：角色:人员@单位 adapter:名称 device:场所",
        ),
        (
            "fault,begin,fixer:f1",
            "fault,start,fixer:f1",
            "E504 examples/one.csv 第4行 act：没有名为“start”的动作",
        ),
        (
            "number = n1; trade",
            "nr = n1; trade",
            "E504 examples/one.csv 第2行 answers：没有名为“nr”的事实",
        ),
    ] {
        assert!(sound.contains(from));
        write(&sound.replacen(from, to, 1));
        let (code, printed) = folder.run("check");
        assert_eq!(code, Some(1), "{to}");
        assert!(
            printed.contains(&expected.to_owned()),
            "{expected} is not among {printed:#?}"
        );
    }
}

#[test]
fn the_manuals_first_pack_and_the_shipped_ones_do_what_their_examples_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let manual = fs::read_to_string(root.join("docs/packs.md")).expect("the manual");
    let section = manual
        .split("\n## ")
        .find(|part| part.starts_with("A first pack"))
        .expect("the section");
    let first = Folder(Path::new(env!("CARGO_TARGET_TMPDIR")).join("first"));
    for part in section.split("\n**").skip(1) {
        let (path, rest) = part.split_once("**").expect("a path in bold");
        let (_, text) = rest
            .split("```")
            .nth(1)
            .and_then(|block| block.split_once('\n'))
            .expect("a block");
        let path = first.path(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    let (code, printed) = first.run("check");
    assert_eq!(code, Some(0), "{printed:#?}");
    // Five thousand and one fen: the guard of the manual's example does decide.
    let example = fs::read_to_string(first.path("examples/one.csv")).expect("the example");
    fs::write(
        first.path("examples/one.csv"),
        example.replace("5000.01", "5000.00"),
    )
    .expect("a file");
    let (code, printed) = first.run("check");
    assert_eq!(code, Some(1));
    assert!(
        printed[0].starts_with("E903 examples/one.csv 第5行 outcome：结果是 accepted"),
        "{printed:#?}"
    );

    for pack in ["hotline", "water-ticket"] {
        let output = Command::new(env!("CARGO_BIN_EXE_shenhai-pack"))
            .arg("check")
            .arg(root.join("packs").join(pack))
            .output()
            .expect("the program is compiled with its tests");
        let printed = String::from_utf8(output.stdout).expect("text");
        assert_eq!(output.status.code(), Some(0), "{pack}: {printed}");
    }
}
