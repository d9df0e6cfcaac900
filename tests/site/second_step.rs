//! The second step of signing in: a code from the owner's telephone, and the ones that were written down.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha1::Sha1;

use crate::http::{Answer, FORM, encode};
use crate::site::{PASSWORD, Site};
use crate::visitor::Visitor;

/// The owner's telephone. It may show the next code already, because clocks differ: so a story has two codes without waiting.
pub struct Telephone {
    secret: Vec<u8>,
}

impl Telephone {
    /// One that has typed the secret of a page.
    pub fn with(secret: &str) -> Telephone {
        let letters: String = secret.split_whitespace().collect();
        let secret = BASE32_NOPAD.decode(letters.as_bytes());
        Telephone {
            secret: secret.expect("base32"),
        }
    }

    /// The code of now, or of that many steps later. Source: RFC 6238.
    pub fn code(&self, later: u64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let step = now.as_secs() / 30 + later;
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.secret).unwrap();
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let at = usize::from(hash[19] % 16);
        let number = u32::from_be_bytes(hash[at..at + 4].try_into().unwrap());
        format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
    }

    /// A code that is good neither now nor soon.
    fn wrong(&self) -> String {
        let near: Vec<String> = (0..4).map(|later| self.code(later)).collect();
        let mut all = (0..).map(|n| format!("{n:06}"));
        all.find(|code| !near.contains(code))
            .expect("there are more codes")
    }

    /// The bytes that both sides know.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }
}

/// Turns the second step on; the telephone, and the codes that were written down.
pub fn turn_on(owner: &mut Visitor) -> (Telephone, Vec<String>) {
    let page = owner.get("/admin/account/code").expect(200).page();
    let form = page.form("form[action='/admin/account/code']");
    let telephone = Telephone::with(form.value("secret").unwrap());
    let form = form
        .with("code", &telephone.code(0))
        .with("current", PASSWORD);
    let done = owner.submit_form(&form).expect(201);
    assert_eq!(done.header("cache-control"), Some("no-store"));
    let codes = done.page().texts(".written code");
    assert_eq!(codes.len(), 10, "{}", done.text());
    (telephone, codes)
}

/// Somebody without a cookie tries to sign in.
fn sign_in(site: &Site, password: &str, code: &str) -> Answer {
    let fields = [("password", password), ("code", code)];
    site.visitor().submit("/admin/login", &fields)
}

/// What was told to the owner, by kind.
fn told(site: &Site, kind: &str) -> Vec<Value> {
    let lines = site.rowlog(&["events"]).worked().stdout;
    let events = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let of_kind = events.filter(|event: &Value| event["kind"] == kind);
    of_kind.map(|event| event["data"].clone()).collect()
}

#[test]
fn the_desk_opens_to_the_password_with_a_code_that_is_good_once() {
    let site = Site::start();
    site.set_up();
    let mut maren = site.owner();
    assert!(!site.get("/admin/login").page().has("#l-code"));
    let (telephone, written) = turn_on(&mut maren);
    assert!(site.get("/admin/login").page().has("#l-code[required]"));

    let code = telephone.code(1);
    let answers = [
        sign_in(&site, PASSWORD, ""),
        sign_in(&site, PASSWORD, &telephone.wrong()),
        sign_in(&site, "a tide table of 1912", &code),
        sign_in(&site, "a tide table of 1912", &telephone.wrong()),
        sign_in(&site, "a tide table of 1912", &written[0]),
    ];
    for answer in &answers {
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.body, answers[0].body, "it says which was wrong");
    }
    sign_in(&site, PASSWORD, &code).expect(303);
    sign_in(&site, PASSWORD, &code).expect(401);
    sign_in(
        &site,
        PASSWORD,
        &written[0].to_uppercase().replace('-', " "),
    )
    .expect(303);
    sign_in(&site, PASSWORD, &written[0]).expect(401);

    let page = maren.get("/admin/account/code").expect(200).page();
    assert!(page.text("main").contains("9 written codes are left"));
    let renew = |current| [("current", current)];
    let path = "/admin/account/code/renewal";
    maren.submit(path, &renew("not the password")).expect(422);
    let renewed = maren.submit(path, &renew(PASSWORD)).expect(201).page();
    sign_in(&site, PASSWORD, &written[1]).expect(401);
    sign_in(&site, PASSWORD, &renewed.texts(".written code")[0]).expect(303);

    let path = "/admin/account/code/end";
    let refused = maren.submit(path, &renew("not the password")).expect(422);
    assert!(refused.page().has("#k-current[aria-invalid]"));
    maren.submit(path, &renew(PASSWORD)).expect(303);
    sign_in(&site, PASSWORD, "").expect(303);
    let changes: Vec<_> = told(&site, "owner:code")
        .iter()
        .map(|data| {
            (
                data["change"].as_str().unwrap().to_owned(),
                data["left"].as_i64(),
            )
        })
        .collect();
    let expected = [
        ("on", 10),
        ("used", 9),
        ("renewed", 10),
        ("used", 9),
        ("off", 0),
    ];
    assert_eq!(
        changes,
        expected.map(|(change, left)| (change.to_owned(), Some(left)))
    );
}

