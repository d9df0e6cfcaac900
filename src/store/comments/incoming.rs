//! A new comment that is let in: its row, and what it is from then on.

use rusqlite::params;

use super::arrival::{OpenPost, likeness};
use super::naming;
use crate::error::Result;
use crate::model::comment::{Comment, CommentStatus, NewComment, Parent};
use crate::model::id::{CommentId, PostId, VisitorId};
use crate::model::mark::Mark;
use crate::model::reaction::Tally;
use crate::store::{Tx, search};
use crate::text::RENDERER;

/// A comment that is let in: what was sent, and what was found out about where it belongs.
pub struct Incoming<'a> {
    /// The post that it comes to.
    pub post: PostId,
    /// Who wrote it.
    pub visitor: VisitorId,
    /// What was sent.
    pub new: &'a NewComment,
    /// What it answers.
    pub parent: Option<Comment>,
    /// Why it waits, if it does.
    pub held_for: Option<String>,
}

/// What the row of a comment has that nobody knew before.
pub struct Placed {
    pub id: CommentId,
    thread: i64,
    number: i64,
    is_namesake: bool,
    op: Option<String>,
}

impl Incoming<'_> {
    fn status(&self) -> CommentStatus {
        match self.held_for {
            Some(_) => CommentStatus::Pending,
            None => CommentStatus::Published,
        }
    }

    fn depth(&self) -> i64 {
        self.parent.as_ref().map_or(0, |parent| parent.depth + 1)
    }

    /// Writes the row, under the next number of its post, which counts it unless it is held; it starts a thread unless it
    /// answers something.
    pub fn insert(&self, tx: &Tx) -> Result<Placed> {
        let (new, parent) = (self.new, self.parent.as_ref());
        let (number, thread) = self.next_number(tx)?;
        let thread = parent.map_or(thread, |parent| parent.thread);
        let likeness = likeness(new);
        let is_namesake = match &likeness {
            Some(likeness) => naming::is_borne_by_another(tx, likeness, self.visitor)?,
            None => false,
        };
        let op = free_op(tx, self.post, new)?;
        let sql = "insert into comments (post_id, parent_id, depth, thread, number, visitor_id, name, email, url, body,
                 html, renderer, status, held_for, op, created_at, owner, client, likeness, namesake)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
        let id = tx.prepare_cached(sql)?.insert(params![
            self.post,
            parent.map(|parent| parent.id),
            self.depth(),
            thread,
            number,
            self.visitor,
            new.name.as_str(),
            new.email.as_ref().map(|email| email.as_str()),
            new.url.as_ref().map(|url| url.as_str()),
            new.body.as_str(),
            new.html,
            RENDERER,
            self.status(),
            self.held_for,
            op,
            tx.now(),
            new.owner,
            new.client.map(|client| client.now),
            likeness,
            is_namesake,
        ])?;
        if self.held_for.is_none() {
            search::note(tx, CommentId(id))?;
        }
        Ok(Placed {
            id: CommentId(id),
            thread,
            number,
            is_namesake,
            op,
        })
    }

    /// Has the post count one more; its number, and that of a thread which it starts.
    fn next_number(&self, tx: &Tx) -> Result<(i64, i64)> {
        let sql = "update posts set last_number = last_number + 1, last_thread = last_thread + ?2,
                       comment_count = comment_count + ?3 where id = ?1";
        let row = params![self.post, self.parent.is_none(), self.held_for.is_none()];
        tx.prepare_cached(sql)?.execute(row)?;
        let sql = "select last_number, last_thread from posts where id = ?1";
        let mut query = tx.prepare_cached(sql)?;
        Ok(query.query_row([self.post], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// The comment as [`super::get`] would read it, without reading it.
    pub fn comment(
        self,
        tx: &Tx,
        post: OpenPost,
        slug: &str,
        token_hash: &[u8; 32],
        placed: Placed,
    ) -> Comment {
        let (status, depth, new) = (self.status(), self.depth(), self.new);
        let name = new.name.as_str();
        Comment {
            id: placed.id,
            post: self.post,
            post_slug: slug.to_owned(),
            discussion: post.discussion,
            parent: self.parent.map(|parent| Parent {
                id: parent.id,
                number: parent.number,
                thread: parent.thread,
                name: match parent.status {
                    CommentStatus::Published => parent.name,
                    _ => String::new(),
                },
            }),
            depth,
            thread: placed.thread,
            number: placed.number,
            visitor: Some(self.visitor),
            owner: new.owner,
            name: name.to_owned(),
            mark: match new.owner {
                true => Mark::of_name(name),
                false => Mark::of_visitor(token_hash),
            },
            is_namesake: placed.is_namesake,
            url: new.url.as_ref().map(|url| url.as_str().to_owned()),
            body: new.body.as_str().to_owned(),
            html: new.html.clone(),
            status,
            op: placed.op,
            created_at: tx.now(),
            edited_at: None,
            edited_by_owner: false,
            pinned: false,
            closed: false,
            version: 1,
            reactions: Tally::default(),
            fresh: false,
        }
    }
}

/// The client's id of this attempt, unless another comment has it already.
fn free_op(tx: &Tx, post: PostId, new: &NewComment) -> Result<Option<String>> {
    let Some(op) = &new.op else { return Ok(None) };
    let sql = "select 1 from comments where post_id = ?1 and op = ?2";
    let is_taken = tx.prepare_cached(sql)?.exists(params![post, op])?;
    Ok((!is_taken).then(|| op.clone()))
}
