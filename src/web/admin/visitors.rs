//! What the owner does about a visitor as a whole.

use std::sync::Arc;

use poem::web::{Data, Path};
use poem::{Response, handler};
use serde_json::json;

use super::super::App;
use super::super::error::Failure;
use super::super::form::Form;
use super::comments::told;
use crate::error::Error;
use crate::model::id::VisitorId;
use crate::model::moderation::Deed;
use crate::store::mine;
use crate::views::desk::queue::Done;

/// `POST /admin/visitors/{id}/erasure`: everything of the visitor leaves the file, as if they had asked for it themselves. The
/// form says `sure=yes`, because nothing brings it back.
#[handler]
pub async fn erase(
    Data(app): Data<&Arc<App>>,
    Path(id): Path<i64>,
    form: Form,
) -> Result<Response, Failure> {
    if form.get("sure") != "yes" {
        let why = "nothing was erased; tick the box to say that you mean it";
        return Err(Error::field("sure", why).into());
    }
    let visitor = VisitorId(id);
    let erased = app.store.write(move |tx| {
        let facts = json!({ "by": "owner", "to": "erased" });
        match mine::kept(tx, visitor)? {
            Some(_) => mine::erase(tx, visitor, Some(&facts)),
            None => Err(Error::NotFound),
        }
    });
    let count = erased.await? as i64;
    app.live.presence.hide(visitor);
    let done = Done {
        deed: Deed::Erased,
        count,
        left: 0,
        undo: None,
    };
    Ok(told("/admin/comments", &done))
}
