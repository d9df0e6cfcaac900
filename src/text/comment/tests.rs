//! What visitors write, and what they try.

use super::*;

fn check(table: &[(&str, &str)]) {
    for (source, expected) in table {
        assert_eq!(html(source).trim_end(), *expected, "{source:?}");
    }
}

fn linked(address: &str, text: &str) -> String {
    format!("<a href=\"{address}\" rel=\"nofollow ugc noopener\">{text}</a>")
}

#[test]
fn people_write_as_they_always_did() {
    check(&[
        ("Hello.", "<p>Hello.</p>"),
        ("one\ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>"),
        (
            "*a* **b** ~~c~~ `d`",
            "<p><em>a</em> <strong>b</strong> <del>c</del> <code>d</code></p>",
        ),
        ("> a\n> b", "<blockquote>\n<p>a<br>\nb</p>\n</blockquote>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a", "<ol>\n<li>a</li>\n</ol>"),
        (
            "```rust\nlet x = 1 < 2;\n```",
            "<pre><code>let x = 1 &lt; 2;\n</code></pre>",
        ),
        ("e\u{301} vs é", "<p>e\u{301} vs é</p>"),
        (
            "1 < 2 & 3 > 2, \"so\"",
            "<p>1 &lt; 2 &amp; 3 &gt; 2, \"so\"</p>",
        ),
        ("{{x}} ${y} <%= z %>", "<p>{{x}} ${y} &lt;%= z %&gt;</p>"),
        (
            "costs $5 and $6 -- ok...",
            "<p>costs $5 and $6 -- ok...</p>",
        ),
    ]);
}

#[test]
fn what_is_too_loud_becomes_quiet() {
    check(&[
        ("# Big *news*", "<p><strong>Big <em>news</em></strong></p>"),
        ("Big\n===", "<p><strong>Big</strong></p>"),
        ("a\n\n---", "<p>a</p>\n<p>* * *</p>"),
        ("|a|b|\n|-|-|\n|1|2|", "<p>|a|b|<br>\n|-|-|<br>\n|1|2|</p>"),
        ("x[^1]\n\n[^1]: a note", "<p>x[^1]</p>\n<p>[^1]: a note</p>"),
        ("- [ ] a", "<ul>\n<li>[ ] a</li>\n</ul>"),
    ]);
}

#[test]
fn raw_html_is_shown_and_never_read() {
    check(&[
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        (
            "<script>alert(1)</script>",
            "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
        ),
        (
            "<div>\n*a*\n</div>",
            "<p>&lt;div&gt;<br>\n*a*<br>\n&lt;/div&gt;</p>",
        ),
        ("<!-- a -->", "<p>&lt;!-- a --&gt;</p>"),
        (
            "a <img src=x onerror=y> b",
            "<p>a &lt;img src=x onerror=y&gt; b</p>",
        ),
        ("&lt;b&gt; &copy;", "<p>&lt;b&gt; ©</p>"),
        ("`<script>`", "<p><code>&lt;script&gt;</code></p>"),
        ("]]>&<![CDATA[", "<p>]]&gt;&amp;&lt;![CDATA[</p>"),
    ]);
}

#[test]
fn a_comment_of_which_nothing_would_be_seen_is_shown_as_it_was_typed() {
    check(&[
        (">&#x202e;", "<p>&gt;&amp;#x202e;</p>"),
        ("&nbsp;", "<p>&amp;nbsp;</p>"),
        ("`&#8203;`", "<p><code>&amp;#8203;</code></p>"),
        ("- &#xfdd0;", "<p>- &amp;#xfdd0;</p>"),
    ]);
}

