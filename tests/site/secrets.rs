//! Secrets: what is typed or given out is nowhere in the file, its copies and the log.

use std::fs;

use crate::command::Outcome;
use crate::http::FORM;
use crate::second_step::turn_on;
use crate::site::{PASSWORD, Site};

/// Asserts that none of the secrets is in any of the texts, as it is typed or as the bytes that it stands for.
fn nowhere(secrets: &[(&str, Vec<u8>)], places: &[(&str, Vec<u8>)]) {
    for (name, secret) in secrets {
        assert!(secret.len() >= 10, "{name} is too short to look for");
        for (place, bytes) in places {
            let found = bytes.windows(secret.len()).any(|window| window == secret);
            assert!(!found, "{name} is in {place}");
        }
    }
}

/// Sixty-four digits as they are typed and as the bytes they stand for.
fn token<'a>(name: &'a str, digits: &str) -> [(&'a str, Vec<u8>); 2] {
    let pairs = (0..digits.len() / 2).map(|at| &digits[at * 2..at * 2 + 2]);
    let bytes = pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex"));
    [(name, digits.as_bytes().to_vec()), (name, bytes.collect())]
}

#[test]
fn no_secret_is_in_the_file_or_a_copy_of_it_or_the_log() {
    let mut site = Site::start();
    let invitation = site.invitation();
    let invitation = invitation.split_once("token=").unwrap().1.to_owned();
    let mut maren = site.visitor();
    let fields = [
        ("token", invitation.as_str()),
        ("title", "Slack Water"),
        ("name", "Maren"),
        ("password", PASSWORD),
    ];
    maren.submit("/admin/setup", &fields).expect(303);
    let first = maren.cookie("session").unwrap().to_owned();
    let device = maren.cookie("device").unwrap().to_owned();
    site.publish("hello", "A post", "Something to talk about.");
    let mut ann = site.visitor();
    ann.comment("hello", "Ann", "Hello");
    let made = [("name", "A telephone"), ("create", "on")];
    let made = maren.submit("/admin/tokens", &made).expect(201).page();
    let app = made.attribute("#t-token", "value");
    let said: Outcome = site.rowlog(&["token", "new", "Another"]).worked();
    let bearer = format!("Bearer {app}");
    let post = [("Authorization", bearer.as_str()), FORM];
    site.send("POST", "/micropub", &post, b"content=Posted+from+outside")
        .expect(201);
    let draft = [
        ("title", "A draft"),
        ("body", "Not yet."),
        ("status", "draft"),
    ];
    let draft = maren.submit("/admin/posts/new", &draft).expect(303);
    let editor = maren.get(draft.location()).expect(200).page();
    let preview = editor.attribute("a[href^='/preview/']", "href");
    site.get(&preview).expect(200);
    let preview = preview.split_once("key=").unwrap().1.to_owned();
    let (telephone, written) = turn_on(&mut maren);
    site.visitor()
        .submit(
            "/admin/login",
            &[("password", PASSWORD), ("code", &written[0])],
        )
        .expect(303);
    site.visitor()
        .submit(
            "/admin/login",
            &[("password", "a mistyped secret"), ("code", &written[1])],
        )
        .expect(401);
    let changed = "the moon moves the sea";
    let change = [("current", PASSWORD), ("password", changed)];
    maren.submit("/admin/account/password", &change).expect(303);
    let fields = [("password", changed), ("code", &telephone.code(1))];
    maren.submit("/admin/login", &fields).expect(303);
    let second = maren.cookie("session").unwrap().to_owned();
    assert_ne!(first, second);

    let mut secrets: Vec<(&str, Vec<u8>)> = Vec::new();
    secrets.extend(token("the invitation", &invitation));
    secrets.extend(token("a session", &first));
    secrets.extend(token("a session", &second));
    secrets.extend(token("a device", &device));
    secrets.extend(token("a visitor", ann.cookie("visitor").unwrap()));
    secrets.extend(token("an app's token", &app));
    secrets.extend(token("a token of the command line", said.stdout.trim()));
    secrets.push(("a preview's key", preview.into_bytes()));
    secrets.push(("the secret of the telephone", telephone.secret().to_vec()));
    let letters = data_encoding::BASE32_NOPAD.encode(telephone.secret());
    secrets.push(("the secret of the telephone", letters.clone().into_bytes()));
    secrets.push((
        "the secret of the telephone",
        letters.to_lowercase().into_bytes(),
    ));
    secrets.push((
        "the key beside the file",
        fs::read(site.data().join("rowlog.key")).unwrap(),
    ));
    for code in &written {
        secrets.push(("a written code", code.clone().into_bytes()));
        secrets.push((
            "a written code",
            code.replace('-', "").to_uppercase().into_bytes(),
        ));
    }
    for password in [PASSWORD, changed, "a mistyped secret"] {
        secrets.push(("a password", password.as_bytes().to_vec()));
    }
    let copy = site.path("copy.db");
    site.database()
        .execute("vacuum into ?1", [copy.to_str().unwrap()])
        .unwrap();
    let read = |name: &str| fs::read(site.data().join(name)).unwrap();
    let mut places = vec![
        ("the file", read("rowlog.db")),
        ("the write-ahead log", read("rowlog.db-wal")),
        ("a copy", fs::read(&copy).unwrap()),
        ("what the server logged", site.log_text().into_bytes()),
    ];
    assert!(
        places
            .iter()
            .any(|(_, bytes)| bytes.windows(11).any(|it| it == b"Slack Water"))
    );
    nowhere(&secrets, &places);
    site.stop();
    places.push((
        "the file once it is closed",
        fs::read(site.data().join("rowlog.db")).unwrap(),
    ));
    nowhere(&secrets, &places);
}
