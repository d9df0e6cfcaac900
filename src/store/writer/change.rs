//! A change that waits to be written, and whoever waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use super::super::Tx;
use super::super::answer::Answer;
use super::super::faults;
use super::scribe::Failed;
use crate::error::{Error, Result};

/// What is said of a commit that failed for a reason that is nobody's to know.
pub const FAILED: &str = "it could not be written to disk just now; please try again";

/// Where the answer to a change comes.
pub type Reply = oneshot::Receiver<Result<Answer>>;

type Work = Box<dyn FnMut(&Tx) -> Result<Answer> + Send>;

/// A change, what became of it, and where that is to be told.
pub struct Change {
    work: Work,
    is_repeatable: bool,
    outcome: Option<Result<Answer>>,
    reply: oneshot::Sender<Result<Answer>>,
}

impl Change {
    /// A change that can be run but once.
    pub fn once(work: impl FnOnce(&Tx) -> Result<Answer> + Send + 'static) -> (Change, Reply) {
        let mut once = Some(work);
        let work = move |tx: &Tx| match once.take() {
            Some(work) => work(tx),
            None => Err(Error::Unavailable("a change that cannot be run twice")),
        };
        Change::new(Box::new(work), false)
    }

    /// A change that can be run again, and then does the same.
    pub fn repeatable(work: impl FnMut(&Tx) -> Result<Answer> + Send + 'static) -> (Change, Reply) {
        Change::new(Box::new(work), true)
    }

    fn new(work: Work, is_repeatable: bool) -> (Change, Reply) {
        let (reply, answer) = oneshot::channel();
        let change = Change {
            work,
            is_repeatable,
            outcome: None,
            reply,
        };
        (change, answer)
    }

    /// Whether it can be run again.
    pub fn is_repeatable(&self) -> bool {
        self.is_repeatable
    }

    /// Runs it; whether what it wrote shall be kept.
    pub fn run(&mut self, tx: &Tx) -> bool {
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.work)(tx)));
        let outcome = outcome.unwrap_or(Err(Error::Unavailable(
            "this change failed unexpectedly; nothing was recorded",
        )));
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    /// What its failure says about the file or its disk, if it says something.
    pub fn fault(&self) -> Option<Failed> {
        match &self.outcome {
            Some(Err(error)) => faults::kind(error).map(|fault| Failed {
                fault: Some(fault),
                cause: error.to_string(),
            }),
            _ => None,
        }
    }

    /// Tells whoever waits, once the commit has succeeded or failed.
    pub fn answer(self, failed: Option<&'static str>) {
        let result = match (self.outcome, failed) {
            (Some(Ok(answer)), None) => Ok(answer),
            (Some(Err(error)), _) => Err(error),
            (_, why) => Err(Error::Unavailable(why.unwrap_or(FAILED))),
        };
        // Whoever asked may have gone; the change stands all the same.
        drop(self.reply.send(result));
    }
}
