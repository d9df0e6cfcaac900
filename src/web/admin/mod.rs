//! The desk: what only the owner sees. Whatever is under `/admin` needs a session, but setting up and signing in.

mod account;
mod bans;
mod code;
mod comments;
mod desk;
mod doorkeeper;
mod editor;
mod keep;
mod log;
mod login;
mod media;
mod posts;
pub mod preview;
mod rules;
mod settings;
mod setup;
mod tokens;
mod visitors;

use poem::EndpointExt;

use super::table::Table;
use super::{get, only, post, session, streams};

pub use doorkeeper::Doorkeeper;
pub use setup::Invitation;

/// The routes under `/admin`. Everything but the two doors, and the stream that is never redirected, is behind
/// [`session::guard`].
pub fn table() -> Table {
    let desk = Table::new()
        .at("/", get(desk::show))
        .at("/posts", get(posts::list))
        .at(
            "/comments",
            only(
                "GET, HEAD, POST",
                poem::get(comments::list).post(comments::decide),
            ),
        )
        .at(
            "/comments/:id",
            only(
                "GET, HEAD, POST",
                poem::get(comments::show).post(comments::change),
            ),
        )
        .at(
            "/log",
            only("GET, HEAD, POST", poem::get(log::list).post(log::act)),
        )
        .at(
            "/bans",
            only("GET, HEAD, POST", poem::get(bans::list).post(bans::add)),
        )
        .at(
            "/rules",
            only("GET, HEAD, POST", poem::get(rules::show).post(rules::act)),
        )
        .at("/bans/:id/end", post(bans::lift))
        .at("/visitors/:id/erasure", post(visitors::erase))
        .at(
            "/posts/new",
            only(
                "GET, HEAD, POST",
                poem::get(editor::blank).post(editor::create),
            ),
        )
        .at(
            "/posts/:id",
            only(
                "GET, HEAD, POST",
                poem::get(editor::open).post(editor::save),
            ),
        )
        .at("/posts/:id/manuscript/deletion", post(editor::discard))
        .at("/posts/:id/trash", post(posts::put_into_trash))
        .at("/posts/:id/restoration", post(posts::take_out_of_trash))
        .at("/posts/:id/erasure", post(posts::erase))
        .at("/posts/:id/revisions", get(posts::history))
        .at("/posts/:id/revisions/:revision", get(posts::revision))
        .at(
            "/posts/:id/revisions/:revision/restoration",
            post(editor::reopen),
        )
        .at("/preview", post(editor::render_preview))
        .at(
            "/settings",
            only(
                "GET, HEAD, POST",
                poem::get(settings::show).post(settings::change),
            ),
        )
        .at("/settings/icon", post(settings::change_icon))
        .at("/settings/icon/deletion", post(settings::remove_icon))
        .at("/backup", post(keep::send_backup))
        .at("/export", post(keep::send_export))
        .at("/account", get(account::show))
        .at("/account/password", post(account::change_password))
        .at(
            "/account/code",
            only("GET, HEAD, POST", poem::get(code::show).post(code::turn_on)),
        )
        .at("/account/code/renewal", post(code::renew))
        .at("/account/code/end", post(code::turn_off))
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
        .at(
            "/tokens",
            super::only(
                "GET, HEAD, POST",
                poem::get(tokens::list).post(tokens::make),
            ),
        )
        .at("/tokens/:id/end", post(tokens::end))
        .at("/logout", post(login::leave));
    Table::new()
        .at(
            "/setup",
            only("GET, HEAD, POST", poem::get(setup::ask).post(setup::set_up)),
        )
        .at(
            "/login",
            only("GET, HEAD, POST", poem::get(login::ask).post(login::enter)),
        )
        .at("/events", get(streams::of_owner))
        .nest("/", desk.listed, desk.route.around(session::guard))
}
