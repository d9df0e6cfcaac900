//! Behind nginx, as Debian ships it: nothing is held back on the way.

use std::fs;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::http::{Address, Connection};
use crate::site::{Site, path};
use crate::stream::Stream;
use crate::visitor::{Visitor, comment_in};
use crate::waiting::eventually;

/// An nginx in front of a site. It listens on a Unix socket, so that no port has to be guessed.
struct Proxy {
    process: Child,
    address: Address,
    _folder: TempDir,
}

impl Proxy {
    /// As Debian sets it up where that could hold a stream back, and nothing that would help it.
    fn before(site: &Site) -> Option<Proxy> {
        let site = site.address();
        let pass = format!("location / {{ proxy_pass http://{site}; }}");
        Proxy::run(|socket, _| format!("gzip on;\nserver {{ {socket} {pass} }}\n"))
    }

    /// As `packaging/nginx.conf` sets it up, but without TLS, and with copies that last as long as the story.
    fn keeping(site: &Site) -> Option<Proxy> {
        let ours = include_str!("../../packaging/nginx.conf");
        let lines = ours
            .lines()
            .filter(|line| !line.contains("ssl_certificate"));
        let lines: Vec<_> = lines.collect();
        Proxy::run(|socket, folder| {
            lines
                .join("\n")
                .replace("127.0.0.1:8080", &site.address().to_string())
                .replace("/var/cache/nginx/rowlog", &format!("{folder}/cache"))
                .replace("listen 443 ssl;", socket)
                .replace("200 10s", "200 1h")
        })
    }

    /// Runs nginx with what `sites` makes of its `listen` directive and its folder.
    fn run(sites: impl FnOnce(&str, &str) -> String) -> Option<Proxy> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let prefix = path(folder.path());
        let socket = folder.path().join("nginx.sock");
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {prefix}/{name};\n"))
            .concat();
        let sites = sites(&format!("listen unix:{};", socket.display()), prefix);
        let configuration = format!(
            "daemon off;\nmaster_process off;\npid {prefix}/nginx.pid;\nerror_log stderr;\nevents {{}}\n\
             http {{\nsendfile on;\ntcp_nopush on;\naccess_log off;\n{temporary}{sites}\n}}\n",
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration).expect("the configuration can be written");
        let nginx = ["/usr/sbin/nginx", "nginx"].into_iter().find_map(|nginx| {
            Command::new(nginx)
                .args(["-p", prefix, "-c", path(&file)])
                .stdout(Stdio::null())
                .spawn()
                .ok()
        })?;
        eventually("nginx listens", || {
            Address::File(socket.clone()).connect().is_ok()
        });
        Some(Proxy {
            process: nginx,
            address: Address::File(socket),
            _folder: folder,
        })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

#[test]
fn streams_pass_through_nginx_without_delay() {
    let site = Site::with_post("hello");
    let Some(proxy) = Proxy::before(&site) else {
        println!("skipped: nginx is not installed (tests/run sees to it)");
        return;
    };
    let mut took = Vec::new();
    for _ in 0..9 {
        let stream = Stream::open(&proxy.address, "/posts/hello/events", &[])
            .unwrap_or_else(|answer| panic!("{:?}", answer.head));
        assert_eq!(stream.hello.event, "hello");
        took.push(stream.hello_took);
    }
    took.sort_unstable();
    println!("first block through nginx, median of nine: {:?}", took[4]);

    let gzip = [("Accept-Encoding", "gzip")];
    let mut stream = Stream::open(&proxy.address, "/posts/hello/events", &gzip)
        .unwrap_or_else(|answer| panic!("{:?}", answer.head));
    for n in 0..3 {
        let fields = [
            ("name", "Ann"),
            ("body", &*format!("through the proxy {n}")),
        ];
        let mut connection = Connection::open(&proxy.address).unwrap();
        let answer = connection
            .submit("/posts/hello/comments", &fields)
            .unwrap()
            .expect(303);
        let id = comment_in(answer.location());
        assert_eq!(stream.next().comment(), id);
    }
    stream.close();
    eventually("a reader behind a proxy is noticed to have left", || {
        site.health("streams") == 0
    });
}

#[test]
fn a_page_that_a_proxy_has_kept_is_healed_by_its_stream() {
    let site = Site::with_post("hello");
    let Some(proxy) = Proxy::keeping(&site) else {
        println!("skipped: nginx is not installed (tests/run sees to it)");
        return;
    };
    let mut stranger = Visitor::new(&proxy.address);
    let before = stranger.get("/posts/hello").expect(200);
    assert_eq!(before.header("cache-control"), Some("no-cache"));
    let mut ann = Visitor::new(&proxy.address);
    let id = ann.comment("hello", "Ann", "after the page was kept");
    assert!(
        ann.post("hello").has(&format!("#comment-{id}")),
        "she sees her own"
    );

    let kept = Visitor::new(&proxy.address).get("/posts/hello").expect(200);
    assert_eq!(kept.text(), before.text(), "one copy for all strangers");
    let [after, at] =
        ["data-after", "data-at"].map(|name| kept.page().attribute("#comments", name));
    let events = format!("/posts/hello/events?after={after}&at={at}");
    let mut stream = Stream::open(&proxy.address, &events, &[])
        .unwrap_or_else(|answer| panic!("{:?}", answer.head));
    assert_eq!(stream.hello.data["resumed"], true);
    assert_eq!(stream.next().comment(), id);
    let mut program = Connection::open(&proxy.address).unwrap();
    let json = [("Accept", "application/json")];
    let polled = program.send("GET", &events, &json, b"").unwrap();
    assert_eq!(polled.expect(200).json()["events"][0]["comment"]["id"], id);
}
