//! Lists of more posts than one page of them names: the archive and the tags of a large blog.

use crate::browser::Desk;
use crate::lists::well_formed;
use crate::lists_alive::{agrees, dated, open};
use crate::page::Page;
use crate::site::Site;

/// Posts on a page of the archive and of a tag.
const EACH: i64 = 500;

/// A blog of 1,150 posts in four years, 2018 to 2021, the newest called `long-1`. Two of three bear the tag `odd`.
fn blog() -> Site {
    let mut site = Site::start();
    assert!(site.stop().0.success());
    let file = site.database_for_surgery();
    file.execute_batch(
        "begin;
         insert into posts (slug, title, excerpt, body, html, text, headings, words, renderer, status, published_at,
                            created_at, updated_at)
         with recursive n (i) as (select 1 union all select i + 1 from n where i < 1150)
         select 'long-' || i, 'Long ' || i, excerpt, body, html, text, headings, words, renderer, status,
                strftime('%s', '2021-12-01') * 1000 - i * 29 * 3600000, created_at, updated_at
         from n, posts where slug = 'welcome';
         insert into tags (slug, name) values ('odd', 'Odd');
         insert into post_tags (post_id, tag_id, position)
         select p.id, t.id, 0 from posts p, tags t where t.slug = 'odd' and p.slug like 'long-%' and p.id % 3;
         delete from posts where slug = 'welcome';
         commit;",
    )
    .expect("the posts are made");
    drop(file);
    site.serve();
    site
}

/// Adds so many posts without words to a blog that is not served.
fn add_empty(site: &Site, count: i64) {
    let sql = "insert into posts (slug, title, excerpt, body, html, text, headings, words, renderer, status, published_at,
                                  created_at, updated_at)
               with recursive n (i) as (select 1 union all select i + 1 from n where i < ?1)
               select 'empty-' || i, 'Empty', '', '', '', '', '[]', 0, 1, 'published', i * 3600000, 0, 0 from n";
    let file = site.database_for_surgery();
    file.execute(sql, [count]).expect("the posts are made");
}

/// The addresses of the posts on a page, from top to bottom.
fn rows(page: &Page) -> Vec<String> {
    page.attributes("main .row h3 a", "href")
}

/// The pages that the first one leads to, one after the other, and itself.
fn pages(site: &Site, first: &str) -> Vec<Page> {
    let mut all = vec![site.get(first).expect(200).page()];
    while let Some(next) = all.last().and_then(next) {
        all.push(site.get(&format!("{first}{next}")).expect(200).page());
    }
    all
}

fn next(page: &Page) -> Option<String> {
    page.attributes("a[rel=next]", "href").into_iter().next()
}

#[test]
fn every_post_is_on_one_page_of_a_long_archive_and_each_year_is_led_to_where_it_begins() {
    let site = blog();
    let pages = pages(&site, "/archive");
    assert_eq!(pages.len(), 3);
    let found: Vec<_> = pages.iter().flat_map(rows).collect();
    let expected: Vec<_> = (1..=1150).map(|n| format!("/posts/long-{n}")).collect();
    assert_eq!(found, expected, "newest first, none twice");

    let year = |n: i64, of: &str| {
        site.ask(&format!(
            "select {of} from posts where strftime('%Y', published_at / 1000, 'unixepoch') = '{n}'"
        ))
    };
    let links = pages[1].attributes(".years a", "href");
    assert_eq!(links, pages[2].attributes(".years a", "href"));
    let mut newer = 0;
    for (link, n) in links.iter().zip([2021, 2020, 2019, 2018]) {
        let (address, anchor) = link.split_once('#').expect("it names the year");
        let page = site.get(address).expect(200).page();
        assert_eq!(anchor, format!("y{n}"));
        let (posts, section) = (
            year(n, "count(*)"),
            format!("section[aria-labelledby={anchor}]"),
        );
        let begins = page.attributes(&format!("{section} .row h3 a"), "href");
        assert_eq!(begins[0], format!("/posts/long-{}", newer + 1), "{n}");
        let said = page.text(&format!("{section} .head p"));
        assert_eq!(said, format!("{posts} posts"), "all of the year's, {n}");
        newer += posts;
    }
    assert_eq!((links.len(), newer), (4, 1150));
    let cut = pages[1].texts(".head p").remove(0);
    assert!(cut.ends_with(" posts, continued"), "{cut}");
    assert!(pages[1].text(".dek").starts_with("1,150 posts since 2018."));
}

