//! Chromium, driven through Debian's chromedriver (W3C WebDriver).
//!
//! Waiting happens inside the page, on its own mutations; only a page without JavaScript is asked again and again.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{self, Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::{Address, Connection, PATIENCE};
use crate::site::Site;
use crate::visitor::Visitor;
use crate::waiting::eventually;

const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
];

/// One story at a time has browsers open: two cores do not carry more of them.
static TURN: Mutex<()> = Mutex::new(());

/// A chromedriver and the windows that a story opens with it.
pub struct Desk {
    driver: Child,
    _stdout: BufReader<ChildStdout>,
    address: Address,
    _turn: MutexGuard<'static, ()>,
}

impl Desk {
    /// Starts a chromedriver, once no other story has one.
    pub fn new() -> Desk {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut driver = driver.expect("chromedriver is installed (tests/run sees to it)");
        let mut stdout = BufReader::new(driver.stdout.take().expect("stdout is piped"));
        listens(&mut stdout);
        let address = Address::Port(SocketAddr::from(([127, 0, 0, 1], port)));
        Desk {
            driver,
            _stdout: stdout,
            address,
            _turn: turn,
        }
    }

    /// A window with a profile of its own.
    pub fn window(&self) -> Window {
        self.open(json!({}), true)
    }

    /// A window whose owner has turned JavaScript off.
    pub fn window_without_javascript(&self) -> Window {
        let off = json!({ "profile.managed_default_content_settings.javascript": 2 });
        self.open(off, false)
    }

    fn open(&self, prefs: Value, runs_scripts: bool) -> Window {
        let profile = tempfile::tempdir().expect("a temporary folder can be made");
        let mut flags: Vec<_> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        flags.push("--window-size=1280,900".to_owned());
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": flags, "prefs": prefs },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "script": PATIENCE.as_millis() as u64 / 4, "pageLoad": PATIENCE.as_millis() as u64 },
        } } });
        let answer = ask(&self.address, "POST", "/session", &wanted).expect("chromium starts");
        let session = answer["sessionId"]
            .as_str()
            .expect("a session has an id")
            .to_owned();
        Window {
            address: self.address.clone(),
            session,
            runs_scripts,
            _profile: profile,
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        _ = self.driver.kill();
        _ = self.driver.wait();
    }
}

/// An open window.
pub struct Window {
    address: Address,
    session: String,
    runs_scripts: bool,
    _profile: TempDir,
}

impl Window {
    /// Opens an address and waits until the page has loaded.
    #[track_caller]
    pub fn open(&self, url: &str) {
        self.command("POST", "/url", &json!({ "url": url }));
    }

