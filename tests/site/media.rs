//! Pictures, sound and films: added by the owner, kept without their secrets, refused where they are no files for a blog, and
//! gone again.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::Value;

use crate::http::Answer;
use crate::site::Site;
use crate::visitor::Visitor;

/// What no file of ours may say.
pub const SECRET: &[u8] = b"52 31 N 13 24 E, Maren's own camera";

/// A blog that is set up, and its owner.
pub fn desk() -> (Site, Visitor) {
    let site = Site::start();
    site.set_up();
    let maren = site.owner();
    (site, maren)
}

/// A picture that does not compress to nothing, red in its upper left quarter.
pub fn picture(width: u32, height: u32) -> DynamicImage {
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        match x < width / 2 && y < height / 2 {
            true => Rgb([200 + (x * y % 50) as u8, 20, 20]),
            false => Rgb([20, (x * 7 % 256) as u8, ((x * y) % 251) as u8]),
        }
    });
    pixels.into()
}

/// The picture in that format.
pub fn written(pixels: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    pixels
        .write_to(&mut out, format)
        .expect("it can be written");
    out.into_inner()
}

/// A JPEG as a telephone makes it: turned on its side by EXIF, which also says where it was taken.
pub fn from_a_telephone(width: u32, height: u32) -> Vec<u8> {
    let mut exif =
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif.extend_from_slice(SECRET);
    let segment = |marker: u8, body: &[u8]| {
        let length = (body.len() as u16 + 2).to_be_bytes();
        [&[0xff, marker], &length[..], body].concat()
    };
    let jpeg = written(&picture(width, height), ImageFormat::Jpeg);
    [
        &jpeg[..2],
        &segment(0xe1, &exif),
        &segment(0xfe, SECRET),
        &jpeg[2..],
        SECRET,
    ]
    .concat()
}

/// Whether these words stand anywhere in a file.
pub fn holds(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|part| part == words)
}

/// A form with a file, as a browser sends it.
fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"\r\nContent-Type: image/png"));
        let head = format!(
            "--tide\r\nContent-Disposition: form-data; name=\"{name}\"{}\r\n\r\n",
            file.unwrap_or_default()
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--tide--\r\n");
    body
}

const MULTIPART: (&str, &str) = ("Content-Type", "multipart/form-data; boundary=tide");
const JSON: (&str, &str) = ("Accept", "application/json");

/// Sends a file as the page's form does.
pub fn send(who: &mut Visitor, name: &str, bytes: &[u8], alt: &str) -> Answer {
    let body = form(&[("file", Some(name), bytes), ("alt", None, alt.as_bytes())]);
    let headers = [MULTIPART, ("Sec-Fetch-Site", "same-origin")];
    who.send("POST", "/admin/media", &headers, &body)
}

/// Sends a file as an editor does.
#[track_caller]
pub fn add(who: &mut Visitor, name: &str, bytes: &[u8], alt: &str) -> Value {
    let body = form(&[("file", Some(name), bytes), ("alt", None, alt.as_bytes())]);
    who.send("POST", "/admin/media", &[MULTIPART, JSON], &body)
        .expect(201)
        .json()
}

/// What a JSON answer says of a file.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("a text")
}

#[test]
fn a_picture_is_added_by_a_plain_form_and_forgets_where_it_was_taken() {
    let (mut site, mut maren) = desk();
    let empty = maren.get("/admin/media").expect(200).page();
    assert!(empty.text("main").contains("Nothing here yet"));
    assert_eq!(
        empty.attribute("form[action='/admin/media']", "enctype"),
        "multipart/form-data"
    );

    let answer = send(
        &mut maren,
        "C:\\Photos\\Low Tide (1).PNG",
        &from_a_telephone(1200, 600),
        "The pier at low tide",
    );
    assert!(answer.expect(303).location().starts_with("/admin/media#"));
    let library = maren.get("/admin/media").expect(200).page();
    assert_eq!(
        library.texts(".shelf .name"),
        ["low-tide-1.jpg"],
        "named by what it is"
    );
    assert_eq!(
        library.attribute(".shelf img", "alt"),
        "The pier at low tide"
    );
    assert!(library.text(".shelf small").starts_with("600 × 1200"));

    let item = maren
        .get(&library.attribute(".shelf a", "href"))
        .expect(200)
        .page();
    let path = item.attribute(".shown a", "href");
    assert_eq!(
        item.raw_text("#i-markdown").trim(),
        format!("![The pier at low tide]({path})")
    );
    let whole = site.get(&path).expect(200);
    assert_eq!(whole.header("content-type"), Some("image/jpeg"));
    let small = site
        .get(&library.attribute(".shelf img", "src"))
        .expect(200);
    for (file, width) in [(&whole, 600), (&small, 480)] {
        assert!(!holds(&file.body, b"Exif") && !holds(&file.body, SECRET));
        let shown = image::load_from_memory(&file.body).unwrap().into_rgb8();
        assert_eq!((shown.width(), shown.height()), (width, 2 * width));
        let [red, green, _] = shown.get_pixel(width - 20, 20).0;
        assert!(
            red > 150 && green < 100,
            "the upper left is now the upper right"
        );
        let [red, ..] = shown.get_pixel(20, 20).0;
        assert!(red < 100);
    }
    site.stop();
    let file = std::fs::read(site.data().join("rowlog.db")).unwrap();
    assert!(!holds(&file, SECRET), "the secret is in the blog's file");
}

