//! Those who are measured: how each is started, what it has used, and how an event is published to it.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::http::{Client, Request};

/// Clock ticks in a second, as the kernel tells of processor time.
const TICKS: f64 = 100.0;

/// Where everything is that can be measured.
pub struct Place {
    /// The program.
    pub program: PathBuf,
    /// The folder of the others.
    pub peers: PathBuf,
    /// Isso's command.
    pub isso: PathBuf,
}

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The blog.
    Rowlog,
    /// nginx's module for channels.
    Nchan,
    /// node, with an emitter in memory.
    Node,
    /// nginx with a file.
    Static,
    /// The comment server that most small sites have.
    Isso,
}

impl Who {
    /// As the table names it.
    pub fn name(self) -> &'static str {
        match self {
            Who::Rowlog => "Rowlog",
            Who::Nchan => "nchan",
            Who::Node => "node",
            Who::Static => "nginx",
            Who::Isso => "Isso",
        }
    }

    /// Whether it is on this machine.
    pub fn is_here(self, place: &Place) -> bool {
        let answers = |program: &str| {
            let mut asked = Command::new(program);
            asked
                .arg("-v")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok()
        };
        match self {
            Who::Rowlog => true,
            Who::Nchan => Path::new("/usr/lib/nginx/modules/ngx_nchan_module.so").exists(),
            Who::Node => answers("node"),
            Who::Static => answers("nginx"),
            Who::Isso => place.isso.exists(),
        }
    }

    /// Where its events are.
    pub fn stream(self) -> &'static str {
        match self {
            Who::Rowlog => "/posts/hello/events",
            _ => "/events",
        }
    }

    /// Publishes what says `mark`: a comment, or for the others the same bytes that a comment becomes on a stream.
    pub fn publish(self, mark: &str, frame: &str) -> Request {
        match self {
            Who::Rowlog => comment(&format!("{mark} is what this one says.")),
            _ => Request::post("/publish", frame.replace(&crate::crowd::mark(1), mark)),
        }
    }

    /// A comment on a post as its form or its script sends it.
    pub fn comment(self, body: &str) -> Request {
        match self {
            Who::Isso => Request::json(
                "/new?uri=%2Fposts%2Fhello",
                format!(r#"{{"author":"Ann of the shore","text":"{body}","title":"Hello"}}"#),
            ),
            _ => comment(body),
        }
    }
}

/// The form of a comment.
pub fn comment(body: &str) -> Request {
    let body = body.replace(' ', "+").replace('*', "%2A");
    Request::post(
        "/posts/hello/comments",
        format!("name=Ann+of+the+shore&body={body}"),
    )
}

/// A server that runs.
pub struct Server {
    child: Child,
    folder: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
    /// From its start to its word that it listens; to the first connection of one that gives no word.
    pub started: Duration,
}

/// On which core a server runs: the load has the other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cores {
    /// The first.
    One,
    /// As the system likes.
    All,
}

impl Server {
    /// Starts a new one. The blog has one post.
    pub fn start(who: Who, place: &Place, cores: Cores) -> io::Result<Server> {
        let folder = tempfile::tempdir()?;
        if who == Who::Rowlog {
            found(&place.program, folder.path())?;
        }
        Server::serve(
            who,
            place,
            cores,
            folder,
            SocketAddr::from(([127, 0, 0, 1], 0)),
        )
    }

    /// Stops it as an operator would and starts it again on what it has, where it was.
    pub fn restart(self, who: Who, place: &Place, cores: Cores) -> io::Result<Server> {
        self.restart_after(who, place, cores, |_| Ok(()))
    }

