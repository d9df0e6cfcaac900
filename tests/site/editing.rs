//! The editor in a browser with JavaScript: it previews and saves by itself, and loses nothing, whatever goes away.

use serde_json::json;

use crate::browser::{Desk, Window};
use crate::site::Site;
use crate::visitor::Visitor;
use crate::waiting::eventually;

/// Keys as WebDriver names them.
const CONTROL: &str = "\u{E009}";
const ENTER: &str = "\u{E007}";
const ESCAPE: &str = "\u{E00C}";
const TAB: &str = "\u{E004}";

/// A blog, its owner, and where the editor of a draft of hers is.
fn draft(body: &str) -> (Site, Visitor, String) {
    let site = Site::start();
    site.set_up();
    let mut owner = site.owner();
    let fields = [("title", "Tides"), ("body", body), ("status", "draft")];
    let answer = owner.submit("/admin/posts/new", &fields).expect(303);
    let editor = answer.location().to_owned();
    (site, owner, editor)
}

/// The same, and its editor in a window of a browser.
fn opened(body: &str) -> (Site, Visitor, String, Desk, Window) {
    let (site, owner, editor) = draft(body);
    let desk = Desk::new();
    let window = desk.window();
    sign_in(&site, &window, &editor);
    (site, owner, editor, desk, window)
}

/// Opens a page in a window that has the owner's session.
pub fn sign_in(site: &Site, window: &Window, path: &str) {
    window.take_cookie(site, &site.owner(), "session");
    window.open(&site.url(path));
}

/// Puts the cursor somewhere in the text.
fn go_to(window: &Window, from: &str, to: &str) {
    window.eval(&format!(
        "(() => {{ const text = document.getElementById('e-body'); text.focus(); text.setSelectionRange({from}, {to}); }})()"
    ));
}

/// What the editor holds, as the server has it.
fn kept(owner: &mut Visitor, editor: &str) -> String {
    owner.get(editor).expect(200).page().raw_text("#e-body")
}

/// What stands in the field.
fn typed(window: &Window) -> String {
    let value = window.eval("document.getElementById('e-body').value");
    value.as_str().unwrap().to_owned()
}

#[test]
fn a_long_text_typed_into_at_both_ends_loses_no_letter() {
    let paragraph = "The tide *table* hangs by the door, and nobody reads it.\n\n";
    let long = paragraph.repeat(300_000 / paragraph.len());
    let (site, mut owner, editor) = draft(&long);
    let desk = Desk::new();
    let window = desk.window();
    // Counts the previews that are under way at once.
    window.prepare(
        "window.most = 0; let now = 0; const plainly = fetch;
         window.fetch = (url, ...rest) => {
            if (url !== '/admin/preview') return plainly(url, ...rest);
            most = Math.max(most, ++now);
            return plainly(url, ...rest).finally(() => now--);
         };",
    );
    sign_in(&site, &window, &editor);
    window.wait_for_text("#seen-body", "nobody reads it");
    go_to(&window, "0", "0");
    window.type_text("High water, **said");
    go_to(&window, "1e9", "1e9");
    window.type_text("the last ~~word");
    let inside = "High water, **said".len();
    go_to(&window, &inside.to_string(), &inside.to_string());
    window.type_text(" she**.");
    go_to(&window, "1e9", "1e9");
    window.type_text("~~ line");
    window.wait_for_text("#seen-body strong", "said she");
    window.wait_for_text("#seen-body del", "word");
    window.chord(CONTROL, "s");
    window.wait_for_text("#saved", "Saved at");
    let expected = format!("High water, **said she**.{long}the last ~~word~~ line");
    assert_eq!(typed(&window), expected);
    assert!(
        kept(&mut owner, &editor) == expected,
        "the server has another text"
    );
    assert_eq!(window.eval("window.most"), 1, "previews at once");
    window.has_a_clean_console();
}

