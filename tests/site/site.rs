//! The program as an operator and its readers meet it: a folder, a process, HTTP and the command line.

use std::fs::{self, DirEntry, File};
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection as Database, OpenFlags};
use serde_json::Value;
use tempfile::TempDir;

use crate::command::{Lines, Outcome, run, run_into, run_unheard};
use crate::http::{Address, Answer, Connection, FORM, encode};
use crate::page::Page;
use crate::stream::Stream;
use crate::visitor::Visitor;
use crate::waiting::eventually;

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_rowlog");

/// The password of every owner in these stories.
pub const PASSWORD: &str = "a tide table of 1911";

/// A blog of its own, served by the real program for as long as this value lives.
pub struct Site {
    folder: TempDir,
    options: Vec<String>,
    /// What the server is started by, and with: another program before it, and variables.
    wrapper: Vec<String>,
    variables: Vec<(String, String)>,
    server: Option<Server>,
    address: Address,
    /// How many there have been.
    visitors: AtomicU32,
}

/// The running `serve`. Its stdout stays open, as a terminal's would.
struct Server {
    process: Child,
    stdout: BufReader<ChildStdout>,
}

impl Site {
    /// An empty folder, served without rate limits.
    pub fn start() -> Site {
        Site::start_with(&["--limits", "off"])
    }

    /// An empty folder, served with these options.
    pub fn start_with(options: &[&str]) -> Site {
        let mut site = Site::offline();
        site.options = options.iter().map(|option| (*option).to_owned()).collect();
        site.serve();
        site
    }

    /// An empty folder, served with limits, behind a proxy that says where each visitor comes from.
    pub fn guarded() -> Site {
        Site::start_with(&["--limits", "on", "--trusted-proxies", "127.0.0.0/8"])
    }

    /// A served blog whose process may open only this many files and sockets.
    pub fn start_with_descriptors(limit: u32) -> Site {
        let mut site = Site::offline();
        let limited = format!("ulimit -n {limit} && exec \"$0\" \"$@\"");
        site.run_by(&["sh", "-c", &limited]);
        site.serve();
        site
    }

    /// A served blog with one post.
    pub fn with_post(slug: &str) -> Site {
        let site = Site::start();
        site.publish(slug, "A post", "Something to talk about.");
        site
    }

    /// An empty folder that nobody serves yet.
    pub fn offline() -> Site {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let address = Address::Port(SocketAddr::from(([127, 0, 0, 1], 0)));
        Site {
            folder,
            options: vec!["--limits".into(), "off".into()],
            wrapper: Vec::new(),
            variables: Vec::new(),
            server: None,
            address,
            visitors: AtomicU32::new(0),
        }
    }

    /// Has every later server be started by this program, which takes it and its arguments.
    pub fn run_by(&mut self, wrapper: &[&str]) {
        self.wrapper = wrapper.iter().map(|word| (*word).to_owned()).collect();
    }

    /// Gives every later server a variable in its environment.
    pub fn run_with(&mut self, name: &str, value: &str) {
        self.variables.push((name.into(), value.into()));
    }

    /// Serves the folder, at the same address as before if there was one.
    pub fn serve(&mut self) {
        let mut command = self.command_by(&self.wrapper);
        command.envs(self.variables.iter().cloned());
        self.run(command);
    }

    /// Serves the folder as [`Site::serve`] does, or says how the program ended before it listened.
    pub fn try_to_serve(&mut self) -> Result<(), ExitStatus> {
        let mut command = self.command_by(&self.wrapper);
        command.envs(self.variables.iter().cloned());
        self.try_to_run(command)
    }

    /// Serves the folder on a socket that is handed over, by a process that says at `notify` how far it is.
    pub fn serve_on(&mut self, socket: OwnedFd, notify: &str) {
        let hand_over = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\" 3<&0 </dev/null";
        let mut command = Command::new("sh");
        command
            .args(["-c", hand_over, PROGRAM, "--data", path(&self.data())])
            .current_dir(self.folder.path())
            .env("NOTIFY_SOCKET", notify)
            .stdin(socket);
        self.run(command);
    }

