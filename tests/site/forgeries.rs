//! Forgeries: forms, settings, files, codes, archives and what apps send, made to come out as something else.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::attacks::is_unmoved;
use crate::doors::{filled, full_blog, routes};
use crate::hostile::text;
use crate::http::{Answer, FORM};
use crate::lists::well_formed;
use crate::second_step::turn_on;
use crate::site::{PASSWORD, Site, path};
use crate::{http::encode, icons, media};

/// What breaks out of everything that it is put into unescaped.
const BREAKOUT: &str = "</script></title>\"'><script>PWN(1)</script><img src=x onerror=PWN(1)>";

/// Doors that close behind the owner.
const LEAVES: [&str; 4] = [
    "/admin/logout",
    "/admin/sessions/end",
    "/admin/sessions/1/end",
    "/admin/account/password",
];

#[test]
fn no_form_of_the_owner_or_of_anyone_breaks_on_what_is_sent() {
    let (site, mut maren) = full_blog();
    let many = (0..10_000)
        .map(|n| format!("ids={n}&f{n}=x"))
        .collect::<Vec<_>>()
        .join("&");
    let known = [
        "do",
        "ids",
        "id",
        "events",
        "back",
        "title",
        "slug",
        "tags",
        "body",
        "status",
        "publish_at",
        "lang",
        "dir",
        "cover",
        "canonical_url",
        "close_after_days",
        "series",
        "version",
        "parent",
        "op",
        "kind",
        "to",
        "name",
        "code",
        "secret",
        "current",
        "alt",
        "post",
        "theme",
        "reason",
    ];
    let every = |value: &str| encode(&known.map(|name| (name, value)));
    let bodies = [
        many.into_bytes(),
        every(BREAKOUT).into_bytes(),
        every("9223372036854775808").into_bytes(),
        every("-9223372036854775808--1").into_bytes(),
        every("9223372036854775807-9223372036854775807").into_bytes(),
        every("\0\u{202e}\u{fffe}").into_bytes(),
        every("9999-12-31T23:59:59").into_bytes(),
        b"=&=&&==&%&%2&%zz=%".to_vec(),
        vec![0xff; 3_000],
        Vec::new(),
    ];
    let kinds = [
        FORM.1,
        "application/json",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=BB",
        "text/plain",
    ];
    let posts = routes(&site)
        .into_iter()
        .filter(|(methods, _)| methods.iter().any(|method| method == "POST"));
    let paths: Vec<_> = posts.map(|(_, path)| filled(&path)).collect();
    assert!(paths.len() > 30, "{paths:?}");
    for path in paths.iter().filter(|path| !LEAVES.contains(&path.as_str())) {
        for (n, body) in bodies.iter().enumerate() {
            for kind in if n < 2 { &kinds[..] } else { &kinds[..1] } {
                let headers = [("Content-Type", *kind), ("Sec-Fetch-Site", "same-origin")];
                let status = maren.send("POST", path, &headers, body).status();
                assert!(status < 500, "{path}, {kind}, body {n}: {status}");
            }
        }
        maren.get("/admin").expect(200);
    }
    for page in ["/", "/archive", "/tags", "/feed.json"] {
        site.get(page).expect(200);
    }
    well_formed(&site.get("/feed.xml").expect(200));
    for page in [
        "/admin",
        "/admin/posts",
        "/admin/comments?show=all",
        "/admin/bans",
        "/admin/settings",
    ] {
        let page = maren.get(page).expect(200).page();
        assert_eq!(page.count("script:not([src]), [onerror], img[src=x]"), 0);
    }
    is_unmoved(&site);
}