#[test]
fn the_preview_is_what_will_be_published() {
    let text = "## A heading\n\nSome *text*, `code` and a note.[^1]\n\n```rust\nlet tide = 1;\n```\n\n\
        | a | b |\n|-|-|\n| 1 | 2 |\n\n> A quotation.\n\n- [x] done\n\n[^1]: The note.";
    let (site, _, _, desk, window) = opened("");
    window.fill("#e-body", text);
    window.wait_for_text("#seen-body", "The note.");
    window.wait_for_text("#counts", "to read");
    let preview = window.eval("document.getElementById('seen-body').innerHTML");
    let mut news = site.stream("/events", &[]);
    window.click(".topbar .main");
    assert_eq!(news.next().event, "post:published");
    let reader = desk.window_without_javascript();
    reader.open(&site.url("/posts/tides"));
    let page = reader.eval("document.querySelector('.e-content').innerHTML");
    assert_eq!(
        preview.as_str().unwrap().trim(),
        page.as_str().unwrap().trim()
    );
    window.has_a_clean_console();
}

#[test]
fn a_new_post_saves_itself_and_has_an_address_from_then_on() {
    let (site, mut owner, _) = draft("");
    let desk = Desk::new();
    let window = desk.window();
    sign_in(&site, &window, "/admin/posts/new");
    let (before, posts) = (site.head(), site.ask("select count(*) from posts"));
    window.chord(CONTROL, "s");
    window.wait_for_text("#saved", "Nothing has changed");
    assert_eq!(site.head(), before, "an empty form was saved");
    window.fill("#e-title", "Slack water");
    go_to(&window, "0", "0");
    window.type_text("Not a word yet.");
    window.wait_for_text("#saved", "Saved at");
    let path = window.eval("location.pathname");
    let path = path.as_str().unwrap();
    assert_eq!(kept(&mut owner, path), "Not a word yet.");
    window.wait_for("#this-post a[rel=nofollow]");
    window.type_text(" Or two.");
    window.chord(CONTROL, "s");
    window.wait_until("document.getElementById('saved').textContent.startsWith('Saved at')");
    window.open(&site.url(path));
    assert_eq!(typed(&window), "Not a word yet. Or two.");
    window.wait_for_text("#seen-body", "Or two.");
    assert_eq!(window.count("#offer:not([hidden])"), 0);
    assert_eq!(site.ask("select count(*) from posts"), posts + 1);
    window.has_a_clean_console();
}

#[test]
fn a_server_that_goes_away_while_somebody_types_gets_the_text_when_it_is_back() {
    let (mut site, mut owner, editor, _desk, window) = opened("");
    window.wait_for("#editor.aided");
    site.kill();
    go_to(&window, "0", "0");
    window.type_text("The water rises.");
    window.wait_for_text("#saved", "retrying");
    window.type_text(" It falls.");
    site.serve();
    window.wait_for_text("#saved", "Saved at");
    assert_eq!(kept(&mut owner, &editor), "The water rises. It falls.");
}

#[test]
fn a_session_that_ends_while_somebody_types_takes_nothing_along() {
    let (site, mut owner, editor, _desk, window) = opened("");
    window.wait_for("#editor.aided");
    window.devtools("Network.clearBrowserCookies", json!({}));
    go_to(&window, "0", "0");
    window.type_text("Still here.");
    window.wait_for("#signed-out:not([hidden])");
    window.take_cookie(&site, &site.owner(), "session");
    window.wait_for_text("#saved", "Saved at");
    assert_eq!(window.count("#signed-out:not([hidden])"), 0);
    assert_eq!(kept(&mut owner, &editor), "Still here.");
}

#[test]
fn what_the_plain_form_could_not_save_is_decided_in_the_page() {
    let (_site, mut owner, editor, _desk, window) = opened("Before.");
    window.wait_for("#editor.aided");
    // The form goes the plain way, as it does before the script has come.
    window.eval("document.querySelector('#editor [name=seen]').value = '1.99'");
    window.eval("document.getElementById('e-body').value = 'Mine.'");
    window.eval("document.getElementById('editor').submit()");
    eventually("the page says so", || {
        window.count("#clash:not([hidden])") == 1
    });
    assert_eq!(window.count("#oops:not([hidden])"), 0);
    assert_eq!(typed(&window), "Mine.");
    assert_eq!(kept(&mut owner, &editor), "Before.");
    window.click("#overwrite");
    window.wait_for_text("#saved", "Saved at");
    assert_eq!(kept(&mut owner, &editor), "Mine.");
}

