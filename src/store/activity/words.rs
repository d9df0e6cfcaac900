//! The words for what happened. Pure: what an event needs to be told comes with it.

use serde_json::Value;

use super::Told;
use super::changes::Change;
use crate::model::comment::CommentStatus;
use crate::model::event::Kind;

/// What is said of an event. The names in it are those that their writers typed.
pub struct Words {
    /// Who did it, if it was a reader.
    pub who: Option<String>,
    /// What was done.
    pub what: String,
    /// Whose it was that it was done to; it stands under what `to` names.
    pub whose: Option<String>,
    /// What it was done to, and where that is.
    pub to: Option<(String, String)>,
}

/// Whether the owner decided something about what others wrote, or about them. A change of words is no decision: nothing
/// is kept that could be given back.
pub fn is_decision(event: &Told) -> bool {
    event.facts["by"] == "owner" && matches!(event.kind.noun(), "comment" | "visitor")
}

/// Whether it was the owner who did it.
pub fn is_owners(event: &Told) -> bool {
    is_decision(event) || !matches!(event.kind.noun(), "comment" | "reaction" | "owner" | "blog")
}

/// An event in words; with `change` as a whole if it is a decision. `None` if another one tells of the same, or if what it
/// speaks of is gone.
pub fn of(event: &Told, change: Option<&Change>) -> Option<Words> {
    let is_out = event
        .post
        .as_ref()
        .is_some_and(|post| post.status.is_open());
    if event.kind == Kind::PostCreated && is_out {
        return None; // it is told of as published
    }
    let speaks_of_a_post = !matches!(
        event.kind,
        Kind::PostErased
            | Kind::VisitorBanned
            | Kind::VisitorUnbanned
            | Kind::OwnerLogin
            | Kind::OwnerLogout
            | Kind::OwnerPassword
            | Kind::OwnerCode
            | Kind::ImportApplied
            | Kind::ImportUndone
            | Kind::SettingsUpdated
            | Kind::BlogRestored
            | Kind::BlogPromoted
    );
    if speaks_of_a_post && event.post.is_none() {
        return None; // it is gone
    }
    match change {
        Some(change) => Some(decided(event, change)),
        None => happened(event),
    }
}

/// What the owner decided, about one comment or many.
fn decided(event: &Told, change: &Change) -> Words {
    let count = change.comments;
    let verb = verb(event);
    let what = match (change.is_undo, change.ban, count) {
        (true, Some(false), 0) => "You took back a ban".into(),
        (true, Some(true), 0) => "You took back that a ban was lifted".into(),
        (true, Some(_), 1) => "You took back a ban and a decision about a comment".into(),
        (true, Some(_), _) => format!("You took back a ban and decisions about {count} comments"),
        (true, None, 0 | 1) => "You took back a decision about a comment".into(),
        (true, None, _) => format!("You took back a decision about {count} comments"),
        (false, Some(true), 0) => "You asked somebody not to write here".into(),
        (false, Some(true), _) => {
            let comments = match count {
                1 => "a comment".into(),
                _ => format!("{count} comments"),
            };
            format!("You asked somebody not to write here, and marked {comments} as spam")
        }
        (false, Some(false), _) => "You lifted a ban".into(),
        (false, None, 0 | 1) => format!("You {verb} a comment"),
        (false, None, _) => format!("You {verb} {count} comments"),
    };
    if change.ban.is_some() {
        return Words {
            who: None,
            what: format!("{what}:"),
            whose: None,
            to: Some(("all bans".into(), "/admin/bans".into())),
        };
    }
    let name = event.comment.as_ref().map(|comment| comment.name.clone());
    let whose = name.filter(|name| count == 1 && !name.is_empty());
    let to = match change.posts {
        1 => event.post.as_ref().map(|post| {
            let one = event.comment_path().filter(|_| count == 1);
            let path = one.unwrap_or_else(|| format!("/admin/comments?show=all&post={}", post.id));
            (post.title.clone(), path)
        }),
        posts => Some((format!("{posts} posts"), "/admin/comments?show=all".into())),
    };
    let joint = match (&whose, &to) {
        (_, None) => "",
        (Some(_), _) => " by",
        (None, _) => " on",
    };
    Words {
        who: None,
        what: format!("{what}{joint}"),
        whose,
        to,
    }
}

/// What the decision was.
fn verb(event: &Told) -> &'static str {
    let Value::Object(facts) = &event.facts else {
        return "changed";
    };
    let word = |name: &str| facts.get(name).and_then(Value::as_str);
    match (word("from"), word("to")) {
        (Some("deleted"), Some(_)) => "restored",
        (_, Some("published")) => "approved",
        (_, Some("pending")) => "put into the queue",
        (_, Some("rejected")) => "rejected",
        (_, Some("spam")) => "marked as spam",
        (_, Some("deleted")) => "deleted",
        (_, Some("erased")) => "erased for good",
        _ => match (facts.get("pinned"), facts.get("closed")) {
            (Some(Value::Bool(true)), _) => "pinned",
            (Some(_), _) => "unpinned",
            (_, Some(Value::Bool(true))) => "closed to answers",
            (_, Some(_)) => "opened to answers",
            _ => "edited",
        },
    }
}

