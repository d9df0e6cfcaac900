//! Rowlog: a personal blog in one binary, where every open page is alive.
//!
//! In reading order: what a blog is (`model`), how its text becomes HTML (`text`), the file (`store`), the pages
//! (`views`, `feeds`, `assets`), the streams (`live`), the site (`web`), and the command line (`cli`).

mod assets;
mod chores;
mod cli;
mod error;
mod feeds;
mod import;
mod live;
mod liveblog;
mod model;
mod password;
mod store;
mod text;
mod views;
mod visits;
mod web;

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
