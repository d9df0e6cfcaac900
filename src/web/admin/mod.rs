//! The desk: what only the owner sees. Whatever is under `/admin` needs a session, but setting up and signing in.

mod account;
mod login;
mod posts;
mod setup;
mod tokens;

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
        .at("/sessions/end", post(account::end_others))
        .at("/sessions/:id/end", post(account::end))
        .at(
            "/tokens",
            super::only(
                "GET, HEAD, POST",
                poem::get(tokens::list).post(tokens::make),
            ),
        )
        .at("/tokens/:id/end", post(tokens::end))
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
