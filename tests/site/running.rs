//! Hostile input in a browser: nothing of it runs, goes anywhere or asks anyone for anything, with the policy on and without.
//!
//! Many inputs share one page, and few windows look at all of them: what is judged is the whole document, so one bad
//! element among a hundred comments is found as surely as one alone.

use serde_json::{Value, json};

use crate::browser::{Desk, Window};
use crate::hostile::{body, form, rows, text};
use crate::http::{Answer, FORM, encode};
use crate::site::Site;
use crate::visitor::Visitor;

/// The worst of the list in one line: tried also where the list is not at hand.
const WORST: &str = "</script></title></textarea><script>PWN(0)</script><img src=x onerror=PWN(0)>\
    <svg onload=PWN(0)>\"'><a id=x href=javascript:PWN(0)>[x](javascript:PWN(0))";

/// Notes whatever runs, leaves or breaks the policy, from before the page's own scripts on.
const CANARY: &str = "
    window.called = [];
    const note = name => (...values) => { called.push(name + ' ' + values.join(' ')); };
    for (const name of ['PWN', 'alert', 'confirm', 'prompt', 'open', 'print']) window[name] = note(name);
    addEventListener('submit', event => { called.push('a form was sent'); event.preventDefault(); }, true);
    addEventListener('securitypolicyviolation', event => called.push('refused: ' + event.violatedDirective + ' ' + event.blockedURI));";

/// Fires whatever a forged handler could wait for, then says what ran and what is in the document that has no place there.
const JUDGE: &str = "(() => {
    const found = [];
    const seen = element => element.outerHTML.slice(0, 200);
    for (const element of document.querySelectorAll('main .prose, main .prose *'))
        for (const event of ['mouseover', 'focus', 'focusin', 'error', 'load', 'toggle', 'animationend', 'begin'])
            element.dispatchEvent(new Event(event, { bubbles: false }));
    const addresses = ['href', 'src', 'action', 'formaction', 'xlink:href', 'data', 'srcdoc', 'poster', 'ping'];
    for (const element of document.querySelectorAll('*'))
        for (const { name, value } of element.attributes) {
            if (/^on/i.test(name) || name === 'style' || name === 'srcdoc') found.push(seen(element));
            if (addresses.includes(name) && /^(javascript|vbscript|data:text|data:image\\/svg)/i.test(value.replace(/[\\0-\\x20]/g, '')))
                found.push(seen(element));
        }
    for (const element of document.querySelectorAll('iframe, object, embed, base, frame, applet, style, plaintext, xmp, marquee, meta[http-equiv=refresh], script:not([src]):not([type=\"application/ld+json\"])'))
        found.push(seen(element));
    for (const script of document.querySelectorAll('script[src], link[rel=stylesheet], img[src]'))
        if (new URL(script.src ?? script.href).host !== location.host && !script.src?.startsWith('data:image/')) found.push(seen(script));
    for (const facts of document.querySelectorAll('script[type=\"application/ld+json\"]')) JSON.parse(facts.textContent);
    const allowed = 'P BR EM STRONG DEL A CODE PRE BLOCKQUOTE UL OL LI SPAN'.split(' ');
    const words = ['href', 'rel', 'class', 'start', 'tabindex', 'role', 'aria-label'];
    for (const element of document.querySelectorAll('#threads .prose *, #inserted .prose *')) {
        if (!allowed.includes(element.tagName)) found.push(seen(element));
        for (const { name } of element.attributes) if (!words.includes(name)) found.push(seen(element));
    }
    for (const link of document.querySelectorAll('#threads .prose a, #threads h3 a'))
        if (!['http:', 'https:', 'mailto:'].includes(link.protocol)) found.push(seen(link));
    for (const asked of performance.getEntriesByType('resource'))
        if (!asked.name.startsWith('data:') && new URL(asked.name).host !== location.host) found.push('asked for ' + asked.name);
    return [...window.called, ...found];
})()";

fn is_clean(window: &Window, what: &str) {
    assert_eq!(window.eval(JUDGE), json!([]), "{what}");
}

