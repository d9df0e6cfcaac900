//! `rowlog demo`: a blog with sample posts, in a folder that goes away with it, and readers who come and go.
//!
//! The blog is served by the code of `rowlog serve`, and its readers are clients like any other: they fetch pages, hold
//! streams open and send the forms that they were given, through the network. What they say is in
//! `templates/demo/comments`, when they say it is drawn in `plan`. One post is a liveblog, to which its owner adds.

mod blog;
mod browser;
mod owner;
mod plan;
mod pool;
mod readers;

use std::sync::Arc;

use clap::Args;

use super::running::Running;
use super::{remark, serve};
use crate::error::{Error, Result};
use plan::Plan;
use pool::Pool;

/// How the demonstration goes.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    listen: serve::Listen,
    /// How fast the readers live, 1 being a human pace
    #[arg(long, env = "ROWLOG_PACE", default_value = "1.0", value_name = "FACTOR", value_parser = pace)]
    pace: f64,
    /// The same number brings the same readers in the same order [default: a new one each time]
    #[arg(long, env = "ROWLOG_SEED", value_name = "NUMBER")]
    seed: Option<u64>,
}

/// Shows a blog alive until SIGTERM or Ctrl-C. The folder is gone afterwards.
///
/// Errors: as `serve`, and [`Error::Io`] if no folder can be made or removed.
pub async fn run(options: Options) -> Result<()> {
    serve::log_to_stderr();
    let asked_to_stop = serve::signals()?; // before there is a folder that could be left behind
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    let folder = tempfile::Builder::new()
        .prefix("rowlog-demo-")
        .tempdir()
        .map_err(Error::io("cannot make a temporary folder"))?;
    let pool = Arc::new(Pool::embedded());
    let blog = blog::make(folder.path(), &pool, seed).await?;
    let serving = serve::Options::at(options.listen).without_limits();
    let running = Running::start(folder.path(), serving).await?;
    serve::announce(running.address)?;
    remark("A sample blog with simulated readers. Ctrl-C ends it and removes its folder.");
    let plan = Plan::new(&pool, &blog.posts, seed);
    tokio::select! {
        () = asked_to_stop => {}
        () = readers::come_and_go(running.address, plan, pool.clone(), blog.said, options.pace) => {}
        () = owner::write(folder.path(), options.pace) => {}
    }
    running.stop().await?;
    folder
        .close()
        .map_err(Error::io("cannot remove the temporary folder"))
}

/// From a tenth of a human pace to twenty times it.
fn pace(word: &str) -> std::result::Result<f64, String> {
    let pace: f64 = word.parse().map_err(|_| "this is not a number")?;
    match (0.1..=20.0).contains(&pace) {
        true => Ok(pace),
        false => Err("choose a pace from 0.1 to 20".into()),
    }
}

#[cfg(test)]
mod tests;