#[test]
fn settings_are_words_and_never_markup() {
    let site = Site::with_post("hello");
    site.set_up();
    let mut maren = site.owner();
    let odd = format!(
        "A\u{1}B\u{2028}C\u{202e}\u{fffe} {}",
        BREAKOUT.replace('\'', "")
    );
    let (nav, away) = (format!("{BREAKOUT} /about\"><b>"), "Away /\\evil.example");
    for (field, value) in [
        ("title", odd.as_str()),
        ("description", &odd),
        ("name", &odd[..40]),
        ("email", "a@b.example\r\nBcc: c@d.example"),
        ("lang", "en\"><script>"),
        ("time_zone", "../../etc/passwd"),
        ("ink", "harbour\"><b>"),
        ("navigation", nav.as_str()),
        ("navigation", away),
        ("navigation", "Run javascript:PWN(1)"),
        ("navigation", "Away //evil.example"),
        (
            "css",
            "</style><script>PWN(1)</script>@import url(https://evil.example/x.css);body{background:url(https://evil.example/y)}",
        ),
        ("websub_hub", "javascript:PWN(1)"),
        ("hold_patterns", "(a+)+$\n((a{1,1000}){1,1000}){1,1000}"),
        ("hold_patterns", "(a|a)*b|(\\w+\\s?)+x"),
        ("hold_words", "\0\n***\n*"),
        ("posts_per_page", "99999999999999999999"),
        ("reactions", "love heart \"><img src=x onerror=PWN(1)>"),
        ("reactions", "x\"><b> heart Loved it"),
        ("reactions", "love <b> Loved\u{1} it"),
        ("dates", "<b>"),
    ] {
        let status = maren.submit("/admin/settings", &[(field, value)]).status();
        assert!([303, 422].contains(&status), "{field}: {status}");
        for page in ["/", "/posts/hello", "/archive", "/search?q=x", "/none"] {
            let page = site.get(page).page();
            let foreign = "script:not([src]):not([type='application/ld+json']), [onerror], img[src=x], b, style";
            assert_eq!(page.count(foreign), 0, "{field}: {value}");
            let links = page.attributes("a[href]", "href").into_iter();
            let bad: Vec<_> = links
                .filter(|link| {
                    link.starts_with("//")
                        || link.starts_with("/\\")
                        || link.starts_with("javascript")
                })
                .collect();
            assert!(bad.is_empty(), "{field}: {bad:?}");
        }
        for feed in [
            "/feed.xml",
            "/comments.xml",
            "/sitemap.xml",
            "/opensearch.xml",
        ] {
            well_formed(&site.get(feed).expect(200));
        }
        site.get("/feed.json").expect(200).json();
        let picture = site
            .post("hello")
            .attribute("meta[property='og:image']", "content");
        let picture = picture.strip_prefix(&site.url("")).unwrap().to_owned();
        assert!(
            site.get(&picture).expect(200).body.starts_with(b"\x89PNG"),
            "{field}"
        );
    }
    let hostile = format!("{}!", "a".repeat(5_000));
    let asked = std::time::Instant::now();
    site.submit(
        "/posts/hello/comments",
        &[("name", "Ann"), ("body", &hostile)],
    )
    .expect(303);
    assert!(
        asked.elapsed().as_secs() < 5,
        "a pattern takes {:?}",
        asked.elapsed()
    );
    is_unmoved(&site);
}

