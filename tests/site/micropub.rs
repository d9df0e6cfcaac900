//! Posting from apps: the Micropub endpoint, its queries, and files.

use serde_json::{Value, json};

use crate::http::{Answer, FORM, encode};
use crate::site::Site;

const PICTURE: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
const EVERYTHING: &str = "create,update,delete,undelete,media";

/// A blog and the token of an app.
pub struct App {
    /// The blog.
    pub site: Site,
    /// What the app shows.
    pub token: String,
}

impl App {
    /// One that may do everything.
    pub fn new() -> App {
        App::with(EVERYTHING)
    }

    /// One that may do what these say.
    pub fn with(scopes: &str) -> App {
        let site = Site::start();
        let token = token(&site, scopes);
        App { site, token }
    }

    fn send(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
        self.site.send(method, path, &headers, body)
    }

    /// Sends a form.
    pub fn form(&self, fields: &[(&str, &str)]) -> Answer {
        self.send("POST", "/micropub", FORM.1, encode(fields).as_bytes())
    }

    fn json(&self, value: &Value) -> Answer {
        let body = value.to_string();
        self.send("POST", "/micropub", "application/json", body.as_bytes())
    }

    fn ask(&self, query: &str) -> Answer {
        self.send("GET", &format!("/micropub?{query}"), "", b"")
    }

    /// The slug of the post that an answer has made.
    #[track_caller]
    fn slug(&self, answer: &Answer) -> String {
        let start = self.site.url("/posts/");
        let slug = answer.location().strip_prefix(&start);
        slug.unwrap_or_else(|| panic!("{} is no post", answer.location()))
            .to_owned()
    }

    fn source(&self, slug: &str) -> Value {
        let url = self.site.url(&format!("/posts/{slug}"));
        let query = encode(&[("q", "source"), ("url", &url)]);
        self.ask(&query).expect(200).json()["properties"].clone()
    }
}

fn token(site: &Site, scopes: &str) -> String {
    let made = site.rowlog(&["token", "new", "An app", "--scopes", scopes]);
    made.worked().stdout.trim_end().to_owned()
}

/// A refusal as apps read it, kept by nobody.
#[track_caller]
pub fn refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.status(), status, "{}", answer.text());
    assert_eq!(answer.json()["error"], error);
    assert!(answer.json()["error_description"].is_string());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

