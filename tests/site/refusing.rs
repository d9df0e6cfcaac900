//! What a form may not do: errors that lose nothing, and refusals.

use crate::http::FORM;
use crate::site::Site;

#[test]
fn a_form_with_an_error_comes_back_with_everything_that_was_typed() {
    let site = Site::with_post("hello");
    let long = "x".repeat(10_001);
    let wide = "n".repeat(61);
    let bad: &[(&str, &str)] = &[
        ("body", ""),
        ("body", " \n\u{200b}"),
        ("body", &long),
        ("name", ""),
        ("name", "\u{a0}\u{2003}"),
        ("name", &wide),
        ("email", "no address"),
        ("url", "javascript:alert(1)"),
    ];
    for &(field, value) in bad {
        let mut sent = vec![
            ("name", "Ann"),
            ("body", "A text worth keeping."),
            ("email", "ann@example.org"),
            ("url", "https://ann.example/"),
        ];
        sent.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value;
        let answer = site.submit("/posts/hello/comments", &sent).expect(422);
        let page = answer.page();
        assert!(
            page.has(&format!("[name={field}][aria-invalid=true]")),
            "no message at {field}: {}",
            page.markup("form.composer")
        );
        let form = page.form("form.composer");
        for (name, typed) in sent
            .iter()
            .filter(|(name, typed)| *name != field || typed.len() > 10)
        {
            assert_eq!(form.value(name), Some(*typed), "{name} is not kept");
        }
    }
    assert_eq!(site.ask("select count(*) from comments"), 0);
}

#[test]
fn a_program_is_answered_in_json() {
    let site = Site::with_post("hello");
    let headers = [FORM, ("Accept", "application/json")];
    let created = site
        .send(
            "POST",
            "/posts/hello/comments",
            &headers,
            b"name=Ann&body=Hello",
        )
        .expect(201);
    assert_eq!(
        created
            .header("event-cursor")
            .and_then(|id| id.parse().ok()),
        Some(site.head())
    );
    let refused = site
        .send("POST", "/posts/hello/comments", &headers, b"name=Ann&body=")
        .expect(422)
        .json();
    assert!(refused["error"].is_string(), "{refused}");
    assert!(refused["fields"]["body"].is_string(), "{refused}");
    assert!(
        site.send("GET", "/posts/none", &headers[1..], b"")
            .expect(404)
            .json()["error"]
            .is_string()
    );
}

#[test]
fn a_form_of_another_site_is_refused_and_a_program_is_not() {
    let site = Site::with_post("hello");
    let ours = site.url("");
    let evil_suffix = format!("{ours}.evil.example");
    let foreign: &[&[(&str, &str)]] = &[
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", &ours)],
        &[("Origin", "null")],
        &[("Origin", "https://evil.example")],
        &[("Origin", &evil_suffix)],
    ];
    for headers in foreign {
        for path in [
            "/posts/hello/comments",
            "/posts/hello/reactions",
            "/comments/preview",
            "/comments/1/deletion",
            "/nowhere",
        ] {
            let answer = site.send(
                "POST",
                path,
                &[&[FORM], *headers].concat(),
                b"name=Ann&body=Hello&kind=love",
            );
            assert_eq!(answer.status(), 403, "{path} {headers:?}");
        }
    }
    assert_eq!(
        site.ask("select count(*) from comments") + site.ask("select count(*) from reactions"),
        0
    );
    let own: &[&[(&str, &str)]] = &[
        &[],
        &[("Sec-Fetch-Site", "none")],
        &[("Sec-Fetch-Site", "same-origin")],
        &[("Origin", &ours)],
    ];
    for (n, headers) in own.iter().enumerate() {
        let body = format!("name=Ann&body=Hello+{n}");
        site.send(
            "POST",
            "/posts/hello/comments",
            &[&[FORM], *headers].concat(),
            body.as_bytes(),
        )
        .expect(303);
    }
}

#[test]
fn a_form_of_the_wrong_size_kind_or_method_is_refused() {
    let site = Site::with_post("hello");
    let huge = [b"name=Ann&body=".as_slice(), &[b'x'; 200 * 1024]].concat();
    assert_eq!(
        site.send("POST", "/posts/hello/comments", &[FORM], &huge)
            .status(),
        413
    );
    for kind in [
        "text/plain",
        "application/json",
        "multipart/form-data; boundary=BB",
    ] {
        let answer = site.send(
            "POST",
            "/posts/hello/comments",
            &[("Content-Type", kind)],
            b"name=Ann&body=Hello",
        );
        assert_eq!(answer.status(), 415, "{kind}");
    }
    assert_eq!(
        site.send("POST", "/posts/hello/comments", &[], b"name=Ann&body=Hello")
            .status(),
        415
    );
    for (method, path) in [
        ("GET", "/posts/hello/comments"),
        ("PUT", "/posts/hello/comments"),
        ("POST", "/posts/hello"),
        ("DELETE", "/comments/1"),
    ] {
        let answer = site.send(method, path, &[], b"").expect(405);
        assert!(
            answer.header("allow").is_some(),
            "{method} {path} names no way that is allowed"
        );
    }
    assert_eq!(
        site.submit(
            "/posts/none/comments",
            &[("name", "Ann"), ("body", "Hello")]
        )
        .status(),
        404
    );
    assert_eq!(
        site.send(
            "POST",
            "/posts/hello/comments",
            &[FORM],
            b"name=Ann&body=%FF%FE%C3%28"
        )
        .status()
            / 100,
        4
    );
    assert_eq!(site.ask("select count(*) from comments"), 0);
}

#[test]
fn a_long_comment_is_as_long_in_every_script() {
    let site = Site::with_post("hello");
    for letter in ["x", "漢", "🦀"] {
        let body = letter.repeat(9_000);
        let id = site.comment("hello", "Ann", &body);
        let shown = site.post("hello").text(&format!("#comment-{id} .prose"));
        assert!(shown == body, "{letter}: {} bytes", shown.len());
        let fields = [("name", "Ann"), ("body", &*letter.repeat(10_001))];
        site.submit("/posts/hello/comments", &fields).expect(422);
    }
}