    /// The visible text of the first element that matches.
    #[track_caller]
    pub fn text(&self, css: &str) -> String {
        let element = self.element(css);
        self.command("GET", &format!("/element/{element}/text"), &Value::Null)
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// How many elements match.
    pub fn count(&self, css: &str) -> usize {
        let found = self.command(
            "POST",
            "/elements",
            &json!({ "using": "css selector", "value": css }),
        );
        found.as_array().map_or(0, Vec::len)
    }

    /// Types a text into a field, in place of what it holds.
    #[track_caller]
    pub fn fill(&self, css: &str, text: &str) {
        let element = self.element(css);
        self.command("POST", &format!("/element/{element}/clear"), &json!({}));
        self.command(
            "POST",
            &format!("/element/{element}/value"),
            &json!({ "text": text }),
        );
    }

    /// Chooses a file in a field for files.
    #[track_caller]
    pub fn choose(&self, css: &str, file: &Path) {
        let element = self.element(css);
        self.command(
            "POST",
            &format!("/element/{element}/value"),
            &json!({ "text": file.to_str().expect("a path in UTF-8") }),
        );
    }

    /// Clicks on the first element that matches, once it stands in the middle of the window.
    #[track_caller]
    pub fn click(&self, css: &str) {
        self.scroll_to(css);
        let element = self.element(css);
        self.command("POST", &format!("/element/{element}/click"), &json!({}));
    }

    /// Scrolls an element to the middle of the window, without the motion that a page may wish for.
    #[track_caller]
    pub fn scroll_to(&self, css: &str) {
        let place = "scrollIntoView({ behavior: 'instant', block: 'center' })";
        self.eval(&format!("document.querySelector({})?.{place}", json!(css)));
    }

    /// The value of a JavaScript expression.
    #[track_caller]
    pub fn eval(&self, expression: &str) -> Value {
        self.command(
            "POST",
            "/execute/sync",
            &json!({ "script": format!("return ({expression});"), "args": [] }),
        )
    }

    /// Waits until an element matches.
    #[track_caller]
    pub fn wait_for(&self, css: &str) {
        self.wait_until(&format!("document.querySelector({}) !== null", json!(css)));
    }

    /// Waits until no element matches.
    #[track_caller]
    pub fn wait_until_gone(&self, css: &str) {
        self.wait_until(&format!("document.querySelector({}) === null", json!(css)));
    }

    /// Waits until an element that matches holds a text.
    #[track_caller]
    pub fn wait_for_text(&self, css: &str, text: &str) {
        let all = format!("[...document.querySelectorAll({})]", json!(css));
        self.wait_until(&format!(
            "{all}.some(it => it.textContent.includes({}))",
            json!(text)
        ));
    }

    /// Waits until a JavaScript expression holds, looking again at each change of the page.
    #[track_caller]
    pub fn wait_until(&self, expression: &str) {
        if !self.runs_scripts {
            // Nothing in such a page is told of its changes, so it is asked from here.
            let holds = format!("!!({expression})");
            eventually(expression, || {
                let script = json!({ "script": format!("return {holds};"), "args": [] });
                self.try_command("POST", "/execute/sync", &script) == Ok(Value::Bool(true))
            });
            return;
        }
        let script = format!(
            "const done = arguments[0], holds = () => ({expression});
             if (holds()) {{ done(true); return; }}
             const look = () => {{ if (holds()) {{ watch.disconnect(); done(true); }} }};
             const watch = new MutationObserver(look);
             watch.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});"
        );
        let deadline = Instant::now() + PATIENCE;
        loop {
            let held = self.try_command(
                "POST",
                "/execute/async",
                &json!({ "script": script, "args": [] }),
            );
            match held {
                Ok(_) => return,
                // The page went away under the wait, to its next address or to itself, and the driver may not have noticed:
                // the wait goes on there.
                Err(error) if is_navigation(&error) && Instant::now() < deadline => {}
                Err(error) => panic!(
                    "`{expression}` never held: {error}\n{}",
                    self.eval("document.body.innerText")
                ),
            }
        }
    }

    /// Waits until the comments of the page say that they are live.
    #[track_caller]
    pub fn wait_until_live(&self) {
        self.wait_for("#comments[data-live=live]");
    }

    /// Opens another tab of the same browser, in front of the others, and goes on there.
    #[track_caller]
    pub fn open_tab(&self, url: &str) {
        let tab = self.command("POST", "/window/new", &json!({ "type": "tab" }));
        self.command("POST", "/window", &json!({ "handle": tab["handle"] }));
        self.open(url);
    }

    /// Goes back to the address before this one.
    #[track_caller]
    pub fn back(&self) {
        self.command("POST", "/back", &json!({}));
    }

    /// The name of the tab in front.
    #[track_caller]
    pub fn tab(&self) -> String {
        let tab = self.command("GET", "/window", &Value::Null);
        tab.as_str().expect("a tab has a name").to_owned()
    }

    /// Brings a tab to the front and goes on there.
    #[track_caller]
    pub fn go_to_tab(&self, tab: &str) {
        self.command("POST", "/window", &json!({ "handle": tab }));
    }

    /// Runs a script in every page to come, before the page's own.
    pub fn prepare(&self, script: &str) {
        let command = "Page.addScriptToEvaluateOnNewDocument";
        self.devtools(command, json!({ "source": script }));
    }

    /// Types with the keyboard wherever the focus is.
    #[track_caller]
    pub fn press(&self, key: &str) {
        self.act(&json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]));
    }

    /// Types a text letter by letter wherever the focus is.
    #[track_caller]
    pub fn type_text(&self, text: &str) {
        let keys: Vec<_> = text
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })))
            .collect();
        self.act(&json!(keys));
    }

    /// Presses a key while another one is held.
    #[track_caller]
    pub fn chord(&self, held: &str, key: &str) {
        let keys = [
            ("keyDown", held),
            ("keyDown", key),
            ("keyUp", key),
            ("keyUp", held),
        ];
        self.act(&json!(
            keys.map(|(kind, key)| json!({ "type": kind, "value": key }))
        ));
    }

    #[track_caller]
    fn act(&self, keys: &Value) {
        let actions = json!({ "actions": [{ "type": "key", "id": "keys", "actions": keys }] });
        self.command("POST", "/actions", &actions);
    }

    /// Sends a command of the Chrome DevTools protocol.
    pub fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.command(
            "POST",
            "/goog/cdp/execute",
            &json!({ "cmd": command, "params": parameters }),
        )
    }

    /// Plugs the window's network in or out.
    #[track_caller]
    pub fn connect(&self, on: bool) {
        let network = json!({ "offline": !on, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.devtools("Network.enable", json!({}));
        self.devtools("Network.emulateNetworkConditions", network);
    }

    /// Gives the window a cookie that somebody has.
    #[track_caller]
    pub fn take_cookie(&self, site: &Site, of: &Visitor, name: &str) {
        let value = of.cookie(name).expect("there is such a cookie");
        let cookie = json!({ "url": site.url("/"), "name": name, "value": value, "path": "/", "httpOnly": true });
        self.devtools("Network.setCookie", cookie);
    }

    /// What the console has received since it was last asked.
    pub fn console(&self) -> Vec<String> {
        let entries = self.command("POST", "/se/log", &json!({ "type": "browser" }));
        let lines = entries.as_array().into_iter().flatten();
        lines
            .map(|entry| format!("{} {}", entry["level"], entry["message"]))
            .collect()
    }

    /// Fails the story if the console holds an error or a breach of the policy.
    #[track_caller]
    pub fn has_a_clean_console(&self) {
        let lines = self.console();
        let bad =
            |line: &&String| line.contains("SEVERE") || line.contains("Content Security Policy");
        assert_eq!(
            lines.iter().filter(bad).collect::<Vec<_>>(),
            Vec::<&String>::new()
        );
    }

    /// Writes what the window shows to a file of the build folder; where it is.
    pub fn screenshot(&self, name: &str) -> String {
        let file = format!("{}/{name}.png", env!("CARGO_TARGET_TMPDIR"));
        let image = self
            .try_command("GET", "/screenshot", &Value::Null)
            .unwrap_or_default();
        let image = STANDARD
            .decode(image.as_str().unwrap_or_default())
            .unwrap_or_default();
        fs::write(&file, image).expect("the build folder can be written");
        file
    }

    #[track_caller]
    fn element(&self, css: &str) -> String {
        let found = self.command(
            "POST",
            "/element",
            &json!({ "using": "css selector", "value": css }),
        );
        let id = found
            .as_object()
            .and_then(|map| map.values().next())
            .and_then(Value::as_str);
        id.unwrap_or_else(|| panic!("nothing matches `{css}`: {found}"))
            .to_owned()
    }

    #[track_caller]
    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        match self.try_command(method, path, body) {
            Ok(value) => value,
            Err(error) => panic!("{path} {body}: {error}"),
        }
    }

    fn try_command(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        ask(
            &self.address,
            method,
            &format!("/session/{}{path}", self.session),
            body,
        )
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        if thread::panicking() {
            let name = thread::current()
                .name()
                .unwrap_or("story")
                .replace("::", "-");
            eprintln!(
                "what a window showed: {}",
                self.screenshot(&format!("{name}-{}", self.session))
            );
        }
        _ = self.try_command("DELETE", "", &Value::Null);
    }
}