#[test]
fn an_editor_gets_all_it_needs_in_one_answer_and_the_same_file_is_kept_once() {
    let (site, mut maren) = desk();
    let png = written(&picture(30, 20), ImageFormat::Png);
    let added = add(&mut maren, "boat.png", &png, "A [boat]");
    let url = text(&added, "url");
    assert!(url.starts_with("/media/") && url.ends_with("/boat.png"));
    assert_eq!(text(&added, "markdown"), format!("![A \\[boat\\]]({url})"));
    assert_eq!(
        (&added["width"], &added["height"]),
        (&30.into(), &20.into())
    );
    assert_eq!(text(&added, "alt"), "A [boat]");
    assert_eq!(
        added,
        add(&mut maren, "again.png", &png, ""),
        "the first name and words stay"
    );
    assert_eq!(site.ask("select count(*) from media"), 1);

    let page = text(&added, "page").to_owned();
    let headers = [crate::http::FORM, JSON];
    let changed = maren
        .send("POST", &page, &headers, b"alt=A+ship")
        .expect(200)
        .json();
    assert_eq!(text(&changed, "markdown"), format!("![A ship]({url})"));
}

#[test]
fn several_pictures_at_once_are_all_taken() {
    let (site, maren) = desk();
    let senders: Vec<_> = (0..9)
        .map(|n| {
            let mut maren = maren.clone();
            let png = written(&picture(500 + n, 40), ImageFormat::Png);
            std::thread::spawn(move || add(&mut maren, "many.png", &png, "")["width"].as_u64())
        })
        .collect();
    let widths: Vec<_> = senders
        .into_iter()
        .map(|sender| sender.join().unwrap())
        .collect();
    assert_eq!(widths, (500..509).map(Some).collect::<Vec<_>>());
    assert_eq!(site.ask("select count(*) from media_variants"), 9);
}

#[test]
fn what_is_no_file_for_a_blog_is_refused_with_a_sentence() {
    let site = Site::start_with(&["--limits", "off", "--max-upload", "1"]);
    site.set_up();
    let mut maren = site.owner();
    let png = written(&picture(40, 40), ImageFormat::Png);
    let table: [(&str, &[u8], u16, &str); 8] = [
        (
            "a.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            415,
            "no kind of file",
        ),
        (
            "a.png",
            b"<!doctype html><script>alert(1)</script>",
            415,
            "no kind of file",
        ),
        ("a.exe", b"MZ\x90\0", 415, "no kind of file"),
        (
            "a.gif",
            b"GIF89a\x01\0\x01\0\0\0\0/*<script>alert(1)</script>*/",
            422,
            "damaged",
        ),
        ("a.png", &png[..png.len() / 2], 422, "damaged"),
        ("a.jpg", b"\xff\xd8\xff\xe0", 422, "damaged"),
        ("a.png", b"", 422, "Choose a file"),
        ("a.pdf", &vec![b'%'; 1_100_000], 413, "larger than 1 MiB"),
    ];
    for (name, bytes, status, said) in table {
        let answer = send(&mut maren, name, bytes, "My words").expect(status);
        let page = answer.page();
        assert!(page.text("#oops").contains(said), "{}", page.text("#oops"));
        if status != 413 {
            assert_eq!(page.attribute("#m-alt", "value"), "My words", "{name}");
        }
        let body = form(&[("file", Some(name), bytes)]);
        let json = maren.send("POST", "/admin/media", &[MULTIPART, JSON], &body);
        assert!(text(&json.expect(status).json(), "error").contains(said));
    }
    let long = "word ".repeat(300);
    let answer = send(&mut maren, "a.png", &png, &long).expect(422).page();
    assert!(answer.text("#m-alt-e").contains("1000 fit"));
    assert_eq!(answer.attribute("#m-alt", "value"), long);

    let plain = maren.submit("/admin/media", &[("file", "words")]);
    assert!(plain.expect(415).text().contains("multipart/form-data"));
    let parts: Vec<_> = (0..40).map(|_| ("more", None, &b"x"[..])).collect();
    maren
        .send("POST", "/admin/media", &[MULTIPART], &form(&parts))
        .expect(400);
    let cut = form(&[("file", Some("a.png"), &png)]);
    maren
        .send("POST", "/admin/media", &[MULTIPART], &cut[..cut.len() - 20])
        .expect(400);
    let whole = form(&[("file", Some("a.png"), &png)]);
    let foreign = [MULTIPART, ("Sec-Fetch-Site", "cross-site")];
    maren
        .send("POST", "/admin/media", &foreign, &whole)
        .expect(403);
    site.send("POST", "/admin/media", &[MULTIPART], &whole)
        .expect(401);
    site.get("/admin/media").expect(303);
    assert_eq!(site.ask("select count(*) from media"), 0);
}

