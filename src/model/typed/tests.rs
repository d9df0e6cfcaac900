//! What visitors type into the fields of a comment, and what they try.

use super::likeness::likeness;
use super::*;

fn name(typed: &str) -> Option<String> {
    Name::parse(typed).ok().map(|name| name.0)
}

#[test]
fn names_are_cleaned() {
    let table = [
        ("Ann", Some("Ann")),
        ("  Ann \t\r\n  Lee ", Some("Ann Lee")),
        ("e\u{301}", Some("é")),
        ("\u{2066}\u{2066}Ann", Some("Ann")),
        ("Ann\u{1b}[2J\u{7}", Some("Ann[2J")),
        ("Ann\revent: x\r\r", Some("Ann event: x")),
        ("A\u{200b}nn\u{feff}", Some("Ann")),
        ("👩\u{200d}🚀", Some("👩\u{200d}🚀")),
        ("<h1>Bob</h1>", Some("<h1>Bob</h1>")),
        ("", None),
        ("\u{a0}\u{2003}\u{3000}", None),
        ("\u{200b}\u{200d}\u{feff}", None),
        ("\u{3164}", None),
        ("\u{2800} \u{115f}", None),
        ("\u{301}", None),
        ("\u{0}", None),
    ];
    for (typed, expected) in table {
        assert_eq!(name(typed).as_deref(), expected, "{typed:?}");
    }
}

#[test]
fn too_long_is_refused_and_never_cut() {
    assert!(Name::parse(&"ä".repeat(NAME_MAX)).is_ok());
    let why = Name::parse(&"ä".repeat(NAME_MAX + 1)).unwrap_err();
    assert_eq!(
        why,
        "This name has 61 characters; 60 is the most. Please shorten it."
    );
    assert_eq!(
        Body::parse(&"ä".repeat(BODY_MAX)).unwrap().0.len(),
        2 * BODY_MAX
    );
    assert!(Body::parse(&"ä".repeat(BODY_MAX + 1)).is_err());
    assert!(Email::parse(&format!("a@{}.example", "b".repeat(EMAIL_MAX))).is_err());
    assert!(Link::parse(&format!("https://a.example/{}", "b".repeat(LINK_MAX))).is_err());
    // Each of these letters takes six characters once it is percent-encoded.
    assert!(Link::parse(&format!("https://a.example/{}", "ä".repeat(100))).is_err());
}

#[test]
fn bodies_have_clean_lines() {
    let table = [
        ("a\r\nb\rc\n", Some("a\nb\nc")),
        ("\n\n    code", Some("    code")),
        ("a\0b\u{7}\tc\u{9f}", Some("ab\tc")),
        ("e\u{301} vs é", Some("e\u{301} vs é")),
        ("\u{202e}abc", Some("\u{202e}abc")),
        ("\u{10ffff}\u{fffe}\u{ffff}\u{fdd0}", None),
        (" \r\n\u{200b}\u{2800}", None),
        ("", None),
    ];
    for (typed, expected) in table {
        let body = Body::parse(typed).ok().map(|body| body.0);
        assert_eq!(body.as_deref(), expected, "{typed:?}");
    }
}

#[test]
fn addresses_of_people() {
    let good = [
        (" ann@a.example ", "ann@a.example"),
        ("a+private@b.example", "a+private@b.example"),
        ("a.b'c@sub.b-d.example", "a.b'c@sub.b-d.example"),
        ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
    ];
    for (typed, expected) in good {
        assert_eq!(
            Email::parse(typed).unwrap().unwrap().0,
            expected,
            "{typed:?}"
        );
    }
    for blank in ["", "   ", "\u{200b}"] {
        assert_eq!(Email::parse(blank), Ok(None), "{blank:?}");
    }
    let bad = [
        "ann",
        "@a.example",
        "ann@",
        "a@b@c.example",
        "a b@c.example",
        "a..b@c.example",
        ".a@c.example",
        "a@b.example\r\nBcc: victim@c.example",
        "a@b.example\n",
        "\r\n",
        "<a@b.example>",
        "a@.example",
        "a@-b.example",
        "a@127.0.0.1",
        "a@[::1]",
        "a,b@c.example",
        "\"a b\"@c.example",
        "a@b.example.",
        "a@b%2ec.example",
        "ä@b.example",
        "a@b.exa\u{202e}mple",
    ];
    for typed in bad {
        assert!(Email::parse(typed).is_err(), "{typed:?}");
    }
    let why = Email::parse("hanna@example").unwrap_err();
    assert_eq!(
        why,
        "“hanna@example” is missing the part after the dot. You can also leave this empty."
    );
}

