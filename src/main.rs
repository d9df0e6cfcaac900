//! Rowlog: a personal blog in one binary, where every open page is alive.
//!
//! In reading order: what a blog is (`model`), how its text becomes HTML (`text`), what happens to its pictures
//! (`darkroom`), the file (`store`), the pages (`views`, `feeds`, `assets`), the streams (`live`), the site (`web`), and
//! the command line (`cli`). Beside them `backup` keeps copies of the file, `import` brings posts over from elsewhere, `watch`
//! takes them from a folder as they are written, and `primary` is the way from a replica to the machine that writes.

mod assets;
mod backup;
#[cfg(test)]
#[expect(
    dead_code,
    reason = "for their tests: only the build script needs all of it"
)]
mod build {
    pub mod bundle;
    mod link;
    mod minify;
    mod script;
}
mod checkup;
mod chores;
mod cli;
mod darkroom;
mod error;
mod export;
mod feeds;
mod hex;
mod import;
mod key;
mod live;
mod liveblog;
mod lookout;
mod model;
mod password;
mod primary;
#[cfg(test)]
mod properties;
mod random;
mod renewal;
mod social;
mod store;
mod text;
#[cfg_attr(feature = "tls", path = "tls/with.rs")]
#[cfg_attr(not(feature = "tls"), path = "tls/without.rs")]
mod tls;
mod totp;
mod views;
mod visits;
mod watch;
mod web;
mod websub;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rowlog: {error}");
            ExitCode::FAILURE
        }
    }
}
