//! A command beside the server: what it printed, what it prints, and how it ended.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

/// What a command printed, and how it ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Outcome {
    /// The same outcome, once it is known to have worked.
    #[track_caller]
    pub fn worked(self) -> Outcome {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// The one line that a failed command owes its user.
    #[track_caller]
    pub fn complaint(&self) -> &str {
        assert_eq!(self.code, Some(1), "{self:#?}");
        let line = self.stderr.trim_end();
        assert!(
            !line.is_empty() && !line.contains('\n'),
            "one clear line was expected: {self:#?}"
        );
        assert!(!line.contains("panicked"), "{line}");
        line
    }

    /// Its output as one JSON value a line.
    pub fn json_lines(&self) -> Vec<Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
        };
        self.stdout.lines().map(parse).collect()
    }
}

/// Runs a command to its end with something on stdin.
pub fn run(command: &mut Command, stdin: &str) -> Outcome {
    run_into(command.stdout(Stdio::piped()), stdin)
}

/// Runs a command whose stdout leads into a pipe that nobody reads, as after `| head -0`.
pub fn run_unheard(command: &mut Command) -> Outcome {
    let (reader, writer) = io::pipe().expect("a pipe can be made");
    drop(reader);
    run_into(command.stdout(writer), "")
}

/// Runs a command whose stdout leads where the caller has set it.
pub fn run_into(command: &mut Command, stdin: &str) -> Outcome {
    let command = command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("the program starts");
    let mut pipe = process.stdin.take().expect("stdin is piped");
    _ = pipe.write_all(stdin.as_bytes()); // a command that does not read its stdin may have ended already
    drop(pipe);
    let output = process.wait_with_output().expect("the command ends");
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A running command and the lines it prints.
pub struct Lines {
    process: Child,
    stdout: BufReader<ChildStdout>,
}

impl Lines {
    /// Starts a command that prints until it is killed.
    pub fn of(command: &mut Command) -> Lines {
        let mut process = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = BufReader::new(process.stdout.take().expect("stdout is piped"));
        Lines { process, stdout }
    }

    /// The next line as JSON. A command that stays silent is ended by the deadline of the whole run.
    pub fn next_json(&mut self) -> Value {
        let mut line = String::new();
        self.stdout
            .read_line(&mut line)
            .expect("the command prints text");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