#[test]
fn addresses_of_websites() {
    let good = [
        ("https://a.example", "https://a.example/"),
        ("example.org", "https://example.org/"),
        ("example.org:8080/x?y#z", "https://example.org:8080/x?y#z"),
        (" HTTP://A.example/ä ", "http://a.example/%C3%A4"),
        ("bücher.example", "https://xn--bcher-kva.example/"),
        (
            "http://a.example/\"onmouseover=\"x",
            "http://a.example/%22onmouseover=%22x",
        ),
    ];
    for (typed, expected) in good {
        assert_eq!(
            Link::parse(typed).unwrap().unwrap().0,
            expected,
            "{typed:?}"
        );
    }
    for blank in ["", " \n", "\u{3164}"] {
        assert_eq!(Link::parse(blank), Ok(None), "{blank:?}");
    }
    let bad = [
        "javascript:PWN(1)",
        "javascript:PWN(1)//http://a.example",
        "java\nscript:x",
        "data:text/html,x",
        "mailto:a@b.example",
        "ftp://a.example",
        "//evil.example",
        "/path",
        "me",
        "https://",
        "https:///",
        "http://user:pass@evil.example/",
        "https://good.example@evil.example",
        "a.b@evil.example",
        "http://a.example/\" onmouseover=\"PWN(1)",
        "http://a.example/\r\nX: y",
        "JaVaScRiPt://a.example",
        "https://a.example/\u{202e}x",
        "https://a b.example",
        "http://[::g]/",
    ];
    for typed in bad {
        assert!(Link::parse(typed).is_err(), "{typed:?}");
    }
}

#[test]
fn look_alikes_are_seen_through() {
    let alike = [
        ("maren oster", "Maren Oster"),
        ("MAREN_OSTER", "Maren Oster"),
        ("M\u{430}ren Oster", "Maren Oster"),
        ("Mar3n 0ster", "Maren Oster"),
        ("Märén Oster", "Maren Oster"),
        ("Ｍａｒｅｎ Oster", "Maren Oster"),
        ("rnaren oster", "Maren Oster"),
        ("Maren\u{200d}Oster", "Maren Oster"),
        ("\u{410}dmin", "admin"),
        ("IVAN", "ivan"),
        ("lvan", "Ivan"),
        ("1van", "Ivan"),
        ("ℳaren Oster", "Maren Oster"),
        ("🦊", "🦊"),
    ];
    for (visitor, owner) in alike {
        assert!(
            Name::parse(visitor).unwrap().likeness() == likeness(owner),
            "{visitor} is like {owner}"
        );
    }
    let apart = [
        ("Maren", "Maren Oster"),
        ("Karen Oster", "Maren Oster"),
        ("Maren Oster 2", "Maren Oster"),
        ("🦊", "🐺"),
        ("🦊", "Ann"),
        ("山田", "山口"),
        ("Ann", ""),
    ];
    for (visitor, owner) in apart {
        assert!(
            Name::parse(visitor).unwrap().likeness() != likeness(owner),
            "{visitor} is unlike {owner}"
        );
    }
}

#[test]
fn no_visitor_writes_under_a_name_of_the_blogs_own() {
    let why = |name: &str| {
        Name::parse(name)
            .unwrap()
            .borrows(Some("Maren Oster"), Some("Slack Water"))
    };
    let borrowed = [
        "Maren Oster",
        "m\u{430}ren\u{200b} oster",
        "Maren\u{200d}Oster \u{2705}",
        "Maren Oster (author)",
        "\u{410}uthor: Maren Oster",
        "the real Maren Oster, owner",
        "Slack Water",
        "S1ack-Water",
    ];
    for name in borrowed {
        assert!(why(name).is_some(), "{name} passes");
    }
    let own = [
        "Maren",
        "Maren Ostermann",
        "Karen Oster",
        "Ann",
        "Ann (author)",
        "Slack",
        "Authority",
        "Owner",
        "\u{410}dmin",
        "A",
        "The Site",
        "Administra",
        "\u{1f98a}",
        "\u{5c71}\u{7530}",
        "\u{645}\u{631}\u{6cc}\u{645}",
    ];
    for name in own {
        assert_eq!(why(name), None, "{name} is refused");
    }
    assert_eq!(Name::parse("Maren").unwrap().borrows(None, None), None);
    assert_eq!(
        Name::parse("Maren").unwrap().borrows(Some(""), Some("")),
        None
    );
}
