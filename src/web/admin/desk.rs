//! The desk itself.

use std::sync::Arc;

use askama::Template;
use poem::web::Data;
use poem::{Response, handler};

use super::super::App;
use super::super::error::Failure;
use super::super::reader::Reader;
use crate::error::Result;
use crate::views::desk::DeskPage;

/// `GET /admin`
#[handler]
pub async fn show(Data(app): Data<&Arc<App>>, reader: Reader) -> Result<Response, Failure> {
    let page = app.page(
        &reader,
        |moment| Ok(DeskPage::new(moment.frame()).render()?),
    );
    Ok(page.await?)
}
