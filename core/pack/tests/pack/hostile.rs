//! Packs that mean harm: nothing is half taken, nothing grows without a bound, every refusal has its name.

use crate::support::{changed, errors, sample, with};
use shenhai_pack::{FileError, LOCK, Level, LoadError, Lock, PackFiles, check, limits, load};

/// The sample as a build leaves it.
fn built(mut files: PackFiles) -> PackFiles {
    let pack = check(&files).pack.expect("a sound pack");
    let lock = Lock::of(&files, &pack, None).to_string();
    files.remove(LOCK);
    files
        .insert(LOCK, lock.into_bytes())
        .expect("a lock is a file of a pack");
    files
}

#[test]
fn a_path_that_leads_elsewhere_or_reads_as_another_is_no_path_of_a_pack() {
    for path in [
        "../pack.toml",
        "law/../../secret",
        "/etc/passwd",
        "law//facts.csv",
        "law/./facts.csv",
        "law/.hidden",
        ".git/config",
        "law\\facts.csv",
        "c:/pack.toml",
        "law/Facts.csv",
        "law/facts.csv ",
        "law/facts.csv.",
        "law/facts\0.csv",
        "law/\u{202e}vsc.stcaf",
        "law/ｆacts.csv",
        "law/表.csv",
        "",
        "law/",
    ] {
        let refused = PackFiles::new().insert(path, Vec::new());
        assert!(
            matches!(refused, Err(FileError::Path(_))),
            "{path:?}: {refused:?}"
        );
    }
    let long = format!("law/{}.csv", "a".repeat(limits::PATH_CHARS));
    let Err(FileError::Path(shown)) = PackFiles::new().insert(&long, Vec::new()) else {
        panic!("a path without end was taken");
    };
    assert!(shown.len() <= limits::PATH_CHARS);
}

#[test]
fn files_too_large_too_many_or_given_twice_are_refused() {
    let mut files = PackFiles::new();
    let list = vec![b'x'; 10 * 1024 * 1024];
    assert_eq!(
        files.insert("law/lists/items.csv", list),
        Err(FileError::TooLarge("law/lists/items.csv".to_owned()))
    );
    files.insert("law/facts.csv", Vec::new()).expect("a file");
    assert_eq!(
        files.insert("law/facts.csv", Vec::new()),
        Err(FileError::Twice("law/facts.csv".to_owned()))
    );
    for i in 1..limits::FILES {
        files
            .insert(&format!("examples/{i}.csv"), Vec::new())
            .expect("within the bound");
    }
    assert_eq!(
        files.insert("examples/one-more.csv", Vec::new()),
        Err(FileError::TooMany)
    );

    let mut files = PackFiles::new();
    let full = limits::PACK_BYTES / limits::FILE_BYTES;
    for i in 0..full {
        let bytes = vec![0; limits::FILE_BYTES];
        files
            .insert(&format!("examples/{i}.csv"), bytes)
            .expect("within the bound");
    }
    assert_eq!(
        files.insert("examples/last.csv", vec![0]),
        Err(FileError::PackTooLarge)
    );
}

#[test]
fn a_refused_file_is_a_finding_for_its_author() {
    let twice = FileError::Twice("law/facts.csv".to_owned()).finding();
    assert_eq!(twice.to_string(), "E121 law/facts.csv：文件出现了两次");
    let full = FileError::PackTooLarge.finding();
    assert_eq!(full.code, "E125");
}

#[test]
fn a_list_without_end_is_read_to_its_bound_and_no_further() {
    let mut text = "code,label\n".to_owned();
    for i in 0..limits::LIST_ROWS + 10 {
        text.push_str(&format!("c{i},x\n"));
    }
    let found = errors(&with("law/lists/trades.csv", &text));
    let first_too_many = limits::LIST_ROWS + 2;
    assert!(
        found.contains(&format!("E110 law/lists/trades.csv 第{first_too_many}行")),
        "{:?}",
        &found[..found.len().min(5)]
    );
}