#[test]
fn a_picture_that_would_fill_the_memory_is_refused_by_its_head() {
    let (site, mut maren) = desk();
    let mut bomb = written(&picture(16, 16), ImageFormat::Jpeg);
    let frame = bomb
        .windows(4)
        .position(|mark| mark == [0xff, 0xc0, 0, 0x11])
        .unwrap();
    bomb[frame + 5..frame + 9].copy_from_slice(&[0x4e, 0x20, 0x4e, 0x20]); // 20,000 × 20,000
    let answer = send(&mut maren, "small.jpg", &bomb, "");
    assert!(
        answer
            .expect(422)
            .page()
            .text("#oops")
            .contains("40 million pixels")
    );
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string(format!("/proc/{}/status", site.pid())).unwrap();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(
            peak < 400_000,
            "{peak} kB were in use; the picture would take 1.2 GB"
        );
    }
}

#[test]
fn a_picture_that_posts_show_goes_only_after_a_warning() {
    let (site, mut maren) = desk();
    let png = written(&picture(600, 20), ImageFormat::Png);
    let added = add(&mut maren, "boat.png", &png, "");
    let (url, page) = (text(&added, "url"), text(&added, "page"));
    let unused = maren.get(&format!("{page}/deletion")).expect(200).page();
    assert!(unused.text("main").contains("No post or page shows it"));
    site.publish("hello", "Boats & tides", text(&added, "markdown"));
    site.publish_with("later", "A plan", "draft = true", text(&added, "markdown"));
    site.publish("other", "Another post", "Nothing.");

    let item = maren.get(page).expect(200).page();
    assert_eq!(item.texts(".uses li"), ["A plan draft", "Boats & tides"]);
    let editor = item.attributes(".uses a", "href");
    assert!(editor[1].starts_with("/admin/posts/"));
    maren.get(&editor[1]).expect(200);
    let form = item
        .form(&format!("form[action='{page}']"))
        .with("alt", "A boat\nin the <mud>");
    maren.submit_form(&form).expect(303);
    let item = maren.get(page).expect(200).page();
    assert_eq!(item.raw_text("#i-alt").trim(), "A boat in the <mud>");
    let long = "x".repeat(1_001);
    let refused = maren.submit(page, &[("alt", &long)]).expect(422).page();
    assert_eq!(refused.raw_text("#i-alt").trim(), long);
    assert!(refused.has("#i-alt[aria-invalid]"));

    let warning = maren
        .get(&item.attribute("a[href$=deletion]", "href"))
        .expect(200)
        .page();
    assert!(
        warning
            .text("main")
            .contains("2 posts and pages will show a gap")
    );
    assert_eq!(warning.texts(".uses li").len(), 2);
    site.get(url).expect(200);
    site.submit(&format!("{page}/deletion"), &[]).expect(401);
    let sure = warning.form(&format!("form[action='{page}/deletion']"));
    assert_eq!(
        maren.submit_form(&sure).expect(303).location(),
        "/admin/media"
    );
    site.get(url).expect(404);
    site.get(&url.replace("/boat", "/480/boat")).expect(404);
    assert_eq!(site.ask("select count(*) from media_variants"), 0);
    maren.get(page).expect(404);
    maren.submit(page, &[("alt", "Gone")]).expect(404);
    let told = site.rowlog(&["check"]).worked();
    assert!(told.stdout.contains("shows the file") && told.stdout.contains("is sound"));
}

#[test]
fn a_check_finds_files_that_nothing_shows_and_bytes_that_changed() {
    let (mut site, mut maren) = desk();
    add(&mut maren, "a.pdf", b"%PDF-1.7", "");
    let told = site.rowlog(&["check"]).worked();
    assert!(
        told.stdout
            .contains("1 media files, 1 of them shown by no post"),
        "{}",
        told.stdout
    );
    site.stop();
    site.database_for_surgery()
        .execute("update media set bytes = x'25'", [])
        .unwrap();
    let told = site.rowlog(&["check"]);
    assert!(
        told.stdout.contains("are not what they were"),
        "{}",
        told.stdout
    );
}