#[test]
fn a_file_that_is_two_things_is_served_as_one_that_cannot_run() {
    let site = Site::start();
    site.set_up();
    let mut maren = site.owner();
    let script = b"/*<script>PWN(1)</script>*/=1;PWN(1)//";
    let gif = [b"GIF89a".as_slice(), script].concat();
    let whole = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
    let files: &[(&str, Vec<u8>)] = &[
        ("a.gif", gif),
        ("a.html", [whole.as_slice(), script].concat()),
        (
            "a.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='PWN(1)'/>".to_vec(),
        ),
        ("a.pdf", [b"%PDF-1.7\n".as_slice(), script].concat()),
        ("a.mp3", [b"ID3\x04".as_slice(), script].concat()),
        ("a.html", script.to_vec()),
        ("a.js", [b"\xff\xfb\x90\x64".as_slice(), script].concat()),
        ("../../../x.gif", whole.to_vec()),
        ("..\\..\\x\0\".gif", whole.to_vec()),
        (
            "<img src=x onerror=PWN(1)>.gif",
            [whole.as_slice(), b"\0"].concat(),
        ),
        ("CON.gif", [whole.as_slice(), b"\0\0"].concat()),
    ];
    let before = site.files();
    for (name, bytes) in files {
        let status = media::send(&mut maren, name, bytes, BREAKOUT).status();
        assert!([303, 400, 415, 422].contains(&status), "{name}: {status}");
    }
    assert_eq!(site.files(), before);
    let library = maren.get("/admin/media").expect(200).page();
    assert_eq!(library.count("script:not([src]), [onerror], img[src=x]"), 0);
    let kept = library.attributes("main [src^='/media/'], main a[href^='/media/']", "src");
    assert!(!kept.is_empty());
    let mut rows = Vec::new();
    let database = site.database();
    let mut query = database.prepare("select hash, name from media").unwrap();
    let mut found = query.query([]).unwrap();
    while let Some(row) = found.next().unwrap() {
        rows.push((
            row.get::<_, String>(0).unwrap(),
            row.get::<_, String>(1).unwrap(),
        ));
    }
    for (hash, name) in rows {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        assert!(
            name.chars().all(plain) && !name.starts_with('.') && !name.contains(".."),
            "{name:?}"
        );
        for asked in [name.as_str(), "x.html", "x.js", "..%2fx"] {
            let file = site.get(&format!("/media/{hash}/{asked}")).expect(200);
            let kind = file.header("content-type").unwrap();
            assert!(
                ["image/", "audio/", "video/", "application/pdf"]
                    .iter()
                    .any(|it| kind.starts_with(it)),
                "{kind}"
            );
            assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
            assert!(
                file.header("content-security-policy")
                    .unwrap()
                    .contains("sandbox")
            );
        }
    }
    for (name, bytes) in files {
        let status = icons::give(&mut maren, bytes).status();
        assert!([303, 400, 415, 422].contains(&status), "{name}: {status}");
    }
    for icon in site
        .get("/")
        .page()
        .attributes("link[rel~=icon], link[rel=apple-touch-icon]", "href")
    {
        let icon = site.get(&icon).expect(200).body;
        assert!(
            !icon.windows(3).any(|part| part == b"PWN"),
            "an icon is kept as it came"
        );
    }
    is_unmoved(&site);
}

#[test]
fn no_code_is_too_odd_to_be_wrong() {
    let site = Site::start();
    site.set_up();
    let mut maren = site.owner();
    turn_on(&mut maren);
    let long = "1".repeat(60_000);
    for code in [
        long.as_str(),
        "",
        "000000",
        "-00001",
        "+12345",
        "１２３４５６",
        "٠١٢٣٤٥",
        "12345\u{0}",
        "1e5",
        "' or 1=1 --",
        "999999999999999999999",
    ] {
        let fields = [("password", PASSWORD), ("code", code)];
        site.submit("/admin/login", &fields).expect(401);
    }
    maren.get("/admin").expect(200);
    is_unmoved(&site);
}

/// Rewrites a line of JSON in each line of a file.
fn forge(file: &Path, change: impl Fn(usize, &mut Value)) {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().enumerate().map(|(n, line)| {
        let mut row: Value = serde_json::from_str(line).unwrap();
        change(n, &mut row);
        format!("{row}\n")
    });
    let lines: String = lines.collect();
    fs::write(file, lines).unwrap();
}

