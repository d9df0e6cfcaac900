//! Lists of posts that are open while the blog goes on: the home page, the archive, the tags.

use crate::browser::{Desk, Window};
use crate::site::{Site, path};

/// The addresses of the posts in a window, from top to bottom.
const ROWS: &str =
    "[...document.querySelectorAll('main .row h3 a')].map(a => a.pathname).join(' ')";

/// A blog of some years, its welcome post withdrawn.
fn blog() -> Site {
    let site = Site::start();
    for (year, month) in [(2019, 3), (2019, 7), (2021, 1), (2021, 5)] {
        let (slug, date) = (format!("row-{year}-{month}"), format!("{year}-0{month}-01"));
        dated(&site, &slug, &slug, &date);
    }
    withdraw(&site, "welcome");
    site
}

pub fn open(desk: &Desk, site: &Site, address: &str) -> Window {
    let window = desk.window();
    window.open(&site.url(address));
    window.wait_for("#main[data-live=live]");
    window.eval("window.sameDocument = true");
    window
}

/// Publishes a post of that day.
pub fn dated(site: &Site, slug: &str, title: &str, date: &str) {
    let text = format!(
        "+++\ntitle = \"{title}\"\nslug = \"{slug}\"\ndate = {date}\n[taxonomies]\ntags = [\"odd\"]\n+++\nText.\n"
    );
    let file = site.write(&format!("posts/{slug}.md"), text);
    site.rowlog(&["publish", path(&file)]).worked();
}

/// Takes a post from its readers.
fn withdraw(site: &Site, slug: &str) {
    let text = format!("+++\ntitle = \"{slug}\"\nslug = \"{slug}\"\ndraft = true\n+++\nText.\n");
    let file = site.write(&format!("posts/{slug}.md"), text);
    site.rowlog(&["publish", path(&file)]).worked();
}

/// Waits until the window lists what a fresh page of the server lists, years and figures included.
#[track_caller]
pub fn agrees(window: &Window, site: &Site, address: &str) {
    let fresh = site.get(address).expect(200).page();
    let rows = fresh.attributes("main .row h3 a", "href").join(" ");
    window.wait_until(&format!("{ROWS} === {rows:?}"));
    let years = fresh.texts("main .year").join(" ");
    let shown = "[...document.querySelectorAll('main .year')].map(e => e.textContent).join(' ')";
    window.wait_until(&format!("{shown} === {years:?}"));
    assert_eq!(
        window.eval("window.sameDocument"),
        true,
        "the page was loaded again"
    );
    window.has_a_clean_console();
}

#[test]
fn an_open_home_page_follows_posts_years_and_figures() {
    let (site, desk) = (blog(), Desk::new());
    let home = open(&desk, &site, "/");
    dated(&site, "row-2021-3", "row-2021-3", "2021-03-01");
    agrees(&home, &site, "/");
    dated(&site, "first-of-2020", "first-of-2020", "2020-06-01");
    agrees(&home, &site, "/");
    dated(&site, "newest", "newest", "2023-06-01");
    agrees(&home, &site, "/");
    dated(&site, "row-2021-3", "Another title", "2021-03-01");
    home.wait_until("document.body.textContent.includes('Another title')");
    withdraw(&site, "newest");
    home.wait_until("!document.querySelector('a[href=\"/posts/newest\"]')");

    let row = "document.querySelector('a[href=\"/posts/row-2021-5\"]').closest('.row')";
    let figure = |noun: &str| {
        format!(
            "{row}.querySelector('.{noun}s-n').checkVisibility() && {row}.querySelector('.{noun}s-n').textContent"
        )
    };
    let mut ann = site.visitor();
    ann.comment("row-2021-5", "Ann", "Hello");
    home.wait_until(&format!("{} === '1 comment'", figure("comment")));
    ann.submit("/posts/row-2021-5/reactions", &[("kind", "love")])
        .expect(303);
    home.wait_until(&format!("{} === '1 reaction'", figure("reaction")));
    ann.submit("/posts/row-2021-5/reactions", &[("kind", "love")])
        .expect(303);
    home.wait_until(&format!(
        "!{row}.querySelector('.reactions-n').checkVisibility()"
    ));
    home.has_a_clean_console();
}

#[test]
fn the_first_post_of_an_empty_blog_comes_to_its_open_home_page() {
    let (site, desk) = (Site::start(), Desk::new());
    withdraw(&site, "welcome");
    let home = open(&desk, &site, "/");
    home.wait_until("document.body.textContent.includes('The first page is blank')");
    dated(&site, "the-first", "the-first", "2021-03-01");
    agrees(&home, &site, "/");
    home.wait_until("!document.body.textContent.includes('The first page is blank')");
}

#[test]
fn the_archive_and_the_tags_follow_too_and_move_nothing() {
    let (site, desk) = (blog(), Desk::new());
    for n in 0..40 {
        let (slug, date) = (
            format!("old-{n}"),
            format!("2018-0{}-0{}", 1 + n % 9, 1 + n % 7),
        );
        dated(&site, &slug, &slug, &date);
    }
    let (archive, tag, tags) = (
        open(&desk, &site, "/archive"),
        open(&desk, &site, "/tags/odd"),
        open(&desk, &site, "/tags"),
    );
    let read = "document.querySelector('a[href=\"/posts/old-20\"]')";
    let place = format!("Math.round({read}.getBoundingClientRect().top)");
    archive.eval(&format!(
        "({read}.scrollIntoView({{ block: 'center', behavior: 'instant' }}), {read}.focus())"
    ));
    let before = archive.eval(&place);
    dated(&site, "brand-new", "brand-new", "2022-03-01");
    agrees(&archive, &site, "/archive");
    // A browser scrolls by whole pixels, and rows are not that high.
    let moved = archive.eval(&place).as_i64().unwrap() - before.as_i64().unwrap();
    assert!(moved.abs() <= 1, "what is read has moved by {moved}");
    assert_eq!(
        archive.eval(&format!("document.activeElement === {read}")),
        true
    );
    agrees(&tag, &site, "/tags/odd");
    tags.wait_until("document.querySelector('main .row .m').textContent.includes('45')");
}

#[test]
fn a_post_of_new_years_eve_comes_under_the_year_that_it_has_at_home() {
    let site = blog();
    site.set_up();
    let zone = [("time_zone", "America/New_York")];
    site.owner().submit("/admin/settings", &zone).expect(303);
    let desk = Desk::new();
    let home = open(&desk, &site, "/");
    let years = "[...document.querySelectorAll('main .year')].map(e => e.textContent).join(' ')";
    // The first of January, where it is still December.
    assert_eq!(home.eval(years), "2021 2020 2019");
    dated(&site, "first", "First", "2021-01-01T06:00:00Z");
    agrees(&home, &site, "/");
    assert_eq!(
        home.eval(ROWS)
            .as_str()
            .expect("addresses")
            .split(' ')
            .nth(1),
        Some("/posts/first")
    );
}
