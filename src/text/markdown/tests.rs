//! One golden test for each feature of the owner's Markdown.

use super::*;

fn sized(address: &str) -> Option<Picture> {
    let (width, height, widths) = match address {
        "/media/known.png" => (640, 480, Vec::new()),
        "/media/0a/wide.png" => (1000, 500, vec![480, 960]),
        _ => return None,
    };
    Some(Picture {
        width,
        height,
        widths,
    })
}

fn html(source: &str) -> String {
    post(source, &sized).html
}

fn check(table: &[(&str, &str)]) {
    for (source, expected) in table {
        assert_eq!(html(source), *expected, "{source:?}");
    }
}

#[test]
fn text_is_set_with_care() {
    check(&[
        ("", ""),
        (
            "\"It's\" -- *so* --- ~~no~~...",
            "<p>“It’s” – <em>so</em> — <del>no</del>…</p>",
        ),
        ("a  \nb\nc", "<p>a<br>\nb\nc</p>"),
        (
            "{{x}} {% y %} `{{z}}`",
            "<p>{{x}} {% y %} <code>{{z}}</code></p>",
        ),
        (
            "> [!NOTE]\n> Mind the gap.",
            "<blockquote>\n<p><strong>Note</strong></p>\n<p>Mind the gap.</p>\n</blockquote>",
        ),
    ]);
}

#[test]
fn tables_scroll_and_align() {
    let head = "<table>\n<thead><tr><th scope=\"col\">a</th><th class=\"mid\" scope=\"col\">b</th>\
                <th class=\"num\" scope=\"col\">c</th></tr></thead>\n<tbody>\n";
    let area = "<div aria-label=\"Table\" class=\"scroll wide\" role=\"region\" tabindex=\"0\">";
    let row = "<tr><td>1</td><td class=\"mid\">2</td><td class=\"num\">3</td></tr>\n";
    assert_eq!(
        html("|a|b|c|\n|-|:-:|-:|\n|1|2|3|"),
        format!("{area}{head}{row}</tbody>\n</table></div>")
    );
    let twice = html("|a|\n|-|\n\n<table><tr><td><table></table></td></tr></table>");
    assert!(
        twice.contains("aria-label=\"Table\"") && twice.contains("aria-label=\"Table 2\""),
        "{twice}"
    );
    assert_eq!(twice.matches("role=\"region\"").count(), 2, "{twice}");
}

#[test]
fn tasks_have_named_boxes() {
    check(&[(
        "- [x] a\n- [ ] b",
        "<ul>\n<li><input aria-label=\"Done\" checked=\"\" disabled=\"\" type=\"checkbox\"> a</li>\n\
         <li><input aria-label=\"To do\" disabled=\"\" type=\"checkbox\"> b</li>\n</ul>",
    )]);
}

#[test]
fn footnotes_are_numbered_by_their_references() {
    let shown = html(
        "One[^z], two[^a], one again[^z], none[^x].\n\n[^a]: Second.\n[^z]: First.\n[^never]: Gone.",
    );
    let mark = |id: &str, number| {
        format!(
            "<sup id=\"fnref-{id}\"><a aria-label=\"Footnote {number}\" href=\"#fn-{number}\" \
             role=\"doc-noteref\">{number}</a></sup>"
        )
    };
    let back = |id: &str| {
        format!(
            " <a aria-label=\"Back to reference {id}\" href=\"#fnref-{id}\" role=\"doc-backlink\">↩</a>"
        )
    };
    let text = format!(
        "<p>One{}, two{}, one again{}, none[^x].</p>",
        mark("1", 1),
        mark("2", 2),
        mark("1-2", 1)
    );
    let notes = format!(
        "<section aria-label=\"Footnotes\" class=\"notes\">\n<ol>\n<li id=\"fn-1\">\n<p>First.{}{}</p>\n</li>\n\
         <li id=\"fn-2\">\n<p>Second.{}</p>\n</li>\n</ol>\n</section>",
        back("1"),
        back("1-2"),
        back("2")
    );
    assert_eq!(shown, format!("{text}\n{notes}"));
}

