//! The rules that make a comment wait: trying them on what was written lately, keeping them, and deciding by them.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Query};
use poem::{Response, handler};

use super::super::error::Failure;
use super::super::form::{Form, LongForm};
use super::super::reader::Reader;
use super::super::{App, see_other};
use super::comments::{DoneQuery, decide_all, recorded, told};
use super::settings::parse;
use crate::error::{Error, Fields, Result};
use crate::model::moderation::{Decision, Deed};
use crate::model::rules::Rules;
use crate::model::settings::Settings;
use crate::model::time::Timestamp;
use crate::store::comments::trial;
use crate::store::settings;
use crate::views::desk::queue::Done;
use crate::views::desk::rules::{RulesPage, TypedRules};

/// What a trial looks back on, in milliseconds: 30 days, as long as the log is kept.
const LATELY: i64 = 30 * 24 * 60 * 60 * 1_000;

/// How long a trial may take.
const LONGEST: Duration = Duration::from_millis(1_500);

/// `GET /admin/rules`
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Failure> {
    let page = app.page(&reader, move |moment| {
        let typed = TypedRules::of(&moment.settings);
        Ok(RulesPage::new(moment.frame(), &typed)
            .after(query.done())
            .render()?)
    });
    Ok(page.await?)
}

/// `POST /admin/rules`: with `do=try` the page says what the rules of the form would have held, and nothing is changed; with
/// `save` they are kept; with a decision they are kept, and it is made about the comments in `ids`.
#[handler]
pub async fn act(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    LongForm(form): LongForm,
) -> Result<Response, Failure> {
    let typed = TypedRules {
        max_links: form.get("max_links").into(),
        hold_words: form.get("hold_words").into(),
        hold_patterns: form.get("hold_patterns").into(),
    };
    let changes = match parse(&form) {
        Ok(changes) => changes,
        Err(errors) => return refused(app, &reader, typed, errors).await,
    };
    match (form.get("do"), Decision::parse(form.get("do"))) {
        ("try", _) => tried(app, &reader, typed).await,
        ("save", _) => {
            app.store
                .write(move |tx| settings::change(tx, &changes))
                .await?;
            Ok(see_other("/admin/rules"))
        }
        (_, Some(decision @ (Decision::Hold | Decision::Spam))) => {
            let ids = chosen(&form);
            let changed = app.store.write(move |tx| {
                settings::change(tx, &changes)?;
                recorded(tx, || decide_all(tx, &ids, decision))
            });
            let ((done, left), undo) = changed.await?;
            let done = Done {
                deed: Deed::Decided(decision),
                count: done.len() as i64,
                left,
                undo,
            };
            Ok(told("/admin/rules", &done))
        }
        _ => Err(Error::NotFound.into()),
    }
}

/// The comments of the boxes that are ticked; what is answered comes before its answers.
fn chosen(form: &Form) -> Vec<i64> {
    let mut ids: Vec<i64> = form.all("ids").filter_map(|id| id.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(trial::SHOWN);
    ids
}

/// Tries the rules, off the threads that answer others.
async fn tried(app: &App, reader: &Reader, typed: TypedRules) -> Result<Response, Failure> {
    let page = app.page(reader, move |moment| {
        let rules = Rules::of(&Settings {
            max_links: typed.max_links.trim().parse().unwrap_or_default(), // it was checked
            hold_words: typed.hold_words.clone(),
            hold_patterns: typed.hold_patterns.clone(),
            ..Settings::default()
        });
        let since = Timestamp::now().plus(-LATELY);
        let trial = trial::run(moment.conn, &rules, since, LONGEST)?;
        Ok(RulesPage::new(moment.frame(), &typed)
            .with(&trial)
            .render()?)
    });
    Ok(page.await?)
}

async fn refused(
    app: &App,
    reader: &Reader,
    typed: TypedRules,
    errors: Fields,
) -> Result<Response, Failure> {
    if reader.wants_json {
        return Err(Error::Invalid(errors).into());
    }
    let page = app.page(reader, move |moment| {
        Ok(RulesPage::new(moment.frame(), &typed)
            .refused(&errors)
            .render()?)
    });
    let mut answer = page.await?;
    answer.set_status(StatusCode::UNPROCESSABLE_ENTITY);
    Ok(answer)
}