#[test]
fn a_comment_deeper_than_anyone_means_is_shown_as_it_was_typed() {
    let deep = "> - ".repeat(60);
    let shown = html(&format!("*a*\n\n{deep}b\nc"));
    let typed = "&gt; - ".repeat(60);
    assert_eq!(
        shown.trim_end(),
        format!("<p>*a*<br>\n<br>\n{typed}b<br>\nc</p>")
    );
    for level in [
        "-".repeat(300),
        "*".repeat(300),
        "1.".repeat(300),
        "> ".repeat(90),
    ] {
        let shown = html(&format!("*a*\n\n{level}"));
        assert!(shown.starts_with("<p><em>a</em></p>"), "{shown}");
    }
}

#[test]
fn addresses_become_links() {
    let link = linked(
        "https://a.example/x_y_z?b=1&amp;c=2",
        "https://a.example/x_y_z?b=1&amp;c=2",
    );
    check(&[
        (
            "[a](http://b.example/)",
            &format!("<p>{}</p>", linked("http://b.example/", "a")),
        ),
        (
            "see https://a.example/x_y_z?b=1&c=2.",
            &format!("<p>see {link}.</p>"),
        ),
        (
            "<mailto:a@b.example>",
            &format!(
                "<p>{}</p>",
                linked("mailto:a@b.example", "mailto:a@b.example")
            ),
        ),
        (
            "<a@b.example>",
            &format!("<p>{}</p>", linked("mailto:a@b.example", "a@b.example")),
        ),
        (
            "`https://a.example`",
            "<p><code>https://a.example</code></p>",
        ),
        (
            "[](http://b.example)",
            &format!(
                "<p>{}</p>",
                linked("http://b.example/", "http://b.example/")
            ),
        ),
        (
            "ftp://a.example javascript://a.example/%0aPWN",
            "<p>ftp://a.example javascript://a.example/%0aPWN</p>",
        ),
    ]);
}

#[test]
fn links_lead_nowhere_else() {
    let targets = [
        "javascript:x",
        "JaVaScRiPt:x",
        "<java&Tab;script:x>",
        "&#106;avascript:x",
        "\u{1}javascript:x",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example",
        "/admin",
        "x",
        "#a",
        "?a",
        "",
        "view-source:https://a/",
        "https://bank.example@evil.example/",
    ];
    for target in targets {
        assert!(!html(&format!("[x]({target})")).contains("<a"), "{target}");
        assert!(!html(&format!("![x]({target})")).contains("<a"), "{target}");
        assert!(
            !html(&format!("[x]\n\n[x]: {target}")).contains("<a"),
            "{target}"
        );
    }
}

#[test]
fn images_become_links() {
    check(&[
        (
            "![alt](http://b.example/i.png)",
            &format!("<p>{}</p>", linked("http://b.example/i.png", "alt")),
        ),
        ("![alt](i.png)", "<p>alt</p>"),
        (
            "[![alt](http://b.example/i.png)](http://c.example/)",
            &format!("<p>{}</p>", linked("http://c.example/", "alt")),
        ),
        (
            "![a [b](http://c.example/) d](http://b.example/i.png)",
            &format!("<p>{}</p>", linked("http://b.example/i.png", "a b d")),
        ),
    ]);
}

#[test]
fn nothing_written_disappears() {
    check(&[
        (
            "[a]: http://b.example",
            &format!(
                "<p>[a]: {}</p>",
                linked("http://b.example/", "http://b.example")
            ),
        ),
        ("#", "<p>#</p>"),
        ("![](x)", "<p>![](x)</p>"),
        ("-\n-", "<p>-<br>\n-</p>"),
    ]);
}

#[test]
fn no_control_or_direction_character_remains() {
    check(&[
        ("a\u{202e}b\u{2066}c\u{200f}d\u{61c}e", "<p>abcde</p>"),
        ("a&#x202E;b&#8206;c", "<p>abc</p>"),
        ("a\r\nb\rc", "<p>a<br>\nb<br>\nc</p>"),
        ("a&#13;b&#10;c&#0;", "<p>ab\nc\u{fffd}</p>"),
        ("a\u{7}b\u{9f}c\u{ffff}d\u{fdd0}", "<p>abcd</p>"),
        (
            "[x](http://a.example/\u{202e}y)",
            &format!("<p>{}</p>", linked("http://a.example/%E2%80%AEy", "x")),
        ),
    ]);
}

