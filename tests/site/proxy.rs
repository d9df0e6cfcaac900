//! Behind nginx, as Debian ships it: nothing is held back on the way.

use std::fs;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::http::{Address, Connection};
use crate::site::{Site, path};
use crate::stream::Stream;
use crate::visitor::comment_in;
use crate::waiting::eventually;

/// An nginx in front of a site. It listens on a Unix socket, so that no port has to be guessed.
struct Proxy {
    process: Child,
    address: Address,
    _folder: TempDir,
}

impl Proxy {
    fn before(site: &Site) -> Option<Proxy> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let prefix = path(folder.path());
        let socket = folder.path().join("nginx.sock");
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {prefix}/{name};\n"))
            .concat();
        // What Debian's nginx.conf sets that could hold a stream back, and nothing that would help it.
        let configuration = format!(
            "daemon off;\nmaster_process off;\npid {prefix}/nginx.pid;\nerror_log stderr;\nevents {{}}\n\
             http {{\nsendfile on;\ntcp_nopush on;\ngzip on;\naccess_log off;\n{temporary}\
             server {{ listen unix:{}; location / {{ proxy_pass http://{}; }} }}\n}}\n",
            socket.display(),
            site.address(),
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
