//! The reader's choice of light, dark or the system's: a cookie, set by a form, printed by the server, so that no page
//! flashes.

use std::sync::Arc;
use std::time::Duration;

use poem::web::Data;
use poem::web::cookie::{Cookie, SameSite};
use poem::{Response, handler};

use super::error::Failure;
use super::form::Form;
use super::{App, see_other, token};
use crate::error::Error;
use crate::views::Theme;

/// `POST /theme`
#[handler]
pub async fn choose(Data(app): Data<&Arc<App>>, form: Form) -> Result<Response, Failure> {
    let theme = Theme::parse(form.get("theme"))
        .ok_or_else(|| Error::field("theme", "choose light, dark or auto"))?;
    let mut cookie = Cookie::new_with_str("theme", theme.forced().unwrap_or_default());
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(app.is_secure());
    let days = if theme.forced().is_some() { 365 } else { 0 };
    cookie.set_max_age(Duration::from_secs(days * 24 * 60 * 60));
    let mut answer = see_other(back(form.get("back")));
    token::set(&mut answer, &cookie);
    Ok(answer)
}

/// Where the reader wants to go back to, if that is a plain path of this site.
pub fn back(path: &str) -> &str {
    let plain = path.starts_with('/')
        && !path.starts_with("//")
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if plain { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::back;

    #[test]
    fn the_way_back_never_leads_to_another_site() {
        assert_eq!(back("/posts/hello?comments=2"), "/posts/hello?comments=2");
        for hostile in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: x",
        ] {
            assert_eq!(back(hostile), "/");
        }
    }
}