/// Opens a page and judges it; it is still the page that was opened.
fn judge(window: &Window, site: &Site, path: &str, policy: &str) {
    let url = site.url(path);
    window.open(&url);
    let here = window
        .eval("[location.href, document.readyState, document.querySelector('main') !== null]");
    let page = url.split('#').next().unwrap_or_default();
    assert!(
        here[0].as_str().is_some_and(|here| here.starts_with(page)),
        "{path} led to {here}"
    );
    assert_eq!(here[2], true, "{path} is no page of ours");
    is_clean(window, &format!("{path} with the policy {policy}"));
}

/// Two windows that note what runs: one obeys the policy, the other has none.
fn windows(desk: &Desk) -> [(Window, &'static str); 2] {
    let windows = [(desk.window(), "on"), (desk.window(), "bypassed")];
    let (bypassed, _) = &windows[1];
    bypassed.devtools("Page.setBypassCSP", json!({ "enabled": true }));
    for (window, _) in &windows {
        window.prepare(CANARY);
    }
    windows
}

fn send(who: &mut Visitor, path: &str, form: &str) -> Option<Answer> {
    who.try_send("POST", path, &[FORM], form.as_bytes()).ok()
}

/// Everything of the list that is a comment and can be said within one page, after the worst of it.
fn comments() -> Vec<String> {
    let worst = [
        ("name", &WORST[..58]),
        ("url", "https://a.example/\"onclick=\"PWN(0)"),
        ("body", WORST),
    ];
    let rows = rows("comments.jsonl");
    let rows = rows.iter();
    let rows = rows.filter(|row| text(row, "class") != "cost" && text(row, "id") != "c193");
    std::iter::once(encode(&worst))
        .chain(rows.map(form))
        .collect()
}

#[test]
fn in_a_browser_no_comment_runs_with_the_policy_on_or_off() {
    let site = Site::with_post("hello");
    site.set_up();
    let (mut owner, mut ann) = (site.owner(), site.visitor());
    let desk = Desk::new();
    let windows = windows(&desk);
    let seen = [
        ("name", &WORST[..58]),
        ("body", "I am here."),
        ("show_name", "on"),
    ];
    ann.say("hello", &seen);
    let cookie = format!("visitor={}", ann.cookie("visitor").unwrap());
    let _here = site.stream("/posts/hello/events", &[("Cookie", &cookie)]);
    for (window, _) in &windows {
        window.open(&site.url("/posts/hello"));
        window.wait_until_live();
        window.wait_for("#presence .names bdi");
    }
    let answers = comments()
        .into_iter()
        .map(|form| send(&mut ann, "/posts/hello/comments", &form));
    let accepted = answers
        .flatten()
        .filter(|answer| answer.status() == 303)
        .count();
    let last = site.comment("hello", "Ann", "the end");
    let shown = site.ask("select count(*) from comments where status = 'published'");
    assert!(shown >= 2 && accepted >= 1, "{shown} of {accepted}");
    for (window, policy) in &windows {
        window.wait_for_text("#talk-h .count", &format!("{shown} comments"));
        window.click("#pill"); // what arrives in view waits there
        window.wait_for(&format!("#comment-{last}"));
        let there = window.count("#threads article") as i64;
        assert_eq!(
            there,
            shown.min(100),
            "the page is broken by what came live"
        );
        is_clean(window, &format!("live with the policy {policy}"));
        judge(window, &site, &format!("/posts/hello?{policy}"), policy);
        let there = window.count("#threads article") as i64;
        assert_eq!(there, shown.min(100), "the page is broken");
        if *policy == "on" {
            window.has_a_clean_console();
        }
        window.take_cookie(&site, &ann, "visitor");
        window.take_cookie(&site, &owner, "session");
        for path in pages(&site, &mut owner) {
            judge(window, &site, &path, policy);
        }
    }
    let (bypassed, _) = &windows[1];
    bypassed.open(&site.url("/archive"));
    for (what, html) in fragments(&site, &mut ann, &owner) {
        assert!(
            html.contains("prose") || what == "preview" || what == "passages",
            "{what} holds no comment"
        );
        insert(bypassed, &html);
        is_clean(bypassed, what);
    }
    insert(bypassed, WORST);
    let seen = bypassed.eval(JUDGE);
    assert!(
        seen.as_array().unwrap().len() >= 4,
        "the judge sees too little: {seen}"
    );
}

/// What shows comments, or says again what it was asked.
fn pages(site: &Site, owner: &mut Visitor) -> Vec<String> {
    let said = encode(&[("q", &WORST[..150])]);
    let mut pages: Vec<String> = [
        "/",
        "/me",
        "/admin",
        "/admin/posts",
        "/admin/posts/1",
        "/admin/comments?show=pending",
    ]
    .map(Into::into)
    .into();
    for query in ["script", "onerror", "x"] {
        pages.push(format!("/search?in=comments&q={query}"));
    }
    for path in ["/search", "/admin/comments", "/admin/media"] {
        pages.push(format!("{path}?{said}"));
    }
    let next = encode(&[("next", WORST)]);
    pages.push(format!("/posts/{}", next.trim_start_matches("next=")));
    let mut more = Some("/admin/comments?show=all".to_owned());
    while let Some(path) = more {
        let page = owner.get(&path).expect(200).page();
        more = page.attributes("main a[rel=next]", "href").pop();
        pages.push(path);
    }
    let judged = "select id from comments order by id limit 1";
    let id = site.ask(judged);
    pages.extend([
        format!("/admin/comments/{id}"),
        format!("/comments/{id}/edit"),
    ]);
    pages
}

/// Markup that programs and scripts get, as they would put it into a page of theirs.
fn fragments(site: &Site, ann: &mut Visitor, owner: &Visitor) -> Vec<(&'static str, String)> {
    let json = ("Accept", "application/json");
    let html = |value: &Value, names: &[&str]| -> String {
        names
            .iter()
            .filter_map(|name| value[name].as_str())
            .collect()
    };
    let mut found = Vec::new();
    let form = encode(&[("name", &WORST[..58]), ("body", WORST), ("op", "once more")]);
    let answer = site.send(
        "POST",
        "/posts/hello/comments",
        &[FORM, json],
        form.as_bytes(),
    );
    found.push((
        "answer to a program",
        html(&answer.expect(201).json(), &["html", "thread"]),
    ));
    let preview = ann.submit("/comments/preview", &[("body", WORST)]);
    found.push(("preview", preview.expect(200).text()));
    let session = format!("session={}", owner.cookie("session").unwrap());
    for (what, path, cookie) in [
        ("poll", "/posts/hello/events?after=0", ""),
        ("poll of the site", "/events?after=0", ""),
        ("owner's poll", "/admin/events?after=0", session.as_str()),
    ] {
        let answer = site
            .send("GET", path, &[json, ("Cookie", cookie)], b"")
            .expect(200);
        let answer = answer.json();
        let events = answer["events"].as_array().unwrap();
        found.push((
            what,
            events
                .iter()
                .map(|event| html(event, &["html", "row", "thread"]))
                .collect(),
        ));
    }
    let mut stream = site.follow_after("hello", 0);
    let frames = stream.up_to(site.head());
    found.push((
        "stream",
        frames
            .iter()
            .map(|frame| html(&frame.data, &["html"]))
            .collect(),
    ));
    let answer = site.get_json("/search?in=comments&q=script");
    let passages = answer["comments"].as_array().into_iter().flatten();
    found.push((
        "passages",
        passages
            .map(|found| html(&found["passage"], &["html"]))
            .collect(),
    ));
    for (what, path) in [
        ("feed", "/comments.xml"),
        ("feed of the post", "/posts/hello/comments.xml"),
    ] {
        let feed = site.get(path).expect(200).text();
        let feed = roxmltree::Document::parse(&feed).unwrap();
        let content = feed
            .descendants()
            .filter(|node| node.has_tag_name((ATOM, "content")));
        let content = content.filter_map(|node| node.text());
        let content = content.map(|html| format!("<div class=\"prose\">{html}</div>"));
        found.push((what, content.collect()));
    }
    found
}

const ATOM: &str = "http://www.w3.org/2005/Atom";

/// Puts markup into the page as a script would, in place of what was put there before.
fn insert(window: &Window, html: &str) {
    window.eval(&format!(
        "(() => {{
            document.querySelector('#inserted')?.remove();
            document.querySelector('main').insertAdjacentHTML('beforeend', '<div id=inserted></div>');
            document.querySelector('#inserted').innerHTML = {};
        }})()",
        json!(html)
    ));
}