/// Parts as an app sends them: name, the file's name if it is one, and the bytes.
fn multipart(parts: &[(&str, Option<&str>, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map_or(String::new(), |file| format!("; filename=\"{file}\""));
        let head =
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
    }
    body.extend(b"--edge--\r\n");
    ("multipart/form-data; boundary=edge".to_owned(), body)
}

#[test]
fn every_page_tells_apps_where_to_post() {
    let site = Site::start();
    let home = site.get("/").expect(200);
    assert_eq!(home.header("link"), Some("</micropub>; rel=\"micropub\""));
    assert_eq!(
        home.page().attributes("link[rel=micropub]", "href"),
        ["/micropub"]
    );
}

#[test]
fn a_form_becomes_a_post_on_open_pages() {
    let app = App::new();
    let mut home = app.site.stream("/events", &[]);
    let made = app.form(&[
        ("h", "entry"),
        ("name", "Slack water"),
        ("content", "Between *two* tides."),
        ("category[]", "sea"),
        ("category[]", "C++"),
        ("summary", "In short."),
        ("published", "2026-01-02T03:04:05+01:00"),
        ("mp-slug", "Slack Water!"),
    ]);
    assert_eq!(made.status(), 201, "{}", made.text());
    assert_eq!(app.slug(&made), "slack-water");
    assert_eq!(home.next().event, "post:published");
    let post = app.site.post("slack-water");
    assert_eq!(
        (post.text("h1"), post.text(".prose em")),
        ("Slack water".into(), "two".into())
    );
    assert_eq!(
        post.attribute("time.dt-published", "datetime"),
        "2026-01-02T02:04:05Z"
    );
    app.site.get("/tags/c-plus-plus").expect(200);

    let same = app
        .form(&[("name", "Slack water"), ("content", "Another.")])
        .expect(201);
    assert_eq!(app.slug(&same), "slack-water-2", "no post is written over");
    let head = app.site.head();
    let again = app.form(&[("name", "Slack water"), ("content", "Another.")]);
    assert_eq!(
        again.expect(201).location(),
        same.location(),
        "it was sent twice"
    );
    assert_eq!(app.site.head(), head);
    let spoken = app
        .form(&[("content", "Low water at six. Bring boots.")])
        .expect(201);
    let note = app.site.post(&app.slug(&spoken));
    assert_eq!(note.text("h1"), "Low water at six. Bring boots.");
    let later = app
        .form(&[("content", "Not yet"), ("published", "2999-01-01")])
        .expect(202);
    app.site
        .get(&format!("/posts/{}", app.slug(&later)))
        .expect(404);
    let draft = app
        .form(&[("content", "A draft"), ("post-status", "draft")])
        .expect(201);
    app.site
        .get(&format!("/posts/{}", app.slug(&draft)))
        .expect(404);
    let unlisted = [("content", "Psst"), ("visibility", "unlisted")];
    let unlisted = app.slug(&app.form(&unlisted).expect(201));
    app.site.get(&format!("/posts/{unlisted}")).expect(200);
    assert!(!app.site.get("/").text().contains("Psst"));
}

#[test]
fn json_and_multipart_say_the_same_as_a_form() {
    let app = App::new();
    let made = app.json(&json!({
        "type": ["h-entry"],
        "properties": {
            "content": [{ "html": "<p>Set in <b>HTML</b>.</p>" }],
            "category": ["one", "two"],
            "photo": [{ "value": app.site.url("/media/00/p.gif"), "alt": "A boat" }],
            "bookmark-of": ["https://example.org/x"],
            "mp-slug": ["from-json"],
            "x-mood": ["calm"],
        },
    }));
    assert_eq!(app.slug(&made.expect(201)), "from-json");
    let post = app.site.post("from-json");
    assert_eq!(post.text(".prose b"), "HTML");
    assert_eq!(post.attributes(".prose img", "alt"), ["A boat"]);
    assert_eq!(
        post.attributes(".prose a[href^='https:']", "href"),
        ["https://example.org/x"]
    );
    let source = app.source("from-json");
    assert_eq!(source["content"], json!(["<p>Set in <b>HTML</b>.</p>"]));
    assert_eq!(source["x-mood"], json!(["calm"]));
    assert_eq!(source["name"], Value::Null, "a note has no name of its own");

    let (kind, body) = multipart(&[
        ("h", None, b"entry"),
        ("content", None, b"With a picture"),
        ("mp-photo-alt[]", None, b"The shore"),
        ("photo[]", Some("../Shore 1.GIF"), PICTURE),
        ("video", Some(""), b""),
    ]);
    let made = app.send("POST", "/micropub", &kind, &body).expect(201);
    let post = app.site.post(&app.slug(&made));
    assert_eq!(post.attributes(".prose img", "alt"), ["The shore"]);
    assert_eq!(post.attributes(".prose img", "width"), ["1"]);
    let shown = post.attribute(".prose img", "src");
    assert!(shown.ends_with("/shore-1.gif"), "{shown}");
    assert_eq!(app.site.get(&shown).expect(200).body, PICTURE);
}

#[test]
fn a_post_is_changed_property_by_property_live() {
    let app = App::new();
    let made = app.json(&json!({ "type": ["h-entry"], "properties": {
        "name": ["First"], "content": ["One."], "category": ["a", "b"],
        "photo": ["/media/00/p.gif"], "published": ["2026-01-02T03:04:05Z"],
    }}));
    let slug = app.slug(&made.expect(201));
    let url = app.site.url(&format!("/posts/{slug}"));
    let mut page = app.site.follow(&slug);
    let update = json!({
        "action": "update", "url": url,
        "replace": { "content": ["Two."] },
        "add": { "category": ["c"], "syndication": ["https://x.example/1"] },
        "delete": { "category": ["a"] },
    });
    app.json(&update).expect(204);
    assert_eq!(page.next().event, "post:updated");
    let source = app.source(&slug);
    for (name, value) in [
        ("name", json!(["First"])),
        ("content", json!(["Two."])),
        ("category", json!(["b", "c"])),
        ("syndication", json!(["https://x.example/1"])),
        ("photo", json!(["/media/00/p.gif"])),
        ("published", json!(["2026-01-02T03:04:05Z"])),
        ("url", json!([url])),
    ] {
        assert_eq!(source[name], value, "{name}");
    }
    let head = app.site.head();
    app.json(&update).expect(204);
    assert_eq!(
        app.site.head(),
        head,
        "the same change again changes nothing"
    );

    app.json(&json!({ "action": "update", "url": url, "delete": ["photo", "name"] }))
        .expect(204);
    let post = app.site.post(&slug);
    assert_eq!(
        (post.text("h1"), post.count(".prose img")),
        ("Two.".into(), 0)
    );
    app.json(&json!({ "action": "update", "url": url, "replace": { "post-status": ["draft"] } }))
        .expect(204);
    app.site.get(&format!("/posts/{slug}")).expect(404);
    let wanted = format!(
        "q=source&properties[]=post-status&properties[]=content&{}",
        encode(&[("url", &url)])
    );
    let wanted = app.ask(&wanted).expect(200).json();
    assert_eq!(
        wanted,
        json!({ "properties": { "post-status": ["draft"], "content": ["Two."] } })
    );
}

#[test]
fn a_post_that_was_written_elsewhere_can_be_changed_too() {
    let app = App::new();
    app.site.publish_with(
        "hello",
        "Hello",
        "mood = \"calm\"\ntags = [\"sea\"]",
        "From a file.",
    );
    let url = app.site.url("/posts/hello");
    assert_eq!(app.source("hello")["content"], json!(["\nFrom a file.\n"]));
    let update = json!({ "action": "update", "url": url, "replace": { "name": ["Good day"] } });
    app.json(&update).expect(204);
    let post = app.site.post("hello");
    assert_eq!(
        (post.text("h1"), post.text(".prose")),
        ("Good day".into(), "From a file.".into())
    );
    let kept = "select count(*) from posts where slug = 'hello' and extra ->> 'mood' = 'calm'";
    assert_eq!(app.site.ask(kept), 1, "front matter is lost");
}

#[test]
fn a_deleted_post_comes_back_to_where_it_was() {
    let app = App::new();
    let fields = [
        ("content", "Psst"),
        ("visibility", "unlisted"),
        ("mp-slug", "secret"),
    ];
    app.form(&fields).expect(201);
    let url = app.site.url("/posts/secret");
    let mut page = app.site.follow("secret");
    app.form(&[("action", "delete"), ("url", &url)]).expect(204);
    assert_eq!(page.next().event, "post:deleted");
    app.site.get("/posts/secret").expect(404);
    let update = json!({ "action": "update", "url": url, "replace": { "name": ["x"] } });
    refused(&app.json(&update), 400, "invalid_request");
    app.form(&[("action", "delete"), ("url", &url)]).expect(204);
    app.json(&json!({ "action": "undelete", "url": url }))
        .expect(204);
    app.site.get("/posts/secret").expect(200);
    assert!(
        !app.site.get("/").text().contains("Psst"),
        "it was unlisted before"
    );
    let unknown = app.site.url("/posts/never");
    refused(
        &app.form(&[("action", "delete"), ("url", &unknown)]),
        400,
        "invalid_request",
    );
    let foreign = [
        ("action", "delete"),
        ("url", "https://elsewhere.example/posts/secret"),
    ];
    refused(&app.form(&foreign), 400, "invalid_request");
}

#[test]
fn what_is_featured_is_the_cover() {
    let app = App::new();
    let (kind, body) = multipart(&[("file", Some("boat.gif"), PICTURE)]);
    let upload = app
        .send("POST", "/micropub/media", &kind, &body)
        .expect(201);
    let url = upload.location();
    let featured = json!([{ "value": url, "alt": "A boat" }]);
    let made = app.json(&json!({ "type": ["h-entry"],
        "properties": { "name": ["Tides"], "content": ["x"], "featured": featured } }));
    let slug = app.slug(&made.expect(201));
    let shown = app.site.post(&slug);
    assert_eq!(app.site.url(&shown.attribute(".cover img", "src")), url);
    assert_eq!(shown.attribute(".cover img", "alt"), "A boat");
    assert_eq!(app.source(&slug)["featured"], featured);
    let post = app.site.url(&format!("/posts/{slug}"));
    let change = |change: Value| {
        let mut update = json!({ "action": "update", "url": post });
        update
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        app.json(&update).expect(204);
    };
    change(json!({ "replace": { "content": ["y"] } }));
    assert!(
        app.site.post(&slug).has(".cover img"),
        "another property leaves it"
    );
    change(json!({ "delete": ["featured"] }));
    assert!(!app.site.post(&slug).has(".cover img"));
    change(json!({ "add": { "featured": ["https://elsewhere.example/a.png"] } }));
    assert!(
        !app.site.post(&slug).has(".cover img"),
        "only what is ours is shown"
    );
    assert_eq!(
        app.source(&slug)["featured"],
        json!(["https://elsewhere.example/a.png"])
    );
}

#[test]
fn apps_ask_what_there_is() {
    let app = App::with("create");
    app.form(&[("content", "x"), ("category", "sea")])
        .expect(201);
    let config = app.ask("q=config").expect(200).json();
    assert_eq!(config["media-endpoint"], app.site.url("/micropub/media"));
    assert_eq!(config["syndicate-to"], json!([]));
    assert_eq!(
        app.ask("q=syndicate-to").expect(200).json(),
        json!({ "syndicate-to": [] })
    );
    assert_eq!(
        app.ask("q=category").expect(200).json(),
        json!({ "categories": ["sea"] })
    );
    refused(&app.ask("q=weather"), 400, "invalid_request");
    refused(&app.ask(""), 400, "invalid_request");
    let source = app.ask("q=source&url=/posts/x");
    refused(&source, 403, "insufficient_scope");
    assert_eq!(source.json()["scope"], "update");
}

#[test]
fn files_are_kept_by_what_they_are() {
    let app = App::with("media");
    let (kind, body) = multipart(&[("file", Some("boat.html"), PICTURE)]);
    let upload = |kind: &str, body: &[u8]| app.send("POST", "/micropub/media", kind, body);
    let made = upload(&kind, &body).expect(201);
    let address = made
        .location()
        .strip_prefix(&app.site.url(""))
        .unwrap()
        .to_owned();
    assert!(address.ends_with("/boat.gif"), "{address}");
    let shown = app.site.get(&address).expect(200);
    assert_eq!(
        (shown.header("content-type"), &shown.body[..]),
        (Some("image/gif"), PICTURE)
    );
    assert_eq!(upload(&kind, &body).expect(201).location(), made.location());

    let (kind, body) = multipart(&[("file", Some("a.gif"), b"<script>alert(1)</script>")]);
    refused(&upload(&kind, &body), 415, "invalid_request");
    let (kind, body) = multipart(&[("picture", Some("a.gif"), PICTURE)]);
    refused(&upload(&kind, &body), 400, "invalid_request");
    refused(&upload(FORM.1, b"file=x"), 415, "invalid_request");
    refused(&upload("multipart/form-data", b""), 400, "invalid_request");
    refused(
        &upload("multipart/form-data; boundary=edge", b"--edge\r\nhalf"),
        400,
        "invalid_request",
    );
    refused(&app.form(&[("content", "x")]), 403, "insufficient_scope");
}

#[test]
fn what_cannot_be_taken_is_said_and_nothing_is_posted() {
    let app = App::new();
    let head = app.site.head();
    for fields in [
        &[("h", "event"), ("content", "x")][..],
        &[("h", "entry")],
        &[("category", "only")],
        &[("content", "x"), ("published", "soon")],
        &[("content", "x"), ("post-status", "perhaps")],
        &[("content", "x"), ("action", "sing")],
        &[
            ("action", "update"),
            ("url", "/posts/welcome"),
            ("content", "x"),
        ],
        &[("action", "delete")],
    ] {
        refused(&app.form(fields), 400, "invalid_request");
    }
    for body in [
        json!([]),
        json!({ "properties": [] }),
        json!({ "type": ["h-entry"], "properties": { "content": "no list" } }),
        json!({ "action": "update", "url": "/posts/welcome", "replace": { "name": "no list" } }),
    ] {
        refused(&app.json(&body), 400, "invalid_request");
    }
    let broken = app.send("POST", "/micropub", "application/json", b"{");
    refused(&broken, 400, "invalid_request");
    refused(
        &app.send("POST", "/micropub", "text/plain", b"x"),
        415,
        "invalid_request",
    );
    let long = [b"content=".to_vec(), vec![b'a'; 3 << 20]].concat();
    refused(
        &app.send("POST", "/micropub", FORM.1, &long),
        413,
        "invalid_request",
    );
    app.send("PUT", "/micropub", FORM.1, b"").expect(405);
    assert_eq!(app.site.head(), head);
}