#[test]
fn notes_may_refer_to_notes_and_to_themselves() {
    let shown = html("a[^1]\n\n[^1]: b[^2]\n[^2]: c[^2] d[^1]");
    assert_eq!(shown.matches("<li id=").count(), 2, "{shown}");
    assert_eq!(
        shown.matches("doc-noteref").count(),
        shown.matches("doc-backlink").count(),
        "{shown}"
    );
}

#[test]
fn headings_named_like_the_anchors_of_comments_are_numbered_apart() {
    for name in ["comment", "entry"] {
        let twice = post(&format!("## {name}\n\n## {name}\n\n## {name}"), &sized);
        let ids: Vec<_> = twice.headings.iter().map(|heading| &heading.id).collect();
        let (second, third) = (format!("section-{name}"), format!("section-{name}-2"));
        assert_eq!(ids, [name, &second, &third]);
    }
}

#[test]
fn thousands_of_headings_of_one_name_take_no_longer_than_others() {
    let same = post(&"# a\n".repeat(20_000), &sized);
    assert_eq!(same.headings[19_999].id, "a-20000");
}

#[test]
fn what_browsers_read_to_the_end_of_the_page_ends_with_the_post() {
    let shown = html("a\n\n<plaintext>b <i>");
    assert!(shown.contains("<pre>b &lt;i&gt;"), "{shown}");
}

#[test]
fn a_script_ends_where_it_ends() {
    let shown = html("<script>\"<!-- <script>\"\n\nnever closed");
    assert_eq!(shown.matches("<!--").count(), 0, "{shown}");
    assert!(shown.contains("\\u003c!-- <script>"), "{shown}");
}

#[test]
fn headings_have_unique_anchors() {
    let table = [
        ("## The settings", "the-settings"),
        ("## Own {#own-one .x}", "own-one"),
        ("## Main", "main-2"),
        ("## X {#comments}", "comments-2"),
        ("## Comment 5", "section-comment-5"),
        ("## …", "section"),
        ("<h2 id=raw>Raw</h2>", "raw"),
        ("<h2>`Code` &amp; <em>more</em></h2>", "code-more"),
    ];
    for (source, id) in table {
        assert_eq!(post(source, &sized).headings[0].id, id, "{source:?}");
    }
    let same = post(
        "## a\n\n## a\n\n## b {#a}\n\n<p id=a-2>\n\n[^1]\n\n[^1]: x\n\n## fn 1",
        &sized,
    );
    let ids: Vec<&str> = same
        .headings
        .iter()
        .map(|heading| heading.id.as_str())
        .collect();
    assert_eq!(ids, ["a-3", "a-4", "a", "fn-1-2"]);
    assert!(html("<p id=announce>x</p>").contains("id=\"announce-2\""));
}

#[test]
fn headings_are_levels_of_an_outline_below_the_title() {
    let table: [(&[usize], &[u8]); 5] = [
        (&[2, 3, 2], &[2, 3, 2]),
        (&[1, 2, 1], &[2, 3, 2]),
        (&[3, 3, 4], &[2, 2, 3]),
        (&[2, 4, 4, 3, 2], &[2, 3, 3, 3, 2]),
        (&[1, 2, 3, 4, 5, 6], &[2, 3, 4, 5, 6, 6]),
    ];
    for (given, expected) in table {
        let source: String = given
            .iter()
            .map(|level| format!("{} x\n", "#".repeat(*level)))
            .collect();
        let levels: Vec<u8> = post(&source, &sized)
            .headings
            .iter()
            .map(|heading| heading.level)
            .collect();
        assert_eq!(levels, expected, "{given:?}");
    }
    assert_eq!(html("# A *b*"), "<h2 id=\"a-b\">A <em>b</em></h2>");
}