    /// Runs `serve` and waits until it listens.
    fn run(&mut self, command: Command) {
        if let Err(status) = self.try_to_run(command) {
            panic!("it never listened ({status}):\n{}", self.log_text());
        }
    }

    /// Runs `serve` until it listens or ends.
    fn try_to_run(&mut self, mut command: Command) -> Result<(), ExitStatus> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .expect("the log can be written");
        let mut process = command
            .args(["serve", "--listen", &self.address.to_string()])
            .args(&self.options)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("stdout is piped"));
        let Some(address) = address_in(&mut stdout) else {
            return Err(process.wait().expect("who closes its output ends"));
        };
        self.address = address;
        self.server = Some(Server { process, stdout });
        Ok(())
    }

    /// Serves the folder and watches another one beside it.
    pub fn watch(&mut self, name: &str) {
        let watched = self.path(name);
        self.options
            .extend(["--watch".to_owned(), path(&watched).to_owned()]);
        self.serve();
    }

    /// Serves the folder with these options.
    pub fn serve_at(&mut self, options: &[&str]) {
        self.options = options.iter().map(|option| (*option).to_owned()).collect();
        self.serve();
    }

    /// The path that the terminal offers to whoever sets the blog up.
    pub fn invitation(&mut self) -> String {
        let server = self.server.as_mut().expect("a server runs");
        let mut line = String::new();
        let read = server.stdout.read_line(&mut line);
        read.expect("the server's output can be read");
        let offer = format!("Set up your blog at http://{}", self.address);
        let path = line.trim_end().strip_prefix(&offer);
        path.unwrap_or_else(|| panic!("no offer: {line:?}")).into()
    }

    /// Gives the blog its owner, Maren, from the command line.
    pub fn set_up(&self) {
        let setup = [
            "setup",
            "--title",
            "Slack Water",
            "--name",
            "Maren",
            "--password-stdin",
        ];
        self.rowlog_with(&setup, &format!("{PASSWORD}\n")).worked();
    }

    /// The owner of a blog that is set up, signed in.
    pub fn owner(&self) -> Visitor {
        let mut owner = self.visitor();
        let fields = [("password", PASSWORD)];
        owner.submit("/admin/login", &fields).expect(303);
        owner
    }

    /// Ends the server as a crash or a power cut would, in the middle of whatever it does.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.process.kill().expect("the server can be killed");
            server.process.wait().expect("a killed server ends");
        }
    }

    /// Asks the server to end; says how it ended and how long that took.
    pub fn stop(&mut self) -> (ExitStatus, Duration) {
        self.signal("TERM");
        let asked = Instant::now();
        let status = self.ended();
        (status, asked.elapsed())
    }

    /// Sends the server a signal by its name.
    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let status = Command::new("sh")
            .args(["-c", "kill -s \"$0\" \"$1\"", name, &pid])
            .status();
        assert!(status.expect("there is a shell").success());
    }

    /// Waits for the server to end by itself.
    pub fn ended(&mut self) -> ExitStatus {
        let mut server = self.server.take().expect("a server runs");
        let mut status = None;
        eventually("the server ends", || {
            status = server
                .process
                .try_wait()
                .expect("the server can be waited for");
            status.is_some()
        });
        status.expect("it has ended")
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.server.as_ref().expect("a server runs").process.id()
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// A path as a full address, for a browser.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A file beside the blog, for fixtures.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The names of the files in the folder given to `--data`, sorted.
    pub fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.data()).expect("the folder can be read");
        let name = |file: io::Result<DirEntry>| file.map(|it| it.file_name());
        let names: io::Result<Vec<_>> = files.map(name).collect();
        let names = names.expect("the folder can be read").into_iter();
        let mut names: Vec<_> = names.map(|it| it.to_string_lossy().into_owned()).collect();
        names.sort_unstable();
        names
    }

    /// The folder given to `--data`.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Writes a file beside the blog, and the folders above it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file has a folder"))
            .expect("the folder can be made");
        fs::write(&path, content).expect("the file can be written");
        path
    }

    /// What the server has logged so far.
    pub fn log_text(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> PathBuf {
        self.path("server.log")
    }

    fn command(&self) -> Command {
        self.command_by(&[])
    }

    fn command_by(&self, wrapper: &[String]) -> Command {
        let words = wrapper.iter().map(String::as_str).chain([PROGRAM]);
        let words: Vec<_> = words.collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        command
            .arg("--data")
            .arg(self.data())
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs another command on the same folder, beside the server.
    pub fn rowlog(&self, arguments: &[&str]) -> Outcome {
        self.rowlog_with(arguments, "")
    }

    /// Runs a command in the environment that servers are given.
    pub fn rowlog_alike(&self, arguments: &[&str]) -> Outcome {
        let mut command = self.command();
        command.envs(self.variables.iter().cloned());
        run(command.args(arguments), "")
    }

    /// Runs a command on another folder.
    pub fn rowlog_on(&self, folder: &str, arguments: &[&str]) -> Outcome {
        let mut command = Command::new(PROGRAM);
        run(command.args(["--data", folder]).args(arguments), "")
    }

    /// Runs a command with something on stdin.
    pub fn rowlog_with(&self, arguments: &[&str], stdin: &str) -> Outcome {
        run(self.command().args(arguments), stdin)
    }

    /// Runs a command with these variables in its environment.
    pub fn rowlog_in(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Outcome {
        let mut command = self.command();
        run(command.envs(variables.iter().copied()).args(arguments), "")
    }

    /// Runs a command whose words nobody hears: its stdout is a pipe without a reader.
    pub fn rowlog_unheard(&self, arguments: &[&str]) -> Outcome {
        run_unheard(self.command().args(arguments))
    }

    /// Runs a command whose words go to a file.
    pub fn rowlog_into(&self, file: &str, arguments: &[&str]) -> Outcome {
        let file = File::options().write(true).open(file);
        let file = file.expect("the file can be written");
        run_into(self.command().args(arguments).stdout(file), "")
    }

    /// Starts a command that prints until it is killed.
    pub fn rowlog_lines(&self, arguments: &[&str]) -> Lines {
        Lines::of(self.command().args(arguments))
    }

    /// Publishes a post from a second process, as its author does.
    pub fn publish(&self, slug: &str, title: &str, body: &str) -> Outcome {
        self.publish_with(slug, title, "", body)
    }

    /// Publishes a post with more lines of front matter.
    pub fn publish_with(&self, slug: &str, title: &str, front_matter: &str, body: &str) -> Outcome {
        let text = format!(
            "+++\ntitle = {title:?}\nslug = {slug:?}\ndate = 2026-01-02T03:04:05Z\n{front_matter}\n+++\n\n{body}\n"
        );
        let file = self.write(&format!("posts/{slug}.md"), text);
        self.rowlog(&["publish", path(&file)]).worked()
    }

    /// Publishes a post of another day.
    pub fn publish_on(&self, day: &str, slug: &str, front_matter: &str) -> Outcome {
        let text = format!(
            "+++\ntitle = {slug:?}\nslug = {slug:?}\ndate = {day}\n{front_matter}\n+++\n\nText.\n"
        );
        let file = self.write(&format!("posts/{slug}.md"), text);
        self.rowlog(&["publish", path(&file)]).worked()
    }

    /// Asks for a page as a stranger.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    /// Asks for something as a program: `Accept: application/json`.
    pub fn get_json(&self, path: &str) -> Value {
        self.send("GET", path, &[("Accept", "application/json")], b"")
            .expect(200)
            .json()
    }

    /// The page of a post.
    pub fn post(&self, slug: &str) -> Page {
        self.get(&format!("/posts/{slug}")).expect(200).page()
    }

    /// Sends any request on a connection of its own.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let answer = self.try_send(method, path, headers, body);
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.log_text()))
    }

    /// Sends any request, or says why no answer came.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        Connection::open(&self.address)?.send(method, path, headers, body)
    }

    /// Posts a form as a stranger without a cookie, and nothing else that a browser would send.
    pub fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send("POST", path, &[FORM], encode(fields).as_bytes())
    }

    /// Comments as a new visitor; the id of the comment.
    pub fn comment(&self, slug: &str, name: &str, body: &str) -> i64 {
        self.visitor().comment(slug, name, body)
    }

    /// A server, and a command, refuse the blog because its file is now that of `backup`, and the log beside it, `stale`, of another; both are
    /// left as they are.
    #[track_caller]
    pub fn is_refused_for_its_log(&self, backup: &Path, stale: &[u8]) {
        let file = self.data().join("rowlog.db");
        let log = self.data().join("rowlog.db-wal");
        for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["check"]] {
            let refused = self.rowlog(command);
            let complaint = refused.complaint();
            assert!(complaint.contains("rowlog.db-wal"), "{refused:#?}");
        }
        let copied = self.path("copied.db");
        self.rowlog(&["backup", "--replace", path(&copied)]);
        assert_eq!(fs::read(log).unwrap(), stale, "the log is left as it is");
        assert_eq!(fs::read(file).unwrap(), fs::read(backup).unwrap());
    }

    /// Somebody with a browser of her own, without JavaScript, and with an address of her own where the proxy is believed.
    pub fn visitor(&self) -> Visitor {
        let [.., high, low] = self.visitors.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        Visitor::new(&self.address).coming_from(&format!("198.18.{high}.{low}"))
    }

    /// Follows a post from now on.
    pub fn follow(&self, slug: &str) -> Stream {
        self.stream(&format!("/posts/{slug}/events"), &[])
    }

    /// Follows a post from an earlier event on.
    pub fn follow_after(&self, slug: &str, id: i64) -> Stream {
        self.stream(&format!("/posts/{slug}/events?after={id}"), &[])
    }

    /// Follows any stream.
    #[track_caller]
    pub fn stream(&self, path: &str, headers: &[(&str, &str)]) -> Stream {
        let stream = Stream::open(&self.address, path, headers);
        stream.unwrap_or_else(|answer| panic!("{path} is no stream: {:?}", answer.head))
    }

    /// The newest id of the log.
    pub fn head(&self) -> i64 {
        self.health("head")
    }

    /// The newest id of the log, while nobody serves it.
    pub fn head_of_file(&self) -> i64 {
        self.ask("select max(id) from events")
    }

    /// A number of `/health`.
    pub fn health(&self, name: &str) -> i64 {
        let health = self.get("/health").expect(200).json();
        health[name]
            .as_i64()
            .unwrap_or_else(|| panic!("no {name} in {health}"))
    }

    /// Whether `rowlog.db` holds everything, so that nothing is lost by copying it alone.
    pub fn is_complete_alone(&self) -> bool {
        std::fs::metadata(self.data().join("rowlog.db-wal")).map_or(true, |wal| wal.len() == 0)
    }

    /// The blog's file, to look into.
    pub fn database(&self) -> Database {
        let file = self.data().join("rowlog.db");
        Database::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the file opens")
    }

    /// The blog's file, to change while nobody serves it.
    pub fn database_for_surgery(&self) -> Database {
        assert!(self.server.is_none(), "a server runs");
        Database::open(self.data().join("rowlog.db")).expect("the file opens")
    }

    /// One number out of the file.
    pub fn ask(&self, sql: &str) -> i64 {
        let answer = self.database().query_row(sql, [], |row| row.get(0));
        answer.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("--- what the server logged ---\n{}", self.log_text());
        }
    }
}

/// A path as the text that a command line takes.
pub fn path(path: &Path) -> &str {
    path.to_str().expect("temporary paths are UTF-8")
}

/// Reads the promised line `Listening on http://ADDRESS`.
pub fn address_in(stdout: &mut impl BufRead) -> Option<Address> {
    let mut line = String::new();
    while stdout.read_line(&mut line).ok()? > 0 {
        if let Some(address) = line.trim_end().strip_prefix("Listening on http://") {
            return Some(Address::Port(address.parse().ok()?));
        }
        line.clear();
    }
    None
}
