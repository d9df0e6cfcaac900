//! Reading: what a post's page shows, and which addresses lead to it.

use crate::site::Site;

#[test]
fn a_post_shows_everything_that_its_markdown_says() {
    let site = Site::start();
    site.publish("everything", "Everything \"at once\"", EVERYTHING);
    let answer = site.get("/posts/everything").expect(200);
    let page = answer.page();
    for css in [
        ".prose table td",
        ".prose li input[type=checkbox][checked]",
        ".prose del",
        ".prose sup a[href^='#']",
        ".prose h2[id='second-part']",
        "nav.toc a[href='#second-part']",
        ".prose math",
        ".prose pre code span[class]",
        ".prose img[loading=lazy][alt='A boat']",
        ".prose aside.note",
        ".prose blockquote",
    ] {
        assert!(
            page.has(css),
            "nothing matches `{css}` in\n{}",
            answer.text()
        );
    }
    assert!(
        page.text(".prose").contains("“quoted” – it’s…"),
        "{}",
        page.text(".prose")
    );
    assert!(
        !answer.text().contains("style="),
        "an inline style breaks the policy"
    );
    assert!(!page.text(".prose").contains("+++"), "front matter leaks");
}

const EVERYTHING: &str = r#"
"quoted" -- it's...

## First part

| a | b |
|---|---|
| 1 | 2 |

- [x] done
- [ ] open

~~gone~~ and a note[^1].

[^1]: Down here.

## Second part

$e^{i\pi} + 1 = 0$

```rust
fn main() { println!("hello"); }
```

![A boat](https://example.org/boat.png)

<aside class="note">The owner may write HTML.</aside>

> A quotation.

## Third part
"#;

#[test]
fn code_is_coloured_in_every_language_that_is_promised() {
    let site = Site::start();
    let samples = [
        ("rust", "fn main() { let x = 1; }"),
        ("toml", "[package]\nname = \"rowlog\""),
        ("sh", "if true; then echo \"$HOME\"; fi"),
        ("console", "$ cargo build --release"),
        ("c", "int main(void) { return 0; }"),
        ("yaml", "key: \"value\" # why"),
        ("json", "{ \"key\": 1 }"),
        ("js", "const x = \"y\"; // why"),
        ("html", "<p class=\"x\">y</p>"),
        ("sql", "select 1 from posts where id = 'x';"),
        ("diff", "-old\n+new"),
        ("python", "def f():\n    return \"x\""),
        ("go", "func main() { return }"),
    ];
    for (language, code) in samples {
        site.publish(language, language, &format!("```{language}\n{code}\n```"));
        let page = site.post(language);
        assert!(
            page.has(".prose pre code span[class]"),
            "{language}: {}",
            page.markup(".prose")
        );
        assert_eq!(
            page.text(".prose pre code"),
            code.split_whitespace().collect::<Vec<_>>().join(" ")
        );
    }
}

#[test]
fn publishing_again_updates_the_post_in_place() {
    let site = Site::with_post("hello");
    let posts = site.ask("select count(*) from posts");
    site.publish("hello", "Another title", "Another text.");
    assert_eq!(site.ask("select count(*) from posts"), posts);
    let page = site.post("hello");
    assert_eq!(page.text("h1"), "Another title");
    assert!(page.text(".prose").contains("Another text."));
    site.publish_with("hello", "Another title", "draft = true", "Another text.");
    site.get("/posts/hello").expect(404);
}

#[test]
fn what_is_not_there_is_a_friendly_404() {
    let site = Site::start();
    for address in [
        "/nothing",
        "/posts/nothing",
        "/tags/nothing",
        "/posts/nothing/comments.xml",
        "/assets/no.css",
        "/media/0/x.png",
    ] {
        let answer = site.get(address).expect(404);
        assert!(!answer.text().contains("rowlog.db"));
    }
    assert!(
        site.get("/nothing").page().has("a[href='/']"),
        "no way home"
    );
}

#[test]
fn an_old_address_leads_on_with_what_was_asked_of_it() {
    let site = Site::start();
    site.publish_with("hello", "Hello", "aliases = [\"/old/place\"]", "Text.");
    for (old, new) in [
        ("/old/place", "/posts/hello"),
        ("/old/place?comments=1", "/posts/hello?comments=1"),
        ("/old/place/?comments=1", "/posts/hello?comments=1"),
        ("/posts/hello/?comments=1", "/posts/hello?comments=1"),
    ] {
        let moved = site.get(old).expect(301);
        assert_eq!(moved.location(), new, "{old}");
        site.get(moved.location()).expect(200);
    }
    let split = site.get("/old/place?a=%0d%0aSet-Cookie:%20x=y").expect(301);
    assert!(split.header("set-cookie").is_none(), "{:?}", split.head);
}

#[test]
fn a_comments_own_address_leads_to_it_while_it_can_be_read() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let (stays, goes) = (
        ann.comment("hello", "Ann", "stays"),
        ann.comment("hello", "Ann", "goes"),
    );
    let address = format!("/comments/{stays}");
    let found = site.get(&address).expect(303);
    assert_eq!(found.location(), format!("/posts/hello#comment-{stays}"));
    ann.delete(goes);
    site.get(&format!("/comments/{goes}")).expect(404);
    for nonsense in ["abc", "0", "-1", "99999", "9223372036854775808", "1.5"] {
        let answer = site.get(&format!("/comments/{nonsense}")).expect(404);
        assert!(answer.page().has("main h1"), "{nonsense}: a bare 404");
    }
    site.publish_with("hello", "A post", "draft = true", "withdrawn");
    site.get(&address).expect(404);
}

#[test]
fn an_empty_page_number_is_the_first_page_and_nonsense_is_none() {
    let site = Site::with_post("hello");
    let home = site.get("/").expect(200).page().texts("main h3");
    for first in ["/?page=", "/?page=1", "/?", "/?other=x"] {
        let page = site.get(first).expect(200).page();
        assert_eq!(page.texts("main h3"), home, "{first}");
    }
    for nonsense in ["x", "0", "-1", "1.5", "9223372036854775808", "2"] {
        let answer = site.get(&format!("/?page={nonsense}")).expect(404);
        assert!(answer.page().has("main h1"), "{nonsense}: a bare 404");
    }
}