#[test]
fn formulas_become_mathml() {
    check(&[
        ("$x$", "<p><math><mi>x</mi></math></p>"),
        ("$$x$$", "<p><math display=\"block\"><mi>x</mi></math></p>"),
        (r"a $\nosuch<$ b", r"<p>a <code>\nosuch&lt;</code> b</p>"),
        ("from $5-$10 to $20", "<p>from $5-$10 to $20</p>"),
        ("`$x$`", "<p><code>$x$</code></p>"),
    ]);
    // The policy of the pages refuses inline styles.
    let aligned = html(r"$$\begin{align*} a &= b \\ c &= d \end{align*}$$");
    assert!(
        !aligned.contains(" style=") && aligned.contains("<mtd class=\"end\"><mi>a</mi>"),
        "{aligned}"
    );
}

#[test]
fn code_is_highlighted() {
    let shown = html("```rust,linenos title=\"a.rs\"\nlet x = \"{{y}}\";\n```");
    assert_eq!(
        shown,
        "<figure class=\"wide\"><figcaption>a.rs</figcaption><div class=\"code\"><pre aria-label=\"Rust code\" \
         role=\"group\" tabindex=\"0\"><code class=\"hl\"><span class=\"k\">let</span> x = \
         <span class=\"s\">\"{{y}}\"</span>;</code></pre></div></figure>"
    );
    assert!(html("    a < b").contains("<code class=\"hl\">a &lt; b</code>"));
}

#[test]
fn images_reserve_their_place() {
    check(&[
        (
            "![a](/media/known.png \"t\")",
            "<p><img alt=\"a\" src=\"/media/known.png\" title=\"t\" width=\"640\" height=\"480\" loading=\"lazy\" \
             decoding=\"async\"></p>",
        ),
        (
            "![](x.png)",
            "<p><img alt=\"\" src=\"x.png\" loading=\"lazy\" decoding=\"async\"></p>",
        ),
        (
            "<img\n  src='/media/known.png' alt=a>",
            "<p><img alt=\"a\" src=\"/media/known.png\" width=\"640\" height=\"480\" loading=\"lazy\" decoding=\"async\"></p>",
        ),
        (
            "<img src=/media/known.png width=10 loading=eager>",
            "<img loading=\"eager\" src=\"/media/known.png\" width=\"10\" decoding=\"async\">",
        ),
    ]);
}

#[test]
fn raw_html_passes_and_is_completed() {
    check(&[
        (
            "<details><summary>S</summary>\n\n*a*\n\n</details>",
            "<details><summary>S</summary>\n<p><em>a</em></p>\n</details>",
        ),
        ("<div class=x>\n\na", "<div class=\"x\">\n<p>a</p>\n</div>"),
        ("a</div></main></body>", "<p>a</p>"),
        ("<p style=\"color: red\">a</p>", "<p>a</p>"),
        ("<p s\u{6}tyle=\"color: red\">a</p>", "<p>a</p>"),
        (
            "<style>a{}</s\u{c}tyle></style>b",
            "<style>a{}</s tyle></style>b",
        ),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("a <kbd>b</kbd>", "<p>a <kbd>b</kbd></p>"),
    ]);
}

#[test]
fn the_mark_leaves_no_trace() {
    for mark in ["<!-- more -->", "<!--more-->"] {
        let shown = post(&format!("Lead *in*.\n\n{mark}\n\nRest."), &sized);
        assert_eq!(shown.html, "<p>Lead <em>in</em>.</p>\n\n<p>Rest.</p>");
        assert_eq!(shown.excerpt, "Lead in.");
    }
    assert_eq!(post("a <!-- more --> b", &sized).excerpt, "a");
}