fn is_navigation(error: &str) -> bool {
    [
        "script timeout",
        "document unloaded",
        "navigat",
        "aborted by",
        "context was destroyed",
    ]
    .iter()
    .any(|sign| error.contains(sign))
}

/// Sends one WebDriver command and unwraps its value.
fn ask(address: &Address, method: &str, path: &str, body: &Value) -> Result<Value, String> {
    let headers = [
        ("Content-Type", "application/json"),
        ("Connection", "close"),
    ];
    let body = if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    // Longer than any wait inside the page, so that it is the page's deadline that ends a story.
    let driver = Connection::open(address).and_then(|driver| driver.give_up_after(PATIENCE * 3));
    let answer = driver.and_then(|mut driver| driver.send(method, path, &headers, &body));
    let mut answer = answer
        .map_err(|error| format!("chromedriver: {error}"))?
        .json();
    match answer["value"]["error"].as_str() {
        Some(error) => Err(format!("{error}: {}", answer["value"]["message"])),
        None => Ok(answer["value"].take()),
    }
}

/// A port that is free on both families, below those which the system gives out by itself: of `--port=0`, chromedriver is given
/// a port of `::1` and exits when another listener has the same one of `127.0.0.1`.
fn free_port() -> u16 {
    let first = 10_000 + (process::id() % 20_000) as u16;
    (first..32_768)
        .find(|port| {
            let families = [
                IpAddr::from(Ipv4Addr::LOCALHOST),
                Ipv6Addr::LOCALHOST.into(),
            ];
            !families.into_iter().any(|family| {
                TcpListener::bind((family, *port))
                    .is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
            })
        })
        .expect("one of thousands of ports is free")
}

/// Waits until chromedriver says that it listens.
#[track_caller]
fn listens(stdout: &mut impl BufRead) {
    let mut said = String::new();
    while !said.ends_with(".\n") || !said.contains("started successfully") {
        let read = stdout.read_line(&mut said).expect("stdout is open");
        assert!(read > 0, "chromedriver did not start: {said}");
    }
}