/// A post from an app whose every field is hostile but its text: `head` in its names, `said` in what it refers to.
fn posted(site: &Site, token: &str, head: &str, said: &str) -> Answer {
    let head: String = head.chars().take(200).collect();
    let post = json!({ "type": ["h-entry"], "properties": {
        "name": [head], "summary": [head], "content": ["Harmless."], "category": [head, "tide"],
        "in-reply-to": [said], "like-of": [format!("https://a.example/{said}")], "mp-slug": [head],
        "photo": [{ "value": format!("https://a.example/{said}"), "alt": said }, { "value": said, "alt": said }],
        "video": [format!("/media/{said}")],
    } });
    let bearer = format!("Bearer {token}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
    ];
    site.send("POST", "/micropub", &headers, post.to_string().as_bytes())
}

#[test]
fn in_a_browser_nothing_runs_of_what_apps_send_beside_the_text() {
    let site = Site::start();
    site.set_up();
    let mut owner = site.owner();
    owner
        .submit("/admin/settings", &[("posts_per_page", "100")])
        .expect(303);
    let made = site
        .rowlog(&["token", "new", "An app", "--scopes", "create"])
        .worked();
    let token = made.stdout.trim_end();
    let rows = rows("comments.jsonl");
    let said = rows
        .iter()
        .filter(|row| text(row, "class") != "cost")
        .map(body);
    let said = std::iter::once(WORST.to_owned()).chain(said);
    let said: Vec<_> = said.filter(|said| !said.trim().is_empty()).collect();
    let mut posts = Vec::new();
    for said in said.chunks(2) {
        let answer = posted(&site, token, &said[0], &said[said.len() - 1]);
        assert!(
            [201, 400].contains(&answer.status()),
            "{said:?}: {}",
            answer.text()
        );
        if answer.status() == 201 {
            posts.push(
                answer
                    .location()
                    .strip_prefix(&site.url(""))
                    .unwrap()
                    .to_owned(),
            );
        }
    }
    assert!(posts.len() >= said.len() / 4 && !posts.is_empty());
    for feed in ["/feed.xml", "/tags/tide/feed.xml", "/sitemap.xml"] {
        crate::lists::well_formed(&site.get(feed).expect(200));
    }
    for item in site.get_json("/feed.json")["items"].as_array().unwrap() {
        assert!(
            item["url"]
                .as_str()
                .unwrap()
                .starts_with(&site.url("/posts/")),
            "{item}"
        );
    }
    let desk = Desk::new();
    let windows = windows(&desk);
    for (window, policy) in &windows {
        window.take_cookie(&site, &owner, "session");
        let lists = [
            "/",
            "/archive",
            "/tags",
            "/tags/tide",
            "/search?q=script",
            "/search?q=onerror",
            "/admin",
            "/admin/posts",
        ];
        let some = posts
            .iter()
            .map(String::as_str)
            .take(if *policy == "on" { 4 } else { 16 });
        for path in lists.into_iter().chain(some) {
            judge(window, &site, path, policy);
        }
        judge(window, &site, "/admin/posts/1", policy);
    }
}

