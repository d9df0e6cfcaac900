//! What the readers have to say: written by hand, in `templates/demo/comments`, one file for each post.
//!
//! A heading names who speaks; its level is the depth of the thread. `# Ines, 2 days later` was said before the
//! demonstration begins, so long after the post; `# Ines` is still to be said. Below a line `(changed to)` stands what
//! its writer makes of it a moment later, and `(taken back)` says that it is deleted then.

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "templates/demo/comments/"]
struct Embedded;

/// Milliseconds.
const MINUTE: i64 = 60 * 1_000;
const HOUR: i64 = 60 * MINUTE;

const CHANGED: &str = "\n(changed to)\n";
const TAKEN_BACK: &str = "\n(taken back)";

/// Everything that anyone says.
#[derive(Debug, Default)]
pub struct Pool {
    /// A reply stands after what it answers.
    pub lines: Vec<Line>,
}

/// One comment.
#[derive(Debug)]
pub struct Line {
    /// The slug of the post.
    pub post: String,
    /// The place of the line it answers.
    pub parent: Option<usize>,
    /// Who says it.
    pub name: String,
    /// Markdown.
    pub body: String,
    /// What its writer thinks of it a moment later.
    pub regret: Option<Regret>,
    /// Milliseconds after the post, if it was said before the demonstration begins.
    pub earlier: Option<i64>,
}

/// A second thought.
#[derive(Debug)]
pub enum Regret {
    /// The text is changed to this one.
    Changed(String),
    /// The comment is deleted.
    TakenBack,
}

impl Pool {
    /// What is in the program.
    pub fn embedded() -> Pool {
        let mut pool = Pool::default();
        for name in Embedded::iter() {
            let file = Embedded::get(&name).expect("a file that is listed is there");
            let text = String::from_utf8_lossy(&file.data);
            pool.read(name.trim_end_matches(".md"), &text);
        }
        pool
    }

    /// Everyone who has something left to say, each once.
    pub fn speakers(&self) -> Vec<String> {
        let live = self.lines.iter().filter(|line| line.earlier.is_none());
        let mut names: Vec<_> = live.map(|line| line.name.clone()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Adds the threads of one post.
    fn read(&mut self, post: &str, text: &str) {
        let first = self.lines.len();
        let mut above = Vec::new(); // the newest line of each depth
        for part in format!("\n{text}").split("\n#").skip(1) {
            let depth = part.bytes().take_while(|byte| *byte == b'#').count();
            let (head, body) = part[depth..].split_once('\n').unwrap_or((part, ""));
            let (name, earlier) = match head.split_once(',') {
                Some((name, when)) => (name, after(when)),
                None => (head, None),
            };
            let (body, regret) = regretted(body);
            above.truncate(depth);
            let parent = above.last().copied();
            above.push(self.lines.len());
            self.lines.push(Line {
                post: post.to_owned(),
                parent,
                name: name.trim().to_owned(),
                body: body.trim().to_owned(),
                regret,
                // Nobody comes back on the hour, and no two at the same minute.
                earlier: earlier.map(|ms| ms + (self.lines.len() - first + 1) as i64 * 11 * MINUTE),
            });
        }
    }
}

/// ` 2 days later` in milliseconds.
fn after(words: &str) -> Option<i64> {
    let (number, unit) = words.trim().strip_suffix(" later")?.split_once(' ')?;
    let number: i64 = number.parse().ok()?;
    match unit.trim_end_matches('s') {
        "hour" => Some(number * HOUR),
        "day" => Some(number * 24 * HOUR),
        _ => None,
    }
}

fn regretted(body: &str) -> (&str, Option<Regret>) {
    if let Some((body, changed)) = body.split_once(CHANGED) {
        return (body, Some(Regret::Changed(changed.trim().to_owned())));
    }
    match body.split_once(TAKEN_BACK) {
        Some((body, _)) => (body, Some(Regret::TakenBack)),
        None => (body, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_threads_is_read_as_it_is_written() {
        let mut pool = Pool::default();
        let text = "# Ann, 2 hours later\n\nOne\n\n## Bob\nTwo\n\n(changed to)\nTwo and a half\n### Cid\nThree\n\n(taken back)\n\n## Dee\nFour\n\n# Eve\nFive";
        pool.read("hello", text);
        let lines: Vec<_> = pool
            .lines
            .iter()
            .map(|line| (line.name.as_str(), line.body.as_str(), line.parent))
            .collect();
        assert_eq!(
            lines,
            [
                ("Ann", "One", None),
                ("Bob", "Two", Some(0)),
                ("Cid", "Three", Some(1)),
                ("Dee", "Four", Some(0)),
                ("Eve", "Five", None),
            ]
        );
        assert_eq!(pool.lines[0].earlier, Some(2 * HOUR + 11 * MINUTE));
        assert!(
            matches!(&pool.lines[1].regret, Some(Regret::Changed(to)) if to == "Two and a half")
        );
        assert!(matches!(pool.lines[2].regret, Some(Regret::TakenBack)));
        assert_eq!(pool.speakers(), ["Bob", "Cid", "Dee", "Eve"]);
    }
}
