//! Covers and first addresses, and the secret link that shows a post as it will be.

use image::ImageFormat;

use crate::browser::Desk;
use crate::details::write;
use crate::editing::sign_in;
use crate::media::{add, picture, written};
use crate::page::Page;
use crate::site::{Site, path};
use crate::visitor::Visitor;
use crate::waiting::eventually;
use crate::writing::{desk, press};

/// A picture of the library; its path.
pub fn boat(owner: &mut Visitor) -> String {
    let bytes = written(&picture(1200, 800), ImageFormat::Png);
    let item = add(owner, "boat.png", &bytes, "A boat");
    item["url"].as_str().expect("a path").to_owned()
}

#[test]
fn a_cover_and_a_first_address_are_fields_of_the_editor() {
    let (site, mut owner) = desk();
    let cover = boat(&mut owner);
    let first = "https://elsewhere.example/tides";
    let editor = write(&mut owner, "Tides", &[("cover", &cover)]);
    let page = site.post("tides");
    let shown = "figure.cover img";
    assert_eq!(page.attribute(shown, "src"), cover);
    assert_eq!(
        page.attribute(shown, "alt"),
        "A boat",
        "as the library says"
    );
    assert_eq!(page.attribute(shown, "width"), "1200");
    assert!(page.attribute(shown, "srcset").contains("/480/"));
    let picture = |page: &Page| page.attribute("meta[property='og:image']", "content");
    assert!(picture(&page).ends_with(&cover));
    let home = site.get("/").expect(200).page();
    site.get(&home.attribute(".row .thumb", "src")).expect(200);
    assert_eq!(
        site.get_json("/feed.json")["items"][0]["image"],
        site.url(&cover)
    );
    assert!(site.get("/sitemap.xml").text().contains("/posts/tides"));

    let wrong = [
        ("canonical_url", "elsewhere"),
        ("cover", "https://elsewhere.example/a.png"),
    ];
    let fields = owner.get(&editor).expect(200).page().form("#editor");
    let mut fields = fields.fields();
    fields.retain(|(name, _)| !["canonical_url", "cover", "status"].contains(name));
    let fields = [&fields[..], &wrong, &[("status", "published")]].concat();
    let refused = owner.submit(&editor, &fields).expect(422).page();
    assert!(refused.has("#e-canonical_url[aria-invalid]") && refused.has("#e-cover-e"));

    let kept = [
        ("canonical_url", first),
        ("cover_alt", "A pier"),
        ("cover", ""),
    ];
    press(&mut owner, &editor, &kept, "").expect(303);
    assert_eq!(
        site.post("tides").attribute(shown, "src"),
        cover,
        "kept for later"
    );
    let form = owner.get(&editor).expect(200).page();
    assert_eq!(form.attribute("#e-canonical_url", "value"), first);
    assert!(form.has("#covers .none [checked]"));
    press(&mut owner, &editor, &[("cover", &cover)], "published").expect(303);
    let page = site.post("tides");
    assert_eq!(page.attribute(shown, "alt"), "A pier");
    assert_eq!(page.attribute("link[rel=canonical]", "href"), first);
    let sitemap = site.get("/sitemap.xml").text();
    assert!(!sitemap.contains("/posts/tides"), "{sitemap}");
    let own = site.url("/posts/tides");
    press(&mut owner, &editor, &[("canonical_url", &own)], "published").expect(303);
    assert!(
        site.get("/sitemap.xml").text().contains("/posts/tides"),
        "here is not elsewhere"
    );

    press(&mut owner, &editor, &[("cover", "")], "published").expect(303);
    assert!(!site.post("tides").has(shown));
    let versions = owner.get(&format!("{editor}/revisions")).expect(200).page();
    let versions = versions.attributes(".posts a", "href");
    let newest = owner.get(&versions[0]).expect(200).page();
    assert!(
        newest.texts(".lines del").concat().contains(&cover),
        "the version says what went"
    );
    let restore = format!("{}/restoration", versions[1]);
    owner.submit(&restore, &[]).expect(303);
    let form = owner.get(&editor).expect(200).page();
    assert_eq!(form.attribute("#covers [checked]", "value"), cover);
    assert_eq!(form.attribute("#e-cover_alt", "value"), "A pier");
}

#[test]
fn the_secret_link_shows_what_is_being_written_as_it_will_be() {
    let (_site, mut owner) = desk();
    let cover = boat(&mut owner);
    let editor = write(&mut owner, "Tides", &[]);
    let body = format!("![A boat]({cover})");
    let fields = [("body", body.as_str()), ("cover", &cover), ("lang", "ar")];
    press(&mut owner, &editor, &fields, "").expect(303);
    let secret = owner.get(&editor).expect(200).page();
    let secret = secret.attribute("a[rel=nofollow]", "href");
    let page = owner.get(&secret).expect(200).page();
    assert_eq!(page.attribute(".e-content img", "width"), "1200");
    assert!(page.attribute(".e-content img", "srcset").contains("/480/"));
    assert_eq!(page.attribute(".cover img", "src"), cover);
    assert_eq!(page.attribute("h1", "dir"), "rtl");
}

#[test]
fn a_cover_stands_beside_the_file_that_names_it() {
    let site = Site::start();
    let bytes = written(&picture(60, 40), ImageFormat::Png);
    site.write("posts/boat.png", bytes);
    let head = |cover: &str| {
        format!("+++\ntitle = \"T\"\nslug = \"t\"\ncover = \"{cover}\"\n+++\nText.\n")
    };
    let file = site.write("posts/t.md", head("boat.png"));
    site.rowlog(&["publish", path(&file)]).worked();
    let shown = site.post("t").attribute(".cover img", "src");
    site.get(&shown).expect(200);
    site.write("posts/t.md", head("gone.png"));
    let told = site.rowlog(&["publish", path(&file)]).worked();
    let told = format!("{}{}", told.stdout, told.stderr);
    assert!(told.contains("the file gone.png is missing"), "{told}");
    assert!(!site.post("t").has(".cover"));
}

#[test]
fn a_cover_is_uploaded_from_the_editor() {
    let (site, mut owner) = desk();
    let editor = write(&mut owner, "Tides", &[]);
    let desk = Desk::new();
    let window = desk.window();
    sign_in(&site, &window, &editor);
    window.wait_for("#new-cover:not([hidden])");
    window.eval("document.querySelectorAll('details').forEach(box => { box.open = true; })");
    let upload = "(async () => {
        const canvas = new OffscreenCanvas(900, 600);
        canvas.getContext('2d').fillRect(0, 0, 300, 300);
        const files = new DataTransfer();
        files.items.add(new File([await canvas.convertToBlob()], 'pier.png', { type: 'image/png' }));
        const field = document.getElementById('e-new-cover');
        field.files = files.files;
        field.dispatchEvent(new Event('change'));
    })()";
    window.eval(upload);
    window.wait_for("#covers :checked[value$='/pier.png']");
    window.wait_for_text("#saved", "Saved at");
    window.open(&site.url(&editor));
    window.wait_for("#covers [checked][value$='/pier.png']");
    window.click(".topbar .main");
    eventually("readers see it", || {
        site.post("tides").has(".cover img[src$='/pier.png']")
    });
    window.has_a_clean_console();
}
