//! The grammars of all languages, and the thread that they live in.
//!
//! What a grammar needs to read one line is five to twelve megabytes of compiled patterns, and few blogs show code every
//! minute. So the grammars belong to a thread that ends when nobody has asked for a while: the allocator hands back to the
//! system what a thread leaves behind when it ends, and next to nothing of what is let go in one that goes on. A crumb of it
//! in other hands holds back everything below it, so nothing that the thread allocates may outlive it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::Duration;

use syntect::parsing::{ParseState, SyntaxSet};

/// How long the grammars wait for the next block: longer than who writes a post takes to look at the preview again.
const REST: Duration = Duration::from_secs(30);

/// How many grammars are opened at a time to learn their scopes.
const AT_A_TIME: usize = 8;

/// The grammars of the program.
pub static GRAMMARS: Grammars = Grammars::resting(REST);

static SCOPES: Once = Once::new();

type Task = Box<dyn FnOnce(&SyntaxSet) + Send>;

/// All grammars, there as long as somebody asks for them.
pub struct Grammars {
    rest: Duration,
    /// The way to the thread, while there is one.
    tasks: Mutex<Option<Sender<Task>>>,
}

impl Grammars {
    /// Those who are let go when nobody has asked for `rest`.
    const fn resting(rest: Duration) -> Self {
        Grammars {
            rest,
            tasks: Mutex::new(None),
        }
    }

    /// What `work` makes with the grammars, one after the other; nothing if it panics or if there can be no thread. Its memory
    /// is to be allocated by the caller, who has it for longer than the grammars are there.
    pub fn read<T: Send + 'static>(
        &'static self,
        work: impl FnOnce(&SyntaxSet) -> T + Send + 'static,
    ) -> Option<T> {
        let (tell, told) = mpsc::sync_channel(1); // which has its room from the start
        self.send(Box::new(move |grammars| _ = tell.send(work(grammars))));
        told.recv().ok()
    }

    fn send(&'static self, task: Task) {
        let mut tasks = self.tasks();
        let sent = tasks.get_or_insert_with(|| self.begin()).send(task);
        if sent.is_err() {
            *tasks = None; // there was no thread to be had; perhaps there is one next time
        }
    }

    /// Starts the thread. Without one, what is sent comes back at once.
    fn begin(&'static self) -> Sender<Task> {
        let (tasks, waiting) = mpsc::channel();
        let named = thread::Builder::new().name("grammars".into());
        _ = named.spawn(move || self.serve(&waiting));
        tasks
    }

    fn serve(&self, waiting: &Receiver<Task>) {
        SCOPES.call_once(learn_scopes);
        let grammars = load();
        while let Some(task) = self.next(waiting) {
            // Those who wait behind it are not to suffer from one that panics; its message is in the log.
            _ = catch_unwind(AssertUnwindSafe(|| task(&grammars)));
        }
    }

    /// The next task, or nothing after a rest; who comes later than that finds no thread, and starts one.
    fn next(&self, waiting: &Receiver<Task>) -> Option<Task> {
        if let Ok(task) = waiting.recv_timeout(self.rest) {
            return Some(task);
        }
        let mut tasks = self.tasks();
        let late = waiting.try_recv().ok();
        if late.is_none() {
            *tasks = None;
        }
        late
    }

    fn tasks(&self) -> MutexGuard<'_, Option<Sender<Task>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load() -> SyntaxSet {
    two_face::syntax::extra_newlines()
}

/// Reads the names of all scopes, which stay in memory for ever. Learnt in passing, they would lie scattered among the
/// patterns, and keep the memory between them from being handed back. All of them are a third of a megabyte.
fn learn_scopes() {
    let mut learnt = 0;
    loop {
        let grammars = load(); // anew for a few at a time, so that never more than these are open
        let unread = grammars.syntaxes().get(learnt..).unwrap_or_default();
        if unread.is_empty() {
            return;
        }
        for syntax in unread.iter().take(AT_A_TIME) {
            ParseState::new(syntax);
        }
        learnt += AT_A_TIME;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn thread_and_languages(grammars: &SyntaxSet) -> (thread::ThreadId, usize) {
        (thread::current().id(), grammars.syntaxes().len())
    }

    #[test]
    fn the_grammars_stay_until_they_have_rested() {
        static AWAKE: Grammars = Grammars::resting(Duration::from_secs(3600));
        let first = AWAKE.read(thread_and_languages).unwrap();
        assert!(first.1 > 100);
        assert_eq!(AWAKE.read(thread_and_languages), Some(first));
        assert!(AWAKE.tasks().is_some());
    }

    #[test]
    fn after_a_rest_they_are_let_go_and_come_again() {
        static DROWSY: Grammars = Grammars::resting(Duration::from_millis(20));
        let (thread, languages) = DROWSY.read(thread_and_languages).unwrap();
        let patience = Instant::now() + Duration::from_secs(60);
        while DROWSY.tasks().is_some() {
            assert!(Instant::now() < patience, "the grammars are never let go");
            thread::sleep(Duration::from_millis(5));
        }
        let again = DROWSY.read(thread_and_languages).unwrap();
        assert_ne!(again.0, thread);
        assert_eq!(again.1, languages);
    }

    #[test]
    fn whoever_asks_at_the_moment_of_leaving_is_answered() {
        static RESTLESS: Grammars = Grammars::resting(Duration::from_micros(1));
        let ask = |number: usize| move || RESTLESS.read(move |_| number) == Some(number);
        let asked: Vec<_> = (0..20).map(|number| thread::spawn(ask(number))).collect();
        assert!(asked.into_iter().all(|asked| asked.join().unwrap()));
    }

    #[test]
    fn a_panic_harms_nobody_else() {
        static CALM: Grammars = Grammars::resting(REST);
        assert_eq!(CALM.read(|_| -> u8 { panic!("as a grammar might") }), None);
        assert_eq!(CALM.read(|_| 1), Some(1));
    }
}