#[test]
fn depth_is_limited_and_the_text_is_kept() {
    for (open, close, tag) in [
        ("> ", "", "<blockquote>"),
        ("- ", "", "<ul>"),
        ("*a **b ", "**c*", "<em>"),
    ] {
        let shown = html(&format!("{}deep{}", open.repeat(100), close.repeat(100)));
        assert!(
            shown.contains("deep") && shown.matches(tag).count() <= DEPTH,
            "{shown}"
        );
    }
}

/// Every tag in `html` is one that the renderer may write, to the letter.
fn has_only_allowed_tags(html: &str) -> bool {
    html.split('<').skip(1).all(|piece| {
        let Some((tag, text)) = piece.split_once('>') else {
            return false;
        };
        let name = tag.strip_prefix('/').unwrap_or(tag);
        let is_link = tag
            .strip_prefix("a href=\"")
            .and_then(|rest| rest.split_once('"'))
            .is_some_and(|(address, rest)| {
                let is_known = SCHEMES
                    .iter()
                    .any(|scheme| address.starts_with(&format!("{scheme}:")));
                is_known && rest == " rel=\"nofollow ugc noopener\""
            });
        (ALLOWED.contains(&name) && tag != "a" || is_link) && !text.contains('>')
    })
}

/// Numbers that look random and are the same in every run. Source: Marsaglia, "Xorshift RNGs", 2003.
fn random(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 33).unwrap()
}

const PIECES: [&str; 72] = [
    "<",
    ">",
    "</",
    "/>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<script>",
    "</script>",
    "<style>",
    "<svg>",
    "<math>",
    "<a href=",
    "<img src=x onerror=y>",
    "<p>",
    "</p>",
    "<br>",
    "<pre>",
    "</pre>",
    "<textarea>",
    "<plaintext>",
    "<noscript>",
    "\"",
    "'",
    "`",
    "``",
    "```\n",
    "~~~\n",
    "*",
    "**",
    "_",
    "__",
    "~",
    "~~",
    "[",
    "]",
    "![",
    "](",
    ")",
    "](http://a.example/",
    "](javascript:x)",
    "https://a.example/",
    "http://",
    "mailto:a@b.example",
    "<https://a.example>",
    "<javascript:x>",
    "\\",
    "&",
    "&lt;",
    "&#60;",
    "&#x3c;",
    "&#13;",
    "&#0;",
    "&quot;",
    "\n",
    "\n\n",
    "\r",
    "\t",
    "    ",
    "> ",
    "- ",
    "1. ",
    "# ",
    "---\n",
    "===\n",
    "| a |\n|-|\n",
    "[a]: http://a.example\n",
    "\u{202e}",
    "\0",
    "a",
    "é𝔘",
];

#[test]
fn whatever_is_typed_only_allowed_tags_come_out() {
    let mut state = 0x2545_f491_4f6c_dd1d;
    for _ in 0..4_000 {
        let count = random(&mut state) % 40;
        let source: String = (0..count)
            .map(|_| PIECES[random(&mut state) % PIECES.len()])
            .collect();
        let shown = html(&source);
        assert!(has_only_allowed_tags(&shown), "{source:?} became {shown:?}");
        assert!(
            shown.chars().all(is_permitted),
            "{source:?} became {shown:?}"
        );
        assert_eq!(
            SANITISER.clean(&shown).to_string(),
            shown,
            "not stable: {source:?}"
        );
    }
}

#[test]
fn hostile_repetition_stays_harmless() {
    for piece in PIECES {
        let times = 4 * 1024 / piece.len();
        let (half, shown) = (html(&piece.repeat(times)), html(&piece.repeat(2 * times)));
        assert!(has_only_allowed_tags(&shown), "{piece:?}");
        let most = 2 * half.len() + 1_024;
        assert!(shown.len() <= most, "{piece:?}: {} bytes", shown.len());
    }
}