#[test]
fn a_forged_export_brings_nothing_that_could_not_have_been_written_here() {
    let site = Site::with_post("hello");
    for n in 0..8 {
        site.comment("hello", "Ann", &format!("Comment {n}"));
    }
    let page =
        "+++\ntitle = \"Away\"\nslug = \"away\"\nkind = \"page\"\ndate = 2026-01-02\n+++\nText\n";
    let page = site.write("pages/away.md", page);
    site.rowlog(&["publish", path(&page)]);
    let out = site.path("out");
    site.rowlog(&["export", path(&out)]).worked();
    forge(&out.join("comments.jsonl"), |n, row| match n {
        0 => row["id"] = json!(i64::MAX),
        1 => row["number"] = json!(i64::MAX),
        2 => row["thread"] = json!(i64::MAX),
        3 => row["id"] = json!(-7),
        4 => row["html"] = json!(BREAKOUT),
        5 => {
            row["body"] = json!(BREAKOUT);
            row["url"] = json!("javascript:PWN(1)");
        }
        6 => row["name"] = json!("x".repeat(5_000)),
        _ => row["parent"] = row["number"].clone(),
    });
    let post = fs::read_to_string(out.join("posts/2026/hello.md")).unwrap();
    for (file, slug) in [
        ("a", "\\\\evil.example"),
        ("b", ".."),
        ("c", "x\\\"y"),
        ("d", "x\\u0001y"),
        ("e", "../../up"),
    ] {
        for (kind, folder) in [("post", "posts"), ("page", "pages")] {
            let forged = post
                .replace("slug = \"hello\"", &format!("slug = \"{slug}\""))
                .replace("kind = \"post\"", &format!("kind = \"{kind}\""));
            assert_ne!(forged, post);
            fs::create_dir_all(out.join(folder)).unwrap();
            fs::write(out.join(folder).join(format!("{file}.md")), forged).unwrap();
        }
    }
    let mut there = Site::offline();
    there.set_up();
    there.rowlog(&["import", "rowlog", path(&out)]).worked();
    there.serve();
    let odd = "select count(*) from posts where slug glob '*[^a-z0-9-]*'";
    assert_eq!(there.ask(odd), 0, "a slug is no part of an address");
    let shown = there.post("hello");
    assert_eq!(
        shown.count("#threads script, #threads [onerror], #threads img, a[href^=javascript]"),
        0
    );
    let id = there.comment("hello", "Zoe", "Hello there");
    assert!(id < 1 << 53, "scripts cannot count to {id}");
    assert!(there.post("hello").has(&format!("#comment-{id}")));
    there.rowlog(&["check"]).worked();
    for path in ["/", "/archive", "/comments.xml", "/feed.xml"] {
        there.get(path).expect(200);
    }
    is_unmoved(&there);
}

#[test]
fn an_app_can_send_nothing_that_breaks_the_blog() {
    let site = Site::start();
    let made = site.rowlog(&["token", "new", "An app"]).worked();
    let bearer = format!("Bearer {}", made.stdout.trim_end());
    let send = |kind: &str, body: &[u8]| -> Answer {
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
        site.send("POST", "/micropub", &headers, body)
    };
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let entry =
        |properties: Value| json!({ "type": ["h-entry"], "properties": properties }).to_string();
    let bodies = [
        deep,
        "{\"properties\":{\"content\":[{}]}}".into(),
        entry(json!({ "content": [null, 1, [], {}] })),
        entry(json!({ "content": ["x"], "published": ["9999-12-31T23:59:59Z", "+275760-09-13T00:00:00Z"] })),
        entry(json!({ "content": ["x"], "published": ["0000-01-01T00:00:00Z"] })),
        entry(json!({ "content": ["x"], "mp-slug": ["//evil.example"], "category": ["\0", "", "a".repeat(100_000)] })),
        entry(json!({ "name": ["\u{0}\u{1}\u{fffe}"], "content": ["\u{1}"] })),
        entry(json!({ "name": ["n".repeat(1_000_000)], "content": ["x"] })),
        json!({ "action": "update", "url": "//evil.example/posts/x", "replace": { "content": ["x"] } }).to_string(),
        json!({ "action": "delete", "url": "/posts/../../etc/passwd" }).to_string(),
        json!({ "action": ["update"], "url": [site.url("/posts/none")], "add": { "category": [1] } }).to_string(),
    ];
    for (n, body) in bodies.iter().enumerate() {
        let answer = send("application/json", body.as_bytes());
        assert!(answer.status() < 500, "body {n}: {}", answer.text());
    }
    let parts: String = (0..20_000)
        .map(|n| {
            format!("--BB\r\nContent-Disposition: form-data; name=\"category[]\"\r\n\r\n{n}\r\n")
        })
        .collect();
    let status = send(
        "multipart/form-data; boundary=BB",
        (parts + "--BB--\r\n").as_bytes(),
    )
    .status();
    assert!(status < 500, "{status}");
    for page in ["/", "/archive", "/tags"] {
        site.get(page).expect(200);
    }
    for feed in ["/feed.xml", "/sitemap.xml"] {
        well_formed(&site.get(feed).expect(200));
    }
    let feed = site.get_json("/feed.json");
    for item in feed["items"].as_array().unwrap() {
        let path = text(item, "url")
            .strip_prefix(&site.url(""))
            .unwrap()
            .to_owned();
        let page = site.get(&path).expect(200).page();
        let picture = page.attribute("meta[property='og:image']", "content");
        site.get(picture.strip_prefix(&site.url("")).unwrap())
            .expect(200);
    }
    is_unmoved(&site);
}