/// What happened without a decision of the owner's.
fn happened(event: &Told) -> Option<Words> {
    let comment = event.comment.as_ref();
    let name = comment.map(|comment| comment.name.clone());
    let name = name.filter(|name| !name.is_empty());
    let is_of_comment = event.kind != Kind::ReactionUpdated;
    let reacted_to = match event.kind {
        Kind::ReactionUpdated if event.subject != 0 => name.clone(),
        _ => None,
    };
    let agent = event.facts["agent"].as_str().unwrap_or("somewhere");
    let what = match event.kind {
        Kind::CommentCreated | Kind::CommentPending if name.is_none() => return None, // it is gone
        Kind::CommentCreated if event.facts["from"].is_string() => return None, // it was approved
        Kind::OwnerLogin if event.facts["known"] == false => {
            format!("You signed in with {agent}, where you never had before")
        }
        Kind::OwnerLogin => format!("You signed in with {agent}"),
        Kind::OwnerLogout => format!("You signed out of {agent}"),
        Kind::ReactionUpdated if reacted_to.is_some() => "Readers reacted to the comment by".into(),
        Kind::CommentPending if comment.is_some_and(|it| it.status == CommentStatus::Pending) => {
            "waits for you with a comment on".into()
        }
        _ => words(event)?.into(),
    };
    let path = match event.kind {
        Kind::CommentCreated | Kind::CommentUpdated | Kind::CommentPending => event.comment_path(),
        Kind::ReactionUpdated if event.subject != 0 => event.comment_path(),
        _ => None,
    };
    let post = event.post.as_ref();
    let of_post = post.map(|post| format!("/admin/posts/{}", post.id));
    Some(Words {
        who: name.filter(|_| is_of_comment),
        what,
        whose: reacted_to,
        to: match event.kind {
            Kind::OwnerLogin | Kind::OwnerLogout | Kind::OwnerPassword | Kind::OwnerCode => {
                Some(("Your account".into(), "/admin/account".into()))
            }
            Kind::SettingsUpdated => Some((fields(event), "/admin/settings".into())),
            _ => post.map(|post| post.title.clone()).zip(path.or(of_post)),
        },
    })
}

fn words(event: &Told) -> Option<&'static str> {
    Some(match event.kind {
        Kind::CommentCreated => "commented on",
        Kind::CommentUpdated => "changed a comment on",
        Kind::CommentDeleted if event.facts["to"].is_string() => return None, // another one tells why
        Kind::CommentDeleted => "A comment was deleted by its writer, on",
        Kind::CommentPending => "wrote a comment that had to wait, on",
        Kind::CommentRejected => "A waiting comment was deleted by its writer, on",
        Kind::ReactionUpdated => "Readers reacted to",
        Kind::EntryCreated => "New entry in",
        Kind::EntryUpdated => "An entry was changed in",
        Kind::EntryDeleted => "An entry was deleted in",
        Kind::PostCreated => "Begun,",
        Kind::PostSaved => "Saved,",
        Kind::PostErased => "A post was removed from the trash for good",
        Kind::PostPublished => "Published,",
        Kind::PostUpdated => "Updated,",
        Kind::PostMoved => moved(event)?,
        Kind::OwnerPassword => "Your password was changed:",
        Kind::OwnerCode => "The codes of your second step were changed or used:",
        Kind::ImportApplied => "Posts were imported",
        Kind::ImportUndone => "An import was taken back",
        Kind::SettingsUpdated => "Settings were changed:",
        Kind::BlogRestored => "The blog was restored from a backup",
        Kind::BlogPromoted => "The blog moved to a copy on another machine",
        // The comment itself is told of, what a post becomes instead, and what was decided.
        Kind::CommentApproved
        | Kind::ReplyCreated
        | Kind::PostDeleted
        | Kind::VisitorBanned
        | Kind::VisitorUnbanned
        | Kind::ChangeUndone
        | Kind::OwnerLogin
        | Kind::OwnerLogout => return None,
    })
}

/// The settings that were changed, in words.
fn fields(event: &Told) -> String {
    let names = event.facts["fields"].as_array().into_iter().flatten();
    let names: Vec<String> = names
        .filter_map(|name| Some(name.as_str()?.replace('_', " ")))
        .collect();
    names.join(", ")
}

/// What it means that a post moved; that it was published is an event of its own.
fn moved(event: &Told) -> Option<&'static str> {
    match (event.facts["from"].as_str()?, event.facts["to"].as_str()?) {
        (_, "deleted") => Some("Put into the trash,"),
        ("deleted", "draft" | "scheduled") => Some("Taken out of the trash,"),
        (_, "scheduled") => Some("Scheduled,"),
        (_, "draft") => Some("Withdrawn,"),
        ("published", "unlisted") => Some("Unlisted,"),
        _ => None,
    }
}