    /// The same, with something done to what it has while it is stopped.
    pub fn restart_after(
        mut self,
        who: Who,
        place: &Place,
        cores: Cores,
        change: impl FnOnce(&Path) -> io::Result<()>,
    ) -> io::Result<Server> {
        self.stop()?;
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir()?);
        change(folder.path())?;
        Server::serve(who, place, cores, folder, self.address)
    }

    fn serve(
        who: Who,
        place: &Place,
        cores: Cores,
        folder: TempDir,
        at: SocketAddr,
    ) -> io::Result<Server> {
        let (mut command, mut address) = (on(cores), at);
        if who != Who::Rowlog && at.port() == 0 {
            address = TcpListener::bind(at)?.local_addr()?;
        }
        let port = address.port().to_string();
        match who {
            Who::Rowlog => command
                .arg(&place.program)
                .arg("--data")
                .arg(folder.path())
                .args(["serve", "--limits", "off"])
                .args(["--backups", "off", "--listen", &address.to_string()]),
            Who::Node => command
                .arg("node")
                .arg(place.peers.join("emitter.mjs"))
                .arg(&port),
            Who::Isso => {
                let config = folder.path().join("isso.cfg");
                fs::write(
                    &config,
                    filled_in(&place.peers.join("isso.cfg"), &folder, &port)?,
                )?;
                command.arg(&place.isso).arg("-c").arg(config).arg("run")
            }
            Who::Nchan | Who::Static => {
                let config = folder.path().join("nginx.conf");
                let given = if who == Who::Nchan {
                    "nchan.conf"
                } else {
                    "static.conf"
                };
                fs::write(
                    &config,
                    filled_in(&place.peers.join(given), &folder, &port)?,
                )?;
                command
                    .args(["nginx", "-e"])
                    .arg(folder.path().join("error.log"))
                    .arg("-p")
                    .arg(folder.path())
                    .arg("-c")
                    .arg(config)
            }
        };
        let start = Instant::now();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        if let (Who::Rowlog, Some(stdout)) = (who, child.stdout.take()) {
            address =
                listening(stdout).ok_or_else(|| io::Error::other("the blog did not start"))?;
        } else {
            reached(address)?;
        }
        Ok(Server {
            child,
            folder,
            address,
            started: start.elapsed(),
        })
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(&mut self) -> io::Result<()> {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM)?;
        self.child.wait()?;
        Ok(())
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A connection to it.
    pub fn client(&self) -> io::Result<Client> {
        Client::to(self.address)
    }

    /// A figure that the blog tells its own machine; `NAN` if it tells none of that name.
    pub fn figure(&self, name: &str) -> io::Result<f64> {
        let body = self.client()?.ask(&Request::get("/metrics"))?;
        let text = String::from_utf8_lossy(&body);
        let values = text.lines().filter_map(|line| line.strip_prefix(name));
        let mut numbers = values.filter_map(|value| value.strip_prefix(' ')?.trim().parse().ok());
        Ok(numbers.next().unwrap_or(f64::NAN))
    }

    /// Seconds of processor that it has used.
    pub fn cpu(&self) -> f64 {
        let used = |pid: u32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let after = stat.rsplit(')').next().unwrap_or_default();
            let ticks = after
                .split_whitespace()
                .skip(11)
                .take(2)
                .filter_map(|word| word.parse::<f64>().ok());
            ticks.sum::<f64>() / TICKS
        };
        self.processes().into_iter().map(used).sum()
    }

    /// Milliseconds of processor that its threads have used, exactly; those of threads that have ended are forgotten, so only
    /// what lies close together may be compared.
    pub fn work(&self) -> f64 {
        let used = |thread: fs::DirEntry| {
            let told = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            told.split(' ').next()?.parse::<f64>().ok()
        };
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id()));
        let threads = threads.into_iter().flatten().flatten();
        threads.filter_map(used).sum::<f64>() / 1e6
    }

    /// Its memory in KiB, as the system counts it (RSS).
    pub fn memory(&self) -> f64 {
        let resident = |pid: u32| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok())
                .unwrap_or(0.0)
        };
        self.processes().into_iter().map(resident).sum()
    }

    /// It, and those it has started.
    fn processes(&self) -> Vec<u32> {
        let pid = self.child.id();
        let children =
            fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let children = children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok());
        std::iter::once(pid).chain(children).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop(); // or it has stopped already
    }
}

/// A configuration with its folder and its port.
fn filled_in(given: &Path, folder: &TempDir, port: &str) -> io::Result<String> {
    let text = fs::read_to_string(given)?;
    Ok(text
        .replace("FOLDER", &folder.path().display().to_string())
        .replace("PORT", port))
}

/// A command that runs on these cores.
fn on(cores: Cores) -> Command {
    let list = match cores {
        Cores::One => "0".to_owned(),
        Cores::All => format!(
            "0-{}",
            std::thread::available_parallelism()
                .map_or(0, |all| all.get() - 1)
                .max(1)
        ),
    };
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &list]);
    command
}

/// Makes a blog with one post.
fn found(program: &Path, folder: &Path) -> io::Result<()> {
    let mut setup = Command::new(program);
    setup.arg("--data").arg(folder).args([
        "setup",
        "--title",
        "A blog",
        "--name",
        "Maren",
        "--password-stdin",
    ]);
    let mut setup = setup.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    setup
        .stdin
        .take()
        .map(|mut input| input.write_all(b"a tide table of 1911\n"))
        .transpose()?;
    let post = folder.join("hello.md");
    fs::write(
        &post,
        "+++\ntitle = \"Hello\"\n+++\nSomething to talk about.\n",
    )?;
    let mut publish = Command::new(program);
    publish
        .arg("--data")
        .arg(folder)
        .arg("publish")
        .arg(post)
        .stdout(Stdio::null());
    match setup.wait()?.success() && publish.status()?.success() {
        true => Ok(()),
        false => Err(io::Error::other("the blog could not be made")),
    }
}

/// Where the blog says that it listens.
fn listening(stdout: std::process::ChildStdout) -> Option<SocketAddr> {
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).ok()?;
    line.trim_end()
        .strip_prefix("Listening on http://")?
        .parse()
        .ok()
}

/// Waits until somebody listens there.
fn reached(address: SocketAddr) -> io::Result<()> {
    for _ in 0..1_000 {
        if TcpStream::connect(address).is_ok() {
            return Ok(());
        }
        sleep(Duration::from_millis(10));
    }
    Err(io::Error::other(format!("nobody listens on {address}")))
}
