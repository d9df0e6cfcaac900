//! Forms that come back: with the input kept, and what is wrong or when to send it again.

use poem::Response;
use poem::http::StatusCode;

use super::super::error::Failure;
use super::super::form::Form;
use super::super::limits::TooOften;
use super::super::posts::{Draft, PostQuery};
use super::super::reader::Reader;
use super::super::{App, no_store};
use crate::error::{Error, Fields};
use crate::model::id::CommentId;
use crate::views::comments::Typed;

/// Why a form comes back.
pub enum Refusal {
    /// Something in it is wrong; by field.
    Wrong(Fields),
    /// There were too many.
    TooOften(TooOften),
}

impl From<Fields> for Refusal {
    fn from(errors: Fields) -> Refusal {
        Refusal::Wrong(errors)
    }
}

impl From<TooOften> for Refusal {
    fn from(too_often: TooOften) -> Refusal {
        Refusal::TooOften(too_often)
    }
}

impl Refusal {
    /// The answer to a program.
    pub fn failure(self, form: &Form) -> Failure {
        match self {
            Refusal::Wrong(errors) => Error::Invalid(errors).into(),
            Refusal::TooOften(too_often) => too_often.failure_with(form.get("body")),
        }
    }

    /// The messages of the page, by field; one of the whole form has no name.
    pub fn errors(&self) -> Fields {
        match self {
            Refusal::Wrong(errors) => errors.clone(),
            Refusal::TooOften(too_often) => Fields::from([("", too_often.why_not_sent())]),
        }
    }

    /// Makes a page that shows it the answer that it is.
    pub fn mark(&self, answer: &mut Response) {
        match self {
            Refusal::Wrong(_) => answer.set_status(StatusCode::UNPROCESSABLE_ENTITY),
            Refusal::TooOften(too_often) => {
                answer.set_status(StatusCode::TOO_MANY_REQUESTS);
                too_often.note(answer);
            }
        }
    }
}

/// The same page again: the input kept, each message at its field.
pub async fn refused(
    app: &App,
    reader: &Reader,
    slug: String,
    form: &Form,
    refusal: Refusal,
) -> Result<Response, Failure> {
    if reader.wants_json {
        return Err(refusal.failure(form));
    }
    let draft = Draft {
        errors: refusal.errors(),
        ..draft_of(form)
    };
    let page = page_with(app, reader, slug, draft).await;
    let mut answer = page.map_err(|failure| failure.with_typed(form.get("body")))?;
    refusal.mark(&mut answer);
    Ok(answer)
}

/// A post's page with `draft` in its composer.
pub async fn page_with(
    app: &App,
    reader: &Reader,
    slug: String,
    draft: Draft,
) -> Result<Response, Failure> {
    let key = app.form_key.clone();
    let page = app.page(reader, move |moment| {
        moment.post(&slug, PostQuery::default(), &draft, &key)
    });
    let mut answer = page.await?;
    no_store(&mut answer);
    Ok(answer)
}

/// What was typed, for the composer of the page that comes back.
pub fn draft_of(form: &Form) -> Draft {
    let field = |name: &str| form.get(name).to_owned();
    let typed = Typed {
        name: field("name"),
        email: field("email"),
        url: field("url"),
        body: field("body"),
        show_name: form.filled("show_name").is_some(),
    };
    let parent = form
        .filled("parent")
        .and_then(|id| id.parse().ok())
        .map(CommentId);
    Draft {
        typed,
        parent,
        ..Draft::default()
    }
}
