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

use super::table::{Table, get, get_and_post, post};
use super::{session, streams};

pub use doorkeeper::Doorkeeper;
pub use setup::Invitation;

/// The routes under `/admin`. Everything but the two doors, and the stream that is never redirected, is behind
/// [`session::guard`].
pub fn table() -> Table {
    let desk = Table::new()
        .at("/", get(desk::show))
        .at("/posts", get(posts::list))
        .at("/comments", get_and_post(comments::list, comments::decide))
        .at(
            "/comments/:id",
            get_and_post(comments::show, comments::change),
        )
        .at("/log", get_and_post(log::list, log::act))
        .at("/bans", get_and_post(bans::list, bans::add))
        .at("/rules", get_and_post(rules::show, rules::act))
        .at("/bans/:id/end", post(bans::lift))
        .at("/visitors/:id/erasure", post(visitors::erase))
        .at("/posts/new", get_and_post(editor::blank, editor::create))
        .at("/posts/:id", get_and_post(editor::open, editor::save))
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
        .at("/settings", get_and_post(settings::show, settings::change))
        .at("/settings/icon", post(settings::change_icon))
        .at("/settings/icon/deletion", post(settings::remove_icon))
        .at("/backup", post(keep::send_backup))
        .at("/export", post(keep::send_export))
        .at("/account", get(account::show))
        .at("/account/password", post(account::change_password))
        .at("/account/code", get_and_post(code::show, code::turn_on))
        .at("/account/code/renewal", post(code::renew))
        .at("/account/code/end", post(code::turn_off))
        .at("/media", get_and_post(media::list, media::add))
        .at("/media/:hash", get_and_post(media::show, media::describe))
        .at(
            "/media/:hash/deletion",
            get_and_post(media::ask, media::remove),
        )
        .at("/sessions/end", post(account::end_others))
        .at("/sessions/:id/end", post(account::end))
        .at("/tokens", get_and_post(tokens::list, tokens::make))
        .at("/tokens/:id/end", post(tokens::end))
        .at("/logout", post(login::leave));
    Table::new()
        .at("/setup", get_and_post(setup::ask, setup::set_up))
        .at("/login", get_and_post(login::ask, login::enter))
        .at("/events", get(streams::of_owner))
        .nest("/", desk.listed, desk.route.around(session::guard))
}
