//! Comments arranged the way a page shows them: threads, oldest first, indented at most three levels.

use std::collections::{HashMap, HashSet};

use super::comment::{Comment, INDENT_CAP};
use super::id::CommentId;

/// A comment with what hangs on it.
#[derive(Clone, Debug)]
pub struct Thread {
    /// The comment, or the tombstone that holds its place.
    pub comment: Comment,
    /// Whether the viewer may still change it.
    pub own: bool,
    /// The answers, oldest first. On the last level they include the answers to those, in one flat row.
    pub replies: Vec<Thread>,
}

/// Arranges the comments of whole threads, the pinned ones first; `own` says which of them the viewer may change.
///
/// `comments` holds every visible comment and every deleted one, in the order of their numbers.
/// A deleted comment is left out unless something visible hangs on it. What answers a comment on the last level
/// becomes its sibling.
pub fn arrange(comments: Vec<Comment>, own: impl Fn(&Comment) -> bool) -> Vec<Thread> {
    let shown = with_their_ancestors(&comments);
    let mut home: HashMap<CommentId, CommentId> = HashMap::new(); // a comment → the one whose replies hold its answers
    let mut below: HashMap<CommentId, Vec<Thread>> = HashMap::new();
    let mut roots = Vec::new();
    let mut nested = Vec::new();
    for comment in comments
        .into_iter()
        .filter(|comment| shown.contains(&comment.id))
    {
        let holder = comment
            .parent
            .as_ref()
            .and_then(|parent| home.get(&parent.id).copied());
        let answers = match holder {
            Some(holder) if comment.depth >= INDENT_CAP => holder,
            _ => comment.id,
        };
        home.insert(comment.id, answers);
        let thread = Thread {
            own: own(&comment),
            comment,
            replies: Vec::new(),
        };
        match holder {
            Some(holder) => nested.push((holder, thread)),
            None => roots.push(thread),
        }
    }
    for (holder, thread) in nested {
        below.entry(holder).or_default().push(thread);
    }
    roots.iter_mut().for_each(|root| hang(root, &mut below));
    roots.sort_by_key(|root| !root.comment.pinned);
    roots
}

/// The comments of a chat, one after another.
pub fn in_a_row(comments: Vec<Comment>, own: impl Fn(&Comment) -> bool) -> Vec<Thread> {
    let row = comments.into_iter().map(|comment| Thread {
        own: own(&comment),
        comment,
        replies: Vec::new(),
    });
    row.collect()
}

/// Every comment that is not deleted, and every one that such a comment answers, directly or not.
fn with_their_ancestors(comments: &[Comment]) -> HashSet<CommentId> {
    let parents: HashMap<CommentId, Option<CommentId>> = comments
        .iter()
        .map(|c| (c.id, c.parent.as_ref().map(|parent| parent.id)))
        .collect();
    let mut shown = HashSet::new();
    for comment in comments.iter().filter(|comment| !comment.is_deleted()) {
        let mut next = Some(comment.id);
        while let Some(id) = next {
            if !shown.insert(id) {
                break;
            }
            next = parents.get(&id).copied().flatten();
        }
    }
    shown
}

/// Moves the replies of `thread` under it, and theirs under them. Three levels at most.
fn hang(thread: &mut Thread, below: &mut HashMap<CommentId, Vec<Thread>>) {
    thread.replies = below.remove(&thread.comment.id).unwrap_or_default();
    thread
        .replies
        .iter_mut()
        .for_each(|reply| hang(reply, below));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::comment::{CommentStatus, Parent};
    use crate::model::id::PostId;
    use crate::model::mark::Mark;
    use crate::model::post::Discussion;
    use crate::model::time::Timestamp;

    fn comment(id: i64, parent: Option<i64>, depth: i64, status: CommentStatus) -> Comment {
        Comment {
            id: CommentId(id),
            post: PostId(1),
            post_slug: "hello".into(),
            discussion: Discussion::Thread,
            parent: parent.map(|id| Parent {
                id: CommentId(id),
                number: id,
                thread: 1,
                name: "Ann".into(),
            }),
            depth,
            thread: 1,
            number: id,
            visitor: None,
            owner: false,
            name: "Ann".into(),
            mark: Mark::of_name("Ann"),
            is_namesake: false,
            url: None,
            body: String::new(),
            html: String::new(),
            status,
            op: None,
            created_at: Timestamp(id),
            edited_at: None,
            edited_by_owner: false,
            pinned: false,
            closed: false,
            version: 1,
            reactions: Default::default(),
            fresh: false,
        }
    }

    fn outline(threads: &[Thread]) -> String {
        let inner = |t: &Thread| match t.replies.is_empty() {
            true => t.comment.id.to_string(),
            false => format!("{}({})", t.comment.id, outline(&t.replies)),
        };
        threads.iter().map(inner).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn answers_below_the_third_level_become_siblings_in_the_order_of_their_numbers() {
        use CommentStatus::Published as P;
        let comments = vec![
            comment(1, None, 0, P),
            comment(2, Some(1), 1, P),
            comment(3, Some(2), 2, P),
            comment(4, Some(2), 2, P),
            comment(5, Some(3), 3, P),
            comment(6, Some(5), 4, P),
            comment(7, None, 0, P),
        ];
        assert_eq!(outline(&arrange(comments, |_| false)), "1(2(3 4 5 6)) 7");
    }

    #[test]
    fn a_deleted_comment_stays_only_while_something_hangs_on_it() {
        use CommentStatus::{Deleted as D, Published as P};
        let comments = vec![
            comment(1, None, 0, D),
            comment(2, Some(1), 1, D),
            comment(3, Some(2), 2, P),
            comment(4, None, 0, D),
            comment(5, Some(4), 1, D),
        ];
        assert_eq!(outline(&arrange(comments, |_| false)), "1(2(3))");
    }
}