#[test]
fn what_the_owner_writes_as_html_runs_nothing_while_the_policy_is_on() {
    let site = Site::start();
    let rows = rows("comments.jsonl");
    let html = rows
        .iter()
        .filter(|row| matches!(text(row, "class"), "xss-html" | "mxss"));
    let texts: Vec<_> = std::iter::once(WORST.to_owned())
        .chain(html.map(body))
        .collect();
    let token = site
        .rowlog(&["token", "new", "An app", "--scopes", "create"])
        .worked();
    let bearer = format!("Bearer {}", token.stdout.trim_end());
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
    ];
    let desk = Desk::new();
    let window = desk.window();
    window.prepare(CANARY);
    for said in &texts {
        let post = json!({ "type": ["h-entry"], "properties": { "name": ["A post"], "content": [{ "html": said }] } });
        let made = site.send("POST", "/micropub", &headers, post.to_string().as_bytes());
        let address = made.expect(201).location().to_owned();
        window.open(&address);
        let ran = window.eval("called.filter(it => !it.startsWith('refused'))");
        assert_eq!(ran, json!([]), "{said}");
        assert_eq!(window.eval("location.href"), json!(address), "{said}");
        let form = window
            .eval("document.querySelector('form.composer textarea')?.closest('body > *') != null");
        assert_eq!(form, true, "the page is not whole: {said}");
    }
    crate::lists::well_formed(&site.get("/feed.xml").expect(200));
}