#[test]
fn the_excerpt_is_the_first_paragraphs() {
    let table = [
        (
            "# Title\n\nFirst[^1].\n\n    code\n\nSecond $x$.\n\n[^1]: Note.",
            "First. Second x.",
        ),
        ("<div>raw <b>html</b></div>", "raw html"),
        ("", ""),
    ];
    for (source, expected) in table {
        assert_eq!(post(source, &sized).excerpt, expected, "{source:?}");
    }
    let long = post(&"word, ".repeat(100), &sized).excerpt;
    assert!(
        long.chars().count() <= 201 && long.ends_with(" word…"),
        "{long}"
    );
    assert_eq!(
        post(&"ä".repeat(300), &sized).excerpt,
        format!("{}…", "ä".repeat(200))
    );
}

#[test]
fn the_plain_text_holds_every_word() {
    let rendered = post(
        "## Head\n\nA &amp; *b*[^1].\n\n```rust\nlet code = 1;\n```\n\n|c|d|\n|-|-|\n\n<script>no</script>\n\n[^1]: Note.",
        &sized,
    );
    assert_eq!(rendered.text, "Head\nA & b.\nlet code = 1;\nc\nd\nNote.");
    assert_eq!(rendered.words, 6);
    assert_eq!(post("日本語", &sized).words, 3);
}

#[test]
fn deep_nesting_is_survived() {
    for piece in [
        "> ",
        "- ",
        "<div>",
        "*a ",
        "[",
        "$",
        "<table><tr><td>",
        "[^1]: ",
    ] {
        post(&piece.repeat(2_000), &sized);
    }
}

#[test]
fn no_control_character_remains() {
    let rendered = post(
        "# a&#1;b\n\nc\u{7}d\r\ne<b title='&#2;'>&#13;f&#xfffe;</b>",
        &sized,
    );
    assert_eq!(
        rendered.html,
        "<h2 id=\"ab\">ab</h2>\n<p>cd\ne<b title=\"\">\nf</b></p>"
    );
    assert_eq!(
        (rendered.text.as_str(), rendered.headings[0].title.as_str()),
        ("ab\ncd\ne\nf", "ab")
    );
}

#[test]
fn a_picture_offers_its_smaller_sizes() {
    check(&[
        (
            "![A view](/media/0a/wide.png)",
            "<p><img alt=\"A view\" src=\"/media/0a/wide.png\" width=\"1000\" height=\"500\" \
             srcset=\"/media/0a/480/wide.png 480w, /media/0a/960/wide.png 960w, /media/0a/wide.png 1000w\" \
             sizes=\"(min-width: 44rem) 39rem, 92vw\" loading=\"lazy\" decoding=\"async\"></p>",
        ),
        (
            "<img src=\"/media/0a/wide.png\" srcset=\"/a 1x\" alt=\"\" width=\"10\">",
            "<img alt=\"\" src=\"/media/0a/wide.png\" srcset=\"/a 1x\" width=\"10\" loading=\"lazy\" decoding=\"async\">",
        ),
    ]);
}

#[test]
fn an_entrys_anchors_are_its_own_and_its_headings_stand_below_its_title() {
    let source = "# Sunrise\n\nSee[^a] [here](#sunrise), [there](#entry-3) and <b id=\"comments\">bold</b>.\n\n## Later\n\n[^a]: Note.\n\n\
                  <svg><linearGradient id=\"g\"/><rect fill=\"url(#g)\"/></svg>";
    let shown = entry(source, 7, &sized).html;
    for piece in [
        "<h4 id=\"entry-7-sunrise\">",
        "<h5 id=\"entry-7-later\">",
        "href=\"#entry-7-sunrise\"",
        "href=\"#entry-3\"",
        "id=\"entry-7-comments-2\"",
        "id=\"entry-7-fn-1\"",
        "href=\"#entry-7-fn-1\"",
        "href=\"#entry-7-fnref-1\"",
        "fill=\"url(#entry-7-g)\"",
    ] {
        assert!(shown.contains(piece), "{piece} in {shown}");
    }
    let post = html("## Entry 7\n\n## Entry point\n\n## Entries");
    assert!(post.contains("id=\"section-entry-7\""), "{post}");
    assert!(post.contains("id=\"entry-point\""), "{post}");
    assert!(post.contains("id=\"entries-2\""), "{post}");
}