#[test]
fn a_cell_a_row_and_a_table_without_end_are_findings() {
    let long = "x".repeat(limits::CELL_BYTES + 1);
    let found = errors(&changed("law/acts.csv", "total < 1000", &long));
    assert!(found.contains(&"E111 law/acts.csv 第8行".to_owned()), "{found:?}");
    let wide = format!("code,label{}\nwater,水\npower,电\n", ",x".repeat(100_000));
    let found = errors(&with("law/lists/trades.csv", &wide));
    assert!(
        found.contains(&"E109 law/lists/trades.csv 第1行".to_owned()),
        "{found:?}"
    );
    let deep = format!("id = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    let found = errors(&with("pack.toml", &deep));
    assert!(
        found.iter().any(|line| line.starts_with("E115 pack.toml 第1行")),
        "{found:?}"
    );
}

#[test]
fn ten_thousand_slips_are_five_hundred_findings_and_a_count() {
    let mut text = "code,label\n".to_owned();
    for _ in 0..10_000 {
        text.push_str("not a code,\n");
    }
    let checked = check(&with("law/lists/trades.csv", &text));
    assert!(checked.pack.is_none());
    assert_eq!(checked.findings.len(), limits::FINDINGS + 1);
    // The first ones are kept: whoever mends them from the top sees the rest the next time.
    let first: Vec<_> = checked
        .findings
        .iter()
        .filter(|finding| finding.code == "E514")
        .take(2)
        .collect();
    assert_eq!((first[0].place.row, first[1].place.row), (Some(2), Some(3)));
    let last = checked.findings.last().expect("a finding");
    assert_eq!((last.code.as_str(), last.level()), ("E119", Level::Error));
}

#[test]
fn a_finding_never_repeats_more_than_a_piece_of_what_is_wrong() {
    let long = format!("fault,{},newish", "x".repeat(3_000));
    for finding in check(&changed("law/acts.csv", "fault,begin,new", &long)).findings {
        assert!(
            finding.to_string().len() < 1_000,
            "{} bytes",
            finding.to_string().len()
        );
    }
}

#[test]
fn a_built_pack_loads_and_one_that_was_changed_since_does_not() {
    let files = built(sample());
    let (pack, found) = load(&files, None).expect("a built pack");
    assert_eq!((found.id.clone(), found.version), (pack.manifest.id, 3));
    assert!(load(&files, Some(&found)).is_ok());

    assert_eq!(load(&sample(), None), Err(LoadError::NoLock));

    let change = |path: &str, bytes: Option<&[u8]>| {
        let mut files = files.clone();
        files.remove(path);
        if let Some(bytes) = bytes {
            files.insert(path, bytes.to_vec()).expect("a file of a pack");
        }
        load(&files, None).expect_err("the pack was changed")
    };
    assert_eq!(
        change("law/lists/trades.csv", Some(b"code,label\nwater,w\npower,p\n")),
        LoadError::Digest("law/lists/trades.csv".to_owned())
    );
    assert_eq!(
        change("law/sights.csv", None),
        LoadError::Missing("law/sights.csv".to_owned())
    );
    assert_eq!(
        change("law/lists/more.csv", Some(b"code,label\na,b\n")),
        LoadError::Unlocked("law/lists/more.csv".to_owned())
    );
    assert_eq!(change(LOCK, Some(b"shenhai-pack-lock 1\n")), LoadError::BadLock);
}

#[test]
fn what_no_root_covers_has_no_say_in_loading() {
    let (pack, _) = load(&built(sample()), None).expect("a built pack");
    let mut files = built(sample());
    files.remove("examples/one.csv");
    for (path, bytes) in [
        ("examples/one.csv", &b"spoilt\"\xff"[..]),
        ("readme.txt", b"hello"),
    ] {
        files.insert(path, bytes.to_vec()).expect("a file");
        let (same, _) = load(&files, None).expect("the built files are as they were");
        assert_eq!((same.law, same.face), (pack.law.clone(), pack.face.clone()));
        assert_eq!(same.examples, Vec::<shenhai_pack::examples::Example>::new());
    }
}

#[test]
fn a_lock_has_one_text_and_names_roots_that_are_those_of_its_files() {
    let files = built(sample());
    let text = String::from_utf8(files.get(LOCK).expect("a lock").to_vec()).expect("a text");
    assert_eq!(
        Lock::parse(&text).map(|lock| lock.to_string()),
        Some(text.clone())
    );
    let swap = |from: &str, to: &str| {
        assert!(text.contains(from));
        Lock::parse(&text.replacen(from, to, 1))
    };
    assert_eq!(swap("\nfile ", "\nfile  "), None);
    assert_eq!(swap("pack repair 3", "pack repair 03"), None);
    assert_eq!(swap("\n", "\r\n"), None);
    let line = text
        .lines()
        .find(|line| line.starts_with("file "))
        .expect("a file")
        .to_owned()
        + "\n";
    assert_eq!(Lock::parse(&text.replacen(&line, &line.repeat(2), 1)), None);

    let law = text.lines().nth(2).expect("the law's root").to_owned();
    let face = text.lines().nth(3).expect("the face's root").to_owned();
    let crossed = text.replacen(&law[4..], &face[5..], 1);
    let mut files = files.clone();
    files.remove(LOCK);
    files
        .insert(LOCK, crossed.into_bytes())
        .expect("a file of a pack");
    assert_eq!(load(&files, None), Err(LoadError::Roots));
}

#[test]
fn an_older_version_does_not_follow_the_one_in_force() {
    let (_, held) = load(&built(sample()), None).expect("a built pack");
    let older = built(changed("pack.toml", "version = 3", "version = 2"));
    let (_, older) = load(&older, None).expect("a built pack");
    assert!(matches!(
        older.follows(&held),
        Err(LoadError::Older {
            found: 2,
            held: 3,
            ..
        })
    ));
    assert_eq!(held.follows(&older), Ok(()));
    assert!(matches!(
        load(&built(sample()), Some(&older)),
        Err(LoadError::Other { .. })
    ));
}
