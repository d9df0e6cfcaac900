//! Tokens of apps: what each opens, how the owner makes one and takes it back.

use crate::http::{FORM, encode};
use crate::micropub::{App, refused};
use crate::site::Site;

#[test]
fn only_a_token_opens_the_door() {
    let app = App::with("create");
    let site = &app.site;
    let fields = [("content", "x"), ("access_token", app.token.as_str())];
    site.submit("/micropub", &fields).expect(201);
    let foreign = [
        FORM,
        ("Origin", "https://app.example"),
        ("Sec-Fetch-Site", "cross-site"),
    ];
    let body = encode(&fields);
    site.send("POST", "/micropub", &foreign, body.as_bytes())
        .expect(201);
    refused(&app.form(&fields), 400, "invalid_request");

    let nobody = site.submit("/micropub", &[("content", "x")]);
    refused(&nobody, 401, "unauthorized");
    assert_eq!(nobody.header("www-authenticate"), Some("Bearer"));
    refused(&site.get("/micropub?q=config"), 401, "unauthorized");
    let json = [("Content-Type", "application/json")];
    refused(
        &site.send("POST", "/micropub", &json, b"{}"),
        401,
        "unauthorized",
    );
    let wrong = [("content", "x"), ("access_token", "0000")];
    refused(&site.submit("/micropub", &wrong), 403, "forbidden");
    let basic = [FORM, ("Authorization", "Basic YTpi")];
    refused(
        &site.send("POST", "/micropub", &basic, b"content=x"),
        400,
        "invalid_request",
    );

    // The owner's own session is no token: another site could make her browser send it.
    site.set_up();
    let mut owner = site.owner();
    refused(
        &owner.submit("/micropub", &[("content", "x")]),
        401,
        "unauthorized",
    );

    let url = site.url("/posts/welcome");
    for (action, scope) in [
        ("delete", "delete"),
        ("undelete", "undelete"),
        ("update", "update"),
    ] {
        let answer = app.form(&[("action", action), ("url", &url)]);
        refused(&answer, 403, "insufficient_scope");
        assert_eq!(answer.json()["scope"], scope);
    }
    assert!(!site.log_text().contains(&app.token));
    let file = std::fs::read(site.data().join("rowlog.db")).unwrap();
    assert!(!String::from_utf8_lossy(&file).contains(&app.token));
}

#[test]
fn the_owner_makes_a_token_sees_it_once_and_takes_it_back() {
    let site = Site::start();
    site.set_up();
    let mut owner = site.owner();
    assert!(
        owner
            .get("/admin")
            .expect(200)
            .page()
            .has("nav a[href='/admin/tokens']")
    );
    site.submit("/admin/tokens", &[("name", "A phone"), ("create", "on")])
        .expect(401);
    let page = owner.get("/admin/tokens").expect(200).page();
    assert!(page.has("input[name=create][checked]") && !page.has("input[name=delete][checked]"));
    let empty = owner
        .submit("/admin/tokens", &[("name", "A phone")])
        .expect(422)
        .page();
    assert_eq!(empty.attributes("#t-name", "value"), ["A phone"]);
    assert!(empty.text("[role=alert]").contains("at least one"));

    let fields = [("name", "A phone"), ("create", "on"), ("delete", "on")];
    let made = owner.submit("/admin/tokens", &fields).expect(201);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let token = made.page().attribute("#t-token", "value");
    let list = owner.get("/admin/tokens").expect(200);
    assert!(!list.text().contains(&token), "it is shown again");
    assert!(
        list.page()
            .text(".sessions")
            .contains("A phone Revoke A phone create delete")
    );
    assert!(list.page().text(".sessions").contains("never used"));

    let fields = [("content", "x"), ("access_token", token.as_str())];
    site.submit("/micropub", &fields).expect(201);
    let list = owner.get("/admin/tokens").expect(200).page();
    assert!(list.text(".sessions").contains("last used"));
    let revoke = list.form(".sessions form");
    owner.submit_form(&revoke).expect(303);
    refused(&site.submit("/micropub", &fields), 403, "forbidden");
    assert!(
        !owner
            .get("/admin/tokens")
            .expect(200)
            .page()
            .has(".sessions")
    );
}

#[test]
fn tokens_are_made_on_the_command_line_too() {
    let app = App::new();
    let site = &app.site;
    let list = site.rowlog(&["token", "list"]).worked().stdout;
    let words = "1 An app (create update delete undelete media), never used\n";
    assert_eq!(list, words);
    site.rowlog(&["token", "revoke", "1"]).worked();
    refused(&app.form(&[("content", "x")]), 403, "forbidden");
    assert!(
        site.rowlog(&["token", "revoke", "1"])
            .complaint()
            .contains("token list")
    );
    assert!(
        site.rowlog(&["token", "new", " "])
            .complaint()
            .contains("name")
    );
    let wrong = site.rowlog(&["token", "new", "x", "--scopes", "everything"]);
    assert_eq!(wrong.code, Some(2));
}