#[test]
fn a_secret_is_kept_once_the_telephone_has_shown_that_it_knows_it() {
    let site = Site::start();
    site.set_up();
    let mut maren = site.owner();
    let page = maren.get("/admin/account/code").expect(200);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let page = page.page();
    assert!(
        page.attribute("svg.qr path", "d").len() > 2_000,
        "a square to point a camera at"
    );
    let form = page.form("form[action='/admin/account/code']");
    let secret = form.value("secret").unwrap().to_owned();
    let address = page.attribute(".serif a", "href");
    let letters: String = secret.split_whitespace().collect();
    assert_eq!(
        address,
        format!("otpauth://totp/Slack%20Water:Maren?secret={letters}&issuer=Slack%20Water")
    );
    let telephone = Telephone::with(&secret);
    let (right, wrong) = (telephone.code(0), telephone.wrong());
    for (code, current, field) in [
        (&wrong, PASSWORD, "code"),
        (&right, "not the password", "current"),
    ] {
        let form = form.clone().with("code", code).with("current", current);
        let refused = maren.submit_form(&form).expect(422).page();
        assert_eq!(refused.attributes("input[aria-invalid]", "name"), [field]);
        assert_eq!(
            refused.raw_text("#k-secret").trim(),
            secret,
            "the same secret"
        );
    }
    assert_eq!(site.ask("select count(*) from second_step"), 0);
    let again = maren.get("/admin/account/code").expect(200).page();
    assert_ne!(
        again.raw_text("#k-secret").trim(),
        secret,
        "another for another visit"
    );
    assert_eq!(
        site.files(),
        ["rowlog.db", "rowlog.db-shm", "rowlog.db-wal", "rowlog.lock"]
    );
}

#[test]
fn whoever_has_the_machine_gets_in_without_the_telephone() {
    let mut site = Site::start();
    site.set_up();
    let mut maren = site.owner();
    let (telephone, written) = turn_on(&mut maren);
    let other = "the moon moves the sea";
    site.rowlog_with(&["password", "--password-stdin"], &format!("{other}\n"))
        .worked();
    maren.get("/admin").expect(303);
    sign_in(&site, other, "").expect(401);
    sign_in(&site, other, &telephone.code(1)).expect(303);

    // The key is gone: codes cannot be checked, and the log says so; what was written down is good still.
    site.stop();
    fs::remove_file(site.data().join("rowlog.key")).unwrap();
    site.serve();
    sign_in(&site, other, &telephone.code(1)).expect(401);
    let log = site.log_text();
    assert!(
        log.contains("rowlog.key is missing") && log.contains("--no-code"),
        "{log}"
    );
    sign_in(&site, other, &written[3]).expect(303);

    let said = site.rowlog(&["password", "--no-code"]).worked().stdout;
    assert_eq!(said.trim(), "Signing in takes the password alone now.");
    sign_in(&site, other, "").expect(303);
    let said = site.rowlog(&["password", "--no-code"]).worked().stdout;
    assert!(said.contains("already"), "{said}");
    let both = ["password", "--no-code", "--password-stdin"];
    site.rowlog_with(&both, "no moon, no tides at all\n")
        .worked();
    sign_in(&site, "no moon, no tides at all", "").expect(303);
    assert_eq!(
        site.rowlog(&["password"]).code,
        Some(2),
        "what is to be changed?"
    );
}

#[test]
fn whoever_knows_the_password_does_not_get_to_guess_the_code() {
    let site = Site::start_with(&["--limits", "on", "--trusted-proxies", "127.0.0.0/8"]);
    site.set_up();
    let mut maren = site.owner();
    let (telephone, written) = turn_on(&mut maren);
    let from = |n: usize, password: &str, code: &str| {
        let address = format!("203.0.113.{n}");
        let headers = [FORM, ("X-Forwarded-For", address.as_str())];
        let body = encode(&[("password", password), ("code", code)]);
        site.send("POST", "/admin/login", &headers, body.as_bytes())
    };
    let wrong = telephone.wrong();
    let first = from(1, PASSWORD, &wrong).expect(401);
    for n in 2..=12 {
        assert_eq!(from(n, PASSWORD, &wrong).expect(401).body, first.body);
    }
    let right = from(13, PASSWORD, &telephone.code(1)).expect(401);
    assert_eq!(right.body, first.body, "nobody learns that it was right");
    from(14, PASSWORD, &written[0]).expect(303);
    // Her own device has a count of its own.
    maren.submit("/admin/logout", &[]).expect(303);
    let fields = [("password", PASSWORD), ("code", &telephone.code(1))];
    maren.submit("/admin/login", &fields).expect(303);
}

#[test]
fn the_owner_is_told_of_every_session_and_nobody_else_is() {
    let site = Site::with_post("hello");
    site.set_up();
    let mut maren = site.owner();
    let cookie = format!("session={}", maren.cookie("session").unwrap());
    let mut stream = site.stream("/admin/events", &[("Cookie", &cookie)]);
    let mut public = site.follow("hello");

    let mut there = site.visitor();
    let firefox = [
        FORM,
        (
            "User-Agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        ),
    ];
    let body = encode(&[("password", PASSWORD)]);
    there
        .send("POST", "/admin/login", &firefox, body.as_bytes())
        .expect(303);
    let event = stream.next();
    assert_eq!(event.event, "owner:login");
    assert_eq!(event.data["facts"]["agent"], "Firefox on Linux");
    assert_eq!(event.data["facts"]["known"], false);
    there.submit("/admin/logout", &[]).expect(303);
    let event = stream.next();
    assert_eq!(event.event, "owner:logout");
    assert_eq!(event.data["facts"]["agent"], "Firefox on Linux");
    there
        .send("POST", "/admin/login", &firefox, body.as_bytes())
        .expect(303);
    let event = stream.next();
    assert_eq!(
        (event.event.as_str(), &event.data["facts"]["known"]),
        ("owner:login", &Value::Bool(true))
    );
    let change = [
        ("current", PASSWORD),
        ("password", "the moon moves the sea"),
    ];
    maren.submit("/admin/account/password", &change).expect(303);
    assert_eq!(stream.next().event, "owner:password");

    site.comment("hello", "Ann", "Hello");
    assert_eq!(
        public.next().event,
        "comment:created",
        "strangers hear of nothing else"
    );
}
