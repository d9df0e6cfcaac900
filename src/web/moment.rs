//! What a page is made of: one moment of the file, as the one who asks may see it.

use std::cell::Cell;

use poem::Response;
use poem::http::header;
use rusqlite::Connection;

use super::cache::Lasting;
use super::printable::printable;
use super::reader::Reader;
use super::visit::Read;
use super::{App, css, icons, me, session};
use crate::error::Result;
use crate::model::comment::Changer;
use crate::model::concern::Concern;
use crate::model::fault::Ongoing;
use crate::model::post::PostKind;
use crate::model::settings::Settings;
use crate::model::time::Timestamp;
use crate::model::visitor::Visitor;
use crate::store::faults::Faults;
use crate::store::{log, settings};
use crate::views::{Cursor, Frame, Health, Me, Site, Theme};

/// One moment of the file, and for whom it is rendered.
pub struct Moment<'a> {
    /// The file as it was then.
    pub conn: &'a Connection,
    /// What the owner has set.
    pub settings: Settings,
    /// The visitor whose cookie came with the request.
    pub visitor: Option<Visitor>,
    /// Whether it is the owner who asks.
    pub owner: bool,
    site: Site,
    theme: Theme,
    me: Option<Me>,
    /// What is wrong, and the head of the log, for the owner alone.
    health: Option<(Vec<Ongoing>, Cursor)>,
    /// How long the page is as good as a new one, if it is for all strangers.
    lasting: Cell<Option<Lasting>>,
    /// What is read with the page, if that is counted.
    read: Cell<Option<Read>>,
}

impl App {
    /// Reads and renders a page from one moment of the file.
    ///
    /// Errors: whatever `render` returns, and what reading the file answers.
    pub async fn page<F>(&self, reader: &Reader, render: F) -> Result<Response>
    where
        F: FnOnce(&Moment) -> Result<String> + Send + 'static,
    {
        let is_stranger = reader.token_hash.is_none() && reader.session_hash.is_none();
        let kept = match is_stranger {
            true => "no-cache",
            false => "private, no-cache",
        };
        let (reader, base_url) = (reader.clone(), self.base_url.clone());
        let faults = self.store.faults().clone();
        let made = self.store.read(move |conn| {
            let moment = Moment::of(conn, &reader, base_url, &faults)?;
            let html = render(&moment)?;
            Ok((html, moment.lasting.get(), moment.read.take()))
        });
        let (html, lasting, read) = made.await?;
        let mut answer = Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CACHE_CONTROL, kept)
            .header(header::VARY, "Cookie")
            .header(header::LINK, "</micropub>; rel=\"micropub\"")
            .body(printable(html));
        if let Some(lasting) = lasting.filter(|_| is_stranger) {
            answer.set_data(lasting);
        }
        if let Some(read) = read {
            answer.set_data(read);
        }
        Ok(answer)
    }
}

impl<'a> Moment<'a> {
    fn of(
        conn: &'a Connection,
        reader: &Reader,
        base_url: String,
        faults: &Faults,
    ) -> Result<Moment<'a>> {
        let settings = settings::load(conn)?;
        let visitor = reader.visitor(conn)?;
        let owner = session::find(conn, reader)?.is_some();
        let told = visitor.as_ref().map(|visitor| me::told(conn, visitor));
        Ok(Moment {
            conn,
            site: site(&settings, base_url),
            settings,
            theme: reader.theme,
            me: told.transpose()?,
            visitor,
            owner,
            health: match owner {
                true => Some((faults.ongoing(), cursor(conn)?)),
                false => None,
            },
            lasting: Cell::new(None),
            read: Cell::new(None),
        })
    }

    /// The head of the log at this moment: where the page's stream starts.
    pub fn cursor(&self) -> Result<Cursor> {
        cursor(self.conn)
    }

    /// The asker, as someone who may change comments.
    pub fn changer(&self) -> Changer {
        Changer {
            visitor: self.visitor.as_ref().map(|visitor| visitor.id),
            owner: self.owner,
            window: self.settings.edit_minutes * 60_000,
        }
    }

    /// Says that strangers may be shown the same page again, until what it is about changes or that time has come.
    pub fn lasts(&self, concern: Concern, until: Option<Timestamp>) -> Result<()> {
        self.lasting.set(Some(Lasting {
            as_of: log::head(self.conn)?.id,
            concern,
            until,
        }));
        Ok(())
    }

    /// Says that a post is read with the page, unless it is the owner who looks.
    pub fn reads(&self, kind: PostKind, slug: &str) {
        self.read.set((!self.owner).then(|| Read {
            kind,
            slug: slug.into(),
            zone: self.settings.zone(),
        }));
    }

    /// What stands around every page.
    pub fn frame(&self) -> Frame<'_> {
        Frame {
            site: &self.site,
            theme: self.theme,
            owner: self.owner,
            me: self.me,
            health: self.health.as_ref().map(|(faults, cursor)| Health {
                faults,
                cursor: *cursor,
            }),
        }
    }
}

/// The site as its pages and feeds name it.
pub fn site(settings: &Settings, base_url: String) -> Site {
    Site {
        title: settings.title.clone(),
        description: settings.description.clone(),
        owner: settings.owner.clone(),
        lang: settings.lang.clone(),
        ink: settings.ink,
        navigation: settings.navigation.clone(),
        footer: settings.footer.clone(),
        css: css::path(&settings.css),
        manner: settings.manner(),
        icon: icons::key(settings),
        has_own_icon: !settings.icon.is_empty(),
        ai_robots: settings.ai_robots,
        base_url,
        hub: settings.hub.clone(),
    }
}

/// The newest event that a page read in `conn` knows of: where its stream starts.
pub fn cursor(conn: &Connection) -> Result<Cursor> {
    let head = log::head(conn)?;
    Ok(Cursor {
        after: head.id,
        at: head.at,
    })
}