#[test]
fn a_window_takes_over_what_another_one_wrote() {
    let (site, _, editor, _desk, window) = opened("One.\n\nTwo.");
    window.wait_for_text("#seen-body", "Two.");
    go_to(&window, "7", "7");
    let first = window.tab();
    window.open_tab(&site.url(&editor));
    go_to(&window, "4", "4");
    window.type_text(" And a half.");
    window.wait_for_text("#saved", "Saved at");
    window.go_to_tab(&first);
    window.wait_for_text("#saved", "Taken over");
    assert_eq!(typed(&window), "One. And a half.\n\nTwo.");
    assert_eq!(
        window.eval("document.getElementById('e-body').selectionStart"),
        "One. And a half.\n\nT".len(),
        "the cursor stays before its letter"
    );
    window.type_text("-");
    window.wait_for_text("#saved", "Saved at");
    window.has_a_clean_console();
}

#[test]
fn a_window_takes_over_what_another_browser_wrote_while_it_is_looked_at() {
    let (_site, mut owner, editor, _desk, window) = opened("Here.");
    window.wait_for_text("#seen-body", "Here.");
    write_elsewhere(&mut owner, &editor, "There.");
    window.wait_for_text("#seen-body", "There.");
    assert_eq!(typed(&window), "There.");
    owner.submit(&format!("{editor}/trash"), &[]).expect(303);
    window.wait_for_text(".badge", "In the trash");
    window.has_a_clean_console();
}

/// Saves another text of the post, as another browser of the owner's would.
fn write_elsewhere(owner: &mut Visitor, editor: &str, body: &str) {
    let form = owner.get(editor).expect(200).page().form("#editor");
    let form = form.with("body", body);
    let mut fields = form.fields();
    fields.retain(|(name, _)| *name != "status");
    owner.submit(editor, &fields).expect(303);
}

#[test]
fn what_is_written_while_a_window_looks_around_is_not_passed_over() {
    let (site, mut owner, editor) = draft("Here.");
    let desk = Desk::new();
    let window = desk.window();
    // Holds back what the page is told of the post, for as long as `holding` is set.
    window.prepare(
        "window.held = []; window.holding = false; const plainly = fetch;
         window.fetch = async (url, options) => {
            const answer = await plainly(url, options);
            if (holding && options.cache === 'no-store' && !options.headers) await new Promise(go => held.push(go));
            return answer;
         };",
    );
    sign_in(&site, &window, &editor);
    window.wait_for_text("#seen-body", "Here.");
    window.wait_until("document.readyState === 'complete'");
    window.eval("void (holding = true)");
    write_elsewhere(&mut owner, &editor, "There.");
    window.wait_until("held.length === 1");
    write_elsewhere(&mut owner, &editor, "Elsewhere.");
    // The page has heard of the second text once a channel that was opened after its own has.
    window.eval(
        "void (() => {
            const id = document.getElementById('editor').elements.id.value;
            new BroadcastChannel('editor').onmessage = () => { window.heard = true; };
            new BroadcastChannel('editor').postMessage({ id, seen: 'another' });
         })()",
    );
    window.wait_until("window.heard");
    window.eval("void (holding = false, held.forEach(go => go()))");
    window.wait_for_text("#seen-body", "Elsewhere.");
    assert_eq!(typed(&window), "Elsewhere.");
    window.has_a_clean_console();
}

#[test]
fn two_windows_never_overwrite_each_other_silently() {
    let (_site, mut owner, editor, _desk, window) = opened("Before.");
    let mut conflict = |mine: &str, theirs: &str| {
        window.connect(false);
        window.fill("#e-body", mine);
        window.wait_for_text("#saved", "retrying");
        write_elsewhere(&mut owner, &editor, theirs);
        window.connect(true);
        window.wait_for("#clash:not([hidden])");
        assert_eq!(typed(&window), mine);
        assert_eq!(kept(&mut owner, &editor), theirs);
    };
    conflict("Mine.", "Theirs.");
    window.click("#overwrite");
    window.wait_for_text("#saved", "Saved at");
    conflict("Mine again.", "Theirs again.");
    window.click("#give-way");
    window.wait_for("#offer:not([hidden])");
    assert_eq!(typed(&window), "Theirs again.");
    window.click("#take-back");
    window.wait_for_text("#saved", "Saved at");
    assert_eq!(kept(&mut owner, &editor), "Mine again.");
}

