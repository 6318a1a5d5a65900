//! The documents tell the truth where a machine can check it: commands parse, twins match, links lead somewhere.

use super::count::Counts;
use crate::problem::{Problem, Result};
use crate::{Cli, workspace};
use clap::Parser;
use std::path::{Path, PathBuf};

/// All checks.
pub(super) fn docs() -> Result<Counts> {
    let root = workspace::root();
    let english = workspace::read(&root.join("README.md"))?;
    let chinese = workspace::read(&root.join("README.zh-CN.md"))?;
    let mut counts = Counts::default();
    for file in documents(&root)? {
        let text = workspace::read(&file)?;
        for broken in broken_commands(&text)
            .into_iter()
            .chain(broken_links(&file, &text))
        {
            println!("{}: {broken}", file.display());
            counts = counts.and(Counts::failure());
        }
        counts = counts.and(Counts::check(true));
    }
    let twins = outline(&english) == outline(&chinese);
    if !twins {
        println!(
            "README.md {:?}\nREADME.zh-CN.md {:?}",
            outline(&english),
            outline(&chinese)
        );
    }
    Ok(counts.and(Counts::check(twins)))
}

/// README, CHANGELOG and everything under docs.
fn documents(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = ["README.md", "README.zh-CN.md", "CHANGELOG.md"]
        .map(|name| root.join(name))
        .to_vec();
    for dir in [root.join("docs"), root.join("docs/adr")] {
        let entries = std::fs::read_dir(&dir).map_err(|error| Problem::file(&dir, &error))?;
        files.extend(
            entries
                .flatten()
                .map(|e| e.path())
                .filter(|path| path.extension().is_some_and(|e| e == "md")),
        );
    }
    Ok(files)
}

/// Commands of this program, in code blocks or between backquotes, that it would not understand.
fn broken_commands(text: &str) -> Vec<String> {
    text.lines()
        .flat_map(|line| line.split('`'))
        .filter_map(|piece| piece.trim().strip_prefix("cargo xtask "))
        .map(|rest| rest.split('#').next().unwrap_or(rest).trim())
        // A placeholder in capitals is for the reader to fill in, e.g. `--only NAME`.
        .filter(|rest| !rest.contains('…') && !rest.contains('·'))
        .filter(|rest| {
            let words = ["cargo xtask"].into_iter().chain(rest.split_whitespace());
            Cli::try_parse_from(words).is_err_and(|error| error.use_stderr())
        })
        .map(|rest| format!("`cargo xtask {rest}` is not a command"))
        .collect()
}

/// Relative links whose file does not exist.
fn broken_links(file: &Path, text: &str) -> Vec<String> {
    let dir = file.parent().unwrap_or(file);
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next())
        .filter(|link| !link.is_empty() && !link.contains("://"))
        .filter(|link| !dir.join(link).exists())
        .map(|link| format!("the link to {link} leads nowhere"))
        .collect()
}

/// What the two languages must have in common: the levels of the headings, and the lines of the code blocks.
fn outline(text: &str) -> Vec<String> {
    let mut in_code = false;
    let mut outline = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            outline.push(line.split(" #").next().unwrap_or(line).trim().to_owned());
        } else if line.starts_with('#') {
            outline.push("#".repeat(line.chars().take_while(|c| *c == '#').count()));
        }
    }
    outline
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_does_not_exist_is_found() {
        assert_eq!(
            broken_commands("Run `cargo xtask run --port 9000`, then `cargo xtask fly`.").len(),
            1
        );
        assert!(broken_commands("```sh\ncargo xtask test --only e2e   # the browser\n```").is_empty());
    }

    #[test]
    fn twins_share_headings_and_commands_but_not_words() {
        let english = "# Shenhai\n\n## Start\n```sh\ncargo xtask run # starts\n```\n";
        let chinese = "# 申海\n\n## 启动\n```sh\ncargo xtask run # 启动\n```\n";
        assert_eq!(outline(english), outline(chinese));
        assert_ne!(outline(english), outline("# 申海\n"));
    }
}
