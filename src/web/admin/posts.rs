//! Posts, as their author sees them.

use std::sync::Arc;

use askama::Template;
use poem::web::Data;
use poem::{Response, handler};

use super::super::App;
use super::super::error::Failure;
use super::super::reader::Reader;
use super::super::session::Owner;
use crate::error::Result;
use crate::views::desk::DeskPage;

/// `GET /admin`
#[handler]
pub async fn list(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    _owner: Owner,
) -> Result<Response, Failure> {
    let page = app.page(
        &reader,
        |moment| Ok(DeskPage::new(moment.frame()).render()?),
    );
    Ok(page.await?)
}
