//! What is in a watched folder: its Markdown files, each with a mark that changes when it may read differently.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::fs::Metadata;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::import::media;

/// A Markdown file, and the mark of it and of the pictures beside and below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The file.
    pub path: PathBuf,
    /// Another one, if the file or a picture near it has changed since. Of no meaning beyond this process.
    pub mark: u64,
}

/// The pages below `root` in the order of their names, but for what is below `data`. Symbolic links are not followed.
///
/// Errors: the root itself cannot be read. Folders below it that cannot are passed over: their files are still there.
pub fn pages(root: &Path, data: &Path) -> std::io::Result<Vec<Page>> {
    std::fs::read_dir(root)?;
    let (mut pages, mut media) = (Vec::new(), HashMap::<PathBuf, u64>::new());
    let walk = WalkDir::new(root).sort_by_file_name().into_iter();
    let is_ours = |entry: &DirEntry| {
        entry.depth() == 0 || !(is_passing(entry.path()) || entry.path().starts_with(data))
    };
    for entry in walk.filter_entry(is_ours).flatten() {
        let path = entry.path();
        let Some(stat) = entry.metadata().ok().filter(Metadata::is_file) else {
            continue;
        };
        if is_page(path) {
            let mark = mark(path, &stat);
            pages.push(Page {
                path: path.to_owned(),
                mark,
            });
        } else if media::mime(path).is_some() {
            let above = path.ancestors().skip(1);
            for folder in above.take_while(|folder| folder.starts_with(root)) {
                let sum = media.entry(folder.to_owned()).or_default();
                *sum = sum.wrapping_add(mark(path, &stat));
            }
        }
    }
    for page in &mut pages {
        let beside = page.path.parent().and_then(|folder| media.get(folder));
        page.mark = page.mark.wrapping_add(*beside.unwrap_or(&0));
    }
    Ok(pages)
}

/// Whether a file is there only for a moment, or for its editor alone: hidden ones, backups, swap and lock files.
pub fn is_passing(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_hashed = name.starts_with('#') && name.ends_with('#');
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    let is_temporary = matches!(
        ending.to_ascii_lowercase().as_str(),
        "swp" | "swo" | "swx" | "tmp" | "bak" | "part" | "crdownload"
    );
    name.starts_with('.')
        || name.starts_with("~$")
        || name.ends_with('~')
        || is_hashed
        || is_temporary
}

fn is_page(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    matches!(
        ending.to_ascii_lowercase().as_str(),
        "md" | "markdown" | "mkd" | "mdown"
    )
}

/// The time of the last change of the file's own row counts too: it moves when only the permissions change.
fn mark(path: &Path, stat: &Metadata) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    (stat.ino(), stat.size()).hash(&mut hasher);
    (stat.mtime(), stat.mtime_nsec()).hash(&mut hasher);
    (stat.ctime(), stat.ctime_nsec()).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_editors_leave_lying_about_is_passed_over() {
        for name in [
            ".a.md.swp",
            "a.md~",
            "#a.md#",
            ".#a.md",
            "4913.swp",
            "~$a.md",
            "a.md.tmp",
            ".git",
        ] {
            assert!(is_passing(Path::new(name)), "{name}");
        }
        for name in ["a.md", "2026-01-02-a.markdown", "#1.md", "b~c.md"] {
            assert!(!is_passing(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn a_page_is_marked_anew_when_it_or_a_picture_near_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for path in ["a/a.md", "b/b.md", "data/c.md", ".hidden/d.md"] {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), "text").unwrap();
        }
        let look = || pages(root, &root.join("data")).unwrap();
        let before = look();
        let names: Vec<_> = before
            .iter()
            .map(|page| page.path.file_name().unwrap())
            .collect();
        assert_eq!(names, ["a.md", "b.md"]);
        assert_eq!(look(), before);

        fs::create_dir(root.join("a/pictures")).unwrap();
        fs::write(root.join("a/pictures/p.png"), "p").unwrap();
        let after = look();
        assert_ne!(after[0].mark, before[0].mark);
        assert_eq!(after[1], before[1]);
        fs::write(root.join("b/b.md"), "another text").unwrap();
        assert_ne!(look()[1].mark, before[1].mark);
        assert!(pages(&root.join("nowhere"), root).is_err());
    }
}
