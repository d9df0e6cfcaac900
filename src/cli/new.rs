//! `rowlog new`

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use super::{remark, say};
use crate::error::{Error, Result};
use crate::model::post::PostKind;
use crate::model::time::Timestamp;
use crate::store::{Store, posts};
use crate::text::slug;

/// What to begin.
#[derive(Args)]
pub struct Options {
    /// The title, in as many words as it has
    #[arg(required = true, value_name = "TITLE")]
    title: Vec<String>,
    /// The folder to write the file into
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Open the file in $VISUAL or $EDITOR
    #[arg(long)]
    edit: bool,
}

/// Writes a Markdown file to fill in and to publish, and prints its path. Nothing is overwritten: neither a file, nor, once
/// it is published, a post of the blog in `folder`, if there is one.
///
/// Errors: [`Error::Refused`] or [`Error::Io`] with one line that names the file.
pub async fn run(folder: &Path, options: Options) -> Result<()> {
    let title = plain(&options.title.join(" "));
    if title.is_empty() {
        return Err(Error::Refused(
            "the title is empty; write `rowlog new` and what the post is called".into(),
        ));
    }
    let mut slug = slug::or_else(&title, "post");
    if Store::exists(folder) {
        let store = super::existing(folder)?;
        slug = store
            .read(move |conn| posts::free_slug(conn, PostKind::Post, &slug))
            .await?;
    }
    let path = options.dir.join(format!("{slug}.md"));
    let shown = path.display().to_string();
    let text = text(&title, &slug, Timestamp::now());
    match File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes())) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(Error::Refused(format!(
                "{shown} is there already and stays as it is; choose another title or --dir"
            )));
        }
        done => done.map_err(Error::io(format!("cannot write {shown}")))?,
    }
    say(&shown)?;
    match options.edit {
        true => edit(&path),
        false => Ok(()),
    }
}

/// The front matter of a draft, and room below it.
fn text(title: &str, slug: &str, now: Timestamp) -> String {
    // Without control characters a string of JSON is one of TOML as well.
    let quoted = serde_json::Value::from(title);
    let date = now.rfc3339();
    format!(
        "+++\ntitle = {quoted}\ndate = {date}\nslug = \"{slug}\"\ntags = []\ndraft = true\n+++\n\n"
    )
}

/// A title on one line, its spaces folded.
fn plain(title: &str) -> String {
    let words = title.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// Hands the file to the writer's own editor and waits for its end. The variable may hold options, as in `code --wait`.
fn edit(path: &Path) -> Result<()> {
    let mut chosen = ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(std::env::var_os);
    let Some(editor) = chosen.find(|editor| !editor.is_empty()) else {
        remark("no editor was opened: neither VISUAL nor EDITOR is set");
        return Ok(());
    };
    let mut line = editor;
    line.push(" \"$0\"");
    let status = Command::new("sh").arg("-c").arg(line).arg(path).status();
    let status = status.map_err(Error::io("cannot start the editor"))?;
    match status.success() {
        true => Ok(()),
        false => Err(Error::Refused(format!(
            "the editor ended with {status}; the file is at {}",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::markdown::{Options, read_file};

    #[test]
    fn any_title_is_read_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        for title in [
            "Hello",
            "He said \"no\" \\ 'yes'",
            "+++",
            "日本 🦀",
            "a\u{7f}\n b\t c",
        ] {
            let path = folder.path().join("post.md");
            let title = plain(title);
            std::fs::write(&path, text(&title, "post", Timestamp(0))).unwrap();
            let found = read_file(&path, &Options::default()).unwrap();
            let post = &found.posts[0];
            assert_eq!(post.title, title);
            assert!(post.draft && post.is_dated && post.created_at == 0);
        }
        assert_eq!(plain("a\u{7f}\n b\t c"), "a b c");
    }
}
