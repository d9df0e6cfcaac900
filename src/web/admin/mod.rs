//! The desk: what only the owner sees. Whatever is under `/admin` needs a session, but setting up and signing in.

mod account;
mod login;
mod media;
mod posts;
mod setup;

use poem::{Endpoint, EndpointExt, Route};

use super::{get, post, session};

pub use login::Doorkeeper;
pub use setup::Invitation;

/// The routes under `/admin`. Everything but the two doors is behind [`session::guard`].
pub fn routes() -> impl Endpoint {
    let desk = Route::new()
        .at("/", get(posts::list))
        .at("/account", get(account::show))
        .at("/account/password", post(account::change_password))
        .at(
            "/media",
            super::only("GET, HEAD, POST", poem::get(media::list).post(media::add)),
        )
        .at(
            "/media/:hash",
            super::only(
                "GET, HEAD, POST",
                poem::get(media::show).post(media::describe),
            ),
        )
        .at(
            "/media/:hash/deletion",
            super::only("GET, HEAD, POST", poem::get(media::ask).post(media::remove)),
        )
        .at("/sessions/end", post(account::end_others))
        .at("/sessions/:id/end", post(account::end))
        .at("/logout", post(login::leave))
        .around(session::guard);
    Route::new()
        .at(
            "/setup",
            super::only("GET, HEAD, POST", poem::get(setup::ask).post(setup::set_up)),
        )
        .at(
            "/login",
            super::only("GET, HEAD, POST", poem::get(login::ask).post(login::enter)),
        )
        .nest("/", desk)
}