#[test]
fn the_posts_of_a_tag_are_on_pages_with_the_numbers_they_have_everywhere() {
    let site = blog();
    let pages = pages(&site, "/tags/odd");
    let bearers = site.ask("select post_count from tags where slug = 'odd'");
    assert!(bearers > EACH && bearers < 2 * EACH);
    let found: Vec<_> = pages.iter().map(|page| rows(page).len() as i64).collect();
    assert_eq!(found, [EACH, bearers - EACH]);
    for page in &pages {
        assert_eq!(
            page.text(".dek").split(' ').next(),
            Some(&*bearers.to_string())
        );
        let numbers = page.texts("li.row > p.m span").into_iter();
        for (post, number) in rows(page).iter().zip(numbers) {
            let n: i64 = post
                .rsplit('-')
                .next()
                .expect("a name")
                .parse()
                .expect("a number");
            let place = number.replace(['№', '\u{a0}', ' ', ','], "");
            assert_eq!(place.parse(), Ok(1151 - n), "{post}");
        }
    }
}

#[test]
fn a_page_of_a_list_has_one_address_and_pages_that_do_not_exist_have_none() {
    let site = blog();
    for (list, last) in [("/archive", 3), ("/tags/odd", 2)] {
        for page in [
            "0",
            "-1",
            "x",
            "1.5",
            &(last + 1).to_string(),
            "999999999999",
        ] {
            site.get(&format!("{list}?page={page}")).expect(404);
        }
        let canonical = |address: &str| {
            let page = site.get(address).expect(200).page();
            page.attribute("link[rel=canonical]", "href")
        };
        assert!(canonical(list).ends_with(list));
        assert_eq!(canonical(&format!("{list}?page=1")), canonical(list));
        let second = format!("{list}?page=2");
        assert!(canonical(&second).ends_with(&second));
        let second = site.get(&second).page();
        assert_eq!(second.attribute("a[rel=prev]", "href"), list);
        assert_ne!(rows(&second), rows(&site.get(list).page()), "from memory");
    }
}

#[test]
fn a_sitemap_of_very_many_addresses_names_its_parts_and_they_hold_each_address_once() {
    let mut site = Site::start_with(&["--limits", "off", "--base-url", "https://blog.example"]);
    assert!(site.stop().0.success());
    add_empty(&site, 9_999);
    site.serve();
    let whole = site.get("/sitemap.xml").expect(200).text();
    assert_eq!(
        whole.matches("<url>").count(),
        10_000,
        "with the welcome post"
    );
    site.publish("newest", "Newest", "Text.");
    let index = site.get("/sitemap.xml").expect(200);
    well_formed(&index);
    let index = index.text();
    let parts: Vec<_> = index.split("<loc>https://blog.example").skip(1).collect();
    let mut found = Vec::new();
    for part in &parts {
        let (address, _) = part.split_once("</loc>").expect("it is named");
        let part = site.get(address).expect(200);
        assert!(well_formed(&part).contains("https://blog.example/posts/"));
        found.extend(
            part.text()
                .split("<loc>")
                .skip(1)
                .map(|rest| rest.split_once("</loc>").expect("it is named").0.to_owned()),
        );
    }
    assert_eq!((parts.len(), found.len()), (2, 10_001));
    assert!(
        found
            .iter()
            .any(|address| address == "https://blog.example/posts/newest")
    );
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 10_001);
    site.get("/sitemap.xml?page=3").expect(404);
}

#[test]
fn a_blog_that_fits_on_one_page_is_shown_no_others() {
    let site = Site::with_post("hello");
    let archive = site.get("/archive").expect(200).page();
    assert!(!archive.has(".years") && !archive.has(".pages"));
}

#[test]
fn open_pages_of_a_long_archive_agree_with_fresh_ones_after_each_change() {
    let (site, desk) = (blog(), Desk::new());
    let (first, second) = (
        open(&desk, &site, "/archive"),
        open(&desk, &site, "/archive?page=2"),
    );
    dated(&site, "brand-new", "Brand new", "2022-03-01");
    agrees(&first, &site, "/archive");
    agrees(&second, &site, "/archive?page=2");
    let has = "!!document.querySelector('a[href=\"/posts/brand-new\"]')";
    assert_eq!(
        (first.eval(has), second.eval(has)),
        (true.into(), false.into())
    );
    first.wait_until("document.querySelector('.dek').textContent.startsWith('1,151 posts')");
    second.wait_until("document.querySelector('.years a').textContent.startsWith('2022 1')");
}