#[test]
fn closing_a_window_loses_nothing() {
    let (mut site, mut owner, editor, _desk, window) = opened("");
    window.wait_for("#editor.aided");
    site.kill();
    go_to(&window, "0", "0");
    window.type_text("Nobody has seen this.");
    window.open("about:blank");
    site.serve();
    window.open(&site.url(&editor));
    window.wait_for("#offer:not([hidden])");
    // The last save of the closed window may still have found the server; then both have the same.
    window.click("#take-back");
    eventually("it is saved", || {
        kept(&mut owner, &editor) == "Nobody has seen this."
    });
    window.open(&site.url(&editor));
    window.wait_for_text("#seen-body", "Nobody has seen this.");
    assert_eq!(window.count("#offer:not([hidden])"), 0, "offered again");
    assert_eq!(window.eval("localStorage.length"), 0);
}

#[test]
fn the_keyboard_marks_indents_and_publishes() {
    let (site, _, _, _desk, window) = opened("calm sea\n\n- one");
    window.wait_for("#editor.aided");
    go_to(&window, "0", "4");
    window.chord(CONTROL, "b");
    assert_eq!(typed(&window), "**calm** sea\n\n- one");
    window.chord(CONTROL, "b");
    window.chord(CONTROL, "i");
    assert_eq!(typed(&window), "*calm* sea\n\n- one");
    window.chord(CONTROL, "z");
    assert_eq!(typed(&window), "calm sea\n\n- one", "it can be undone");
    go_to(&window, "5", "8");
    window.chord(CONTROL, "k");
    window.type_text("/sea");
    assert_eq!(typed(&window), "calm [sea](/sea)\n\n- one");
    go_to(&window, "1e9", "1e9");
    window.press(TAB);
    assert_eq!(typed(&window), "calm [sea](/sea)\n\n    - one");
    window.press(ESCAPE);
    window.press(TAB);
    assert_ne!(window.eval("document.activeElement.id"), "e-body");
    go_to(&window, "0", "0");
    window.press(TAB);
    assert_ne!(window.eval("document.activeElement.id"), "e-body");
    window.eval("document.getElementById('e-publish_at').value = '2999-01-02T08:00'");
    window.eval("document.getElementById('e-publish_at').dispatchEvent(new Event('input', { bubbles: true }))");
    window.wait_for_text(".topbar .main", "Schedule");
    window.chord(CONTROL, ENTER);
    window.wait_for_text("#sure[open] h2", "Schedule “Tides”?");
    window.press(ESCAPE);
    window.wait_until_gone("#sure[open]");
    assert_eq!(window.text(".badge"), "Draft");
    window.chord(CONTROL, ENTER);
    window.wait_for("#sure[open]");
    window.press(ENTER);
    eventually("it is scheduled", || {
        site.ask("select count(*) from posts where status = 'scheduled'") == 1
    });
    site.get("/posts/tides").expect(404);
    window.has_a_clean_console();
}

#[test]
fn a_picture_that_cannot_be_sent_is_named_and_leaves_nothing_in_the_text() {
    let (_site, _, _, _desk, window) = opened("Look: ");
    window.wait_for("#drop:not([hidden])");
    window.devtools("Network.enable", json!({}));
    let upload = json!({ "urls": ["*/admin/media"] });
    window.devtools("Network.setBlockedURLs", upload);
    go_to(&window, "1e9", "1e9");
    window.eval(
        "(() => { const clipboardData = new DataTransfer();
         clipboardData.items.add(new File(['x'], 'tide.png', { type: 'image/png' }));
         document.getElementById('e-body').dispatchEvent(new ClipboardEvent('paste', { clipboardData, cancelable: true, bubbles: true })); })()",
    );
    window.wait_for_text("#pictures .err", "tide.png: the server cannot be reached");
    assert_eq!(typed(&window), "Look: ");
}

#[test]
fn without_javascript_the_form_is_enough() {
    let (site, mut owner, editor) = draft("Plain.");
    let desk = Desk::new();
    let window = desk.window_without_javascript();
    sign_in(&site, &window, &editor);
    assert_eq!(window.eval("document.getElementById('drop').hidden"), true);
    window.fill("#e-body", "\nPlain, and *published*.");
    window.click("[formaction='/admin/preview']");
    window.wait_for_text("#seen-body em", "published");
    window.click(".topbar .main");
    window.wait_for_text(".badge", "Published");
    assert_eq!(
        kept(&mut owner, &editor).trim_start(),
        "Plain, and *published*."
    );
    assert_eq!(site.post("tides").text(".e-content em"), "published");
}
