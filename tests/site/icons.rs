//! The blog's icon: given by the owner, shown in every size, and taken away again.

use std::io::Cursor;

use image::{ImageFormat, Rgba, RgbaImage};

use crate::browser::Desk;
use crate::http::Answer;
use crate::site::{PASSWORD, Site};
use crate::visitor::Visitor;

fn desk() -> (Site, Visitor) {
    let site = Site::start();
    site.set_up();
    let owner = site.owner();
    (site, owner)
}

/// A green square that is no icon yet.
pub fn green() -> Vec<u8> {
    let pixels = RgbaImage::from_pixel(300, 300, Rgba([0, 180, 0, 255]));
    let mut png = Cursor::new(Vec::new());
    pixels
        .write_to(&mut png, ImageFormat::Png)
        .expect("it can be written");
    png.into_inner()
}

/// Sends a file as the form of the settings does.
pub fn give(who: &mut Visitor, bytes: &[u8]) -> Answer {
    let head =
        "--tide\r\nContent-Disposition: form-data; name=\"file\"; filename=\"sign.png\"\r\n\r\n";
    let body = [head.as_bytes(), bytes, b"\r\n--tide--\r\n"].concat();
    let kind = "multipart/form-data; boundary=tide";
    let headers = [("Content-Type", kind), ("Sec-Fetch-Site", "same-origin")];
    who.send("POST", "/admin/settings/icon", &headers, &body)
}

/// The picture at an address of this site, and how long it may be kept.
#[track_caller]
fn picture(site: &Site, path: &str) -> (RgbaImage, String) {
    let answer = site.get(path).expect(200);
    assert_eq!(answer.header("content-type"), Some("image/png"), "{path}");
    let kept = answer.header("cache-control").expect("it may be kept");
    let pixels = image::load_from_memory(&answer.body).expect("a picture");
    (pixels.into_rgba8(), kept.to_owned())
}

/// The addresses of the icons that a page and the manifest name.
fn named(site: &Site) -> Vec<String> {
    let home = site.get("/").expect(200).page();
    let mut named = home.attributes("link[rel=icon], link[rel=apple-touch-icon]", "href");
    let manifest = site.get(&home.attribute("link[rel=manifest]", "href"));
    let manifest = manifest.expect(200);
    assert_eq!(
        manifest.header("content-type"),
        Some("application/manifest+json")
    );
    let manifest = manifest.json();
    assert_eq!(manifest["start_url"], "/");
    for icon in manifest["icons"].as_array().expect("icons") {
        named.push(icon["src"].as_str().expect("an address").to_owned());
    }
    named
}

#[test]
fn a_new_blog_has_an_icon_in_every_size() {
    let site = Site::start();
    let icons = named(&site);
    assert!(icons[0].ends_with(".svg"), "{icons:?}");
    for (path, size) in icons[1..].iter().zip([180, 192, 512]) {
        let (pixels, kept) = picture(&site, path);
        assert_eq!(pixels.dimensions(), (size, size));
        assert!(kept.contains("immutable"), "{kept}");
    }
    let ico = site.get("/favicon.ico").expect(200);
    assert_eq!(&ico.body[..6], [0, 0, 1, 0, 1, 0]);
    assert!(ico.body[22..].starts_with(b"\x89PNG"));
    for path in ["/icons/x/33.png", "/icons/x/32.svg", "/icons/x/-1.png"] {
        site.get(path).expect(404);
    }
}

#[test]
fn the_owner_gives_the_blog_an_icon_and_takes_it_away() {
    let (site, mut owner) = desk();
    let before = named(&site);
    give(&mut site.visitor(), &green()).expect(401);
    give(&mut owner, &green()).expect(303);
    let icons = named(&site);
    for (path, size) in icons.iter().zip([32, 180, 192, 512]) {
        let (pixels, _) = picture(&site, path);
        assert_eq!(pixels.dimensions(), (size, size));
        assert_eq!(pixels.get_pixel(size / 2, size / 2).0, [0, 180, 0, 255]);
    }
    let old = site.get(&before[1]).expect(302);
    assert_eq!(old.location(), icons[1], "an old address leads on");
    let answer = site.get("/favicon.ico").expect(200);
    let tag = answer.header("etag").expect("a tag").to_owned();
    let again = site.send("GET", "/favicon.ico", &[("If-None-Match", &tag)], b"");
    again.expect(304);

    for (bytes, status) in [
        (&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], 415),
        (&green()[..200], 422),
        (b"", 422),
    ] {
        let page = give(&mut owner, bytes).expect(status).page();
        assert!(page.has("#x-file[aria-invalid=true]") && page.has("#oops a[href='#x-file']"));
    }
    assert_eq!(named(&site), icons, "what is refused changes nothing");

    owner
        .submit("/admin/settings/icon/deletion", &[])
        .expect(303);
    assert_eq!(named(&site), before);
    assert_eq!(site.ask("select count(*) from icons"), 0);
}

#[test]
fn an_icon_and_settings_are_changed_without_javascript() {
    let (site, _) = desk();
    let file = site.write("sign.png", green());
    let desk = Desk::new();
    let window = desk.window_without_javascript();
    window.open(&site.url("/admin/login?next=/admin/settings"));
    window.fill("#l-password", PASSWORD);
    window.click("main form button.main");
    window.wait_for("#x-file");
    window.choose("#x-file", &file);
    window.click("form[action='/admin/settings/icon'] button");
    window.wait_for("#saved");
    window.wait_for("form[action='/admin/settings/icon/deletion']");
    let shown = "document.querySelector('.icons img').naturalWidth";
    assert_eq!(window.eval(shown), 192);
    window.has_a_clean_console(); // the next answer is a 422, of which it tells

    window.fill("#x-reactions", "yes ✓ Well done");
    window.fill("#x-time_zone", "Atlantis");
    window.click("form[action='/admin/settings'] button.main");
    window.wait_for("#oops a[href='#x-time_zone']");
    window.fill("#x-time_zone", "Europe/Oslo");
    window.click("form[action='/admin/settings'] button.main");
    window.wait_for("#saved");
    assert_eq!(
        site.ask("select json_array_length(value) from settings where key = 'reactions'"),
        1
    );
}
