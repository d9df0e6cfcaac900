//! Pictures, sound and films: added by the owner, kept without their secrets, shown in every size, and gone again.

use std::io::Cursor;

use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use serde_json::Value;

use crate::http::Answer;
use crate::site::Site;
use crate::visitor::Visitor;
use crate::waiting::eventually;

/// What no file of ours may say.
const SECRET: &[u8] = b"52 31 N 13 24 E, Maren's own camera";

/// A blog that is set up, and its owner.
fn desk() -> (Site, Visitor) {
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
fn from_a_telephone(width: u32, height: u32) -> Vec<u8> {
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

fn moving() -> Vec<u8> {
    let mut gif = Vec::new();
    let frame = |shade| Frame::new(RgbaImage::from_pixel(20, 10, Rgba([shade, 0, 0, 255])));
    let frames = [frame(0), frame(250)];
    GifEncoder::new(&mut gif)
        .encode_frames(frames)
        .expect("it can be written");
    gif
}

fn holds(bytes: &[u8], words: &[u8]) -> bool {
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

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
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
fn a_post_offers_its_pictures_in_the_sizes_that_a_screen_needs() {
    let (site, mut maren) = desk();
    let png = written(&picture(1000, 500), ImageFormat::Png);
    let added = add(&mut maren, "tide.png", &png, "");
    let told = site.publish("hello", "A post", text(&added, "markdown"));
    assert!(!told.stderr.contains("missing"), "{}", told.stderr);
    let page = site.post("hello");
    assert_eq!(page.attribute(".prose img", "width"), "1000");
    let choice = page.attribute(".prose img", "srcset");
    assert!(page.has(".prose img[sizes]"));
    let offered: Vec<_> = choice
        .split(", ")
        .map(|one| one.split_once(' ').unwrap())
        .collect();
    let widths: Vec<_> = offered.iter().map(|(_, width)| *width).collect();
    assert_eq!(widths, ["480w", "960w", "1000w"]);
    let mut bytes = 0;
    for (path, width) in &offered {
        let file = site.get(path).expect(200);
        assert_eq!(
            file.header("cache-control"),
            Some("public, max-age=31536000, immutable")
        );
        assert!(
            file.header("content-security-policy")
                .unwrap()
                .contains("sandbox")
        );
        assert_eq!(file.header("content-disposition"), Some("inline"));
        assert!(file.header("content-type").unwrap().starts_with("image/"));
        let shown = image::load_from_memory(&file.body).unwrap();
        assert_eq!(format!("{}w", shown.width()), *width);
        assert!(file.body.len() > bytes, "a smaller size has fewer bytes");
        bytes = file.body.len();

        let tag = file.header("etag").unwrap();
        let known = site
            .send("GET", path, &[("If-None-Match", tag)], b"")
            .expect(304);
        assert!(known.body.is_empty() && known.header("cache-control").is_some());
        let head = site.send("HEAD", path, &[], b"").expect(200);
        assert_eq!(
            head.header("content-length"),
            Some(bytes.to_string().as_str())
        );
        assert_eq!(head.header("etag"), Some(tag));
    }
    let hash = offered[0].0.split('/').nth(2).unwrap();
    for (width, status) in [("481", 404), ("0", 404), ("x", 404), ("-1", 404)] {
        site.get(&format!("/media/{hash}/{width}/tide.png"))
            .expect(status);
    }
    let wider = site
        .get(&format!("/media/{hash}/1440/tide.png"))
        .expect(200);
    assert_eq!(
        wider.header("cache-control"),
        Some("no-cache"),
        "the whole stands in for it"
    );
    assert_eq!(wider.body.len(), bytes);
    let feed = site.get("/feed.xml").text();
    assert!(feed.contains(&site.url(&format!("/media/{hash}/480/tide.png 480w"))));
}

#[test]
fn a_part_of_a_file_is_answered_as_the_standard_says() {
    let (site, mut maren) = desk();
    let sound: Vec<u8> = [&b"ID3"[..], &(0..=250_u8).collect::<Vec<_>>()].concat();
    let added = add(&mut maren, "waves.mp3", &sound, "");
    let (url, length) = (text(&added, "url"), sound.len());
    let whole = site.get(url).expect(200);
    assert_eq!(whole.body, sound);
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let tag = whole.header("etag").unwrap();

    let table = [
        ("bytes=0-9", 0..10),
        ("bytes=10-", 10..length),
        ("bytes=-5", length - 5..length),
        ("bytes=-9999", 0..length),
        ("bytes=250-9999", 250..length),
        ("bytes=0-0", 0..1),
    ];
    for (range, expected) in table {
        let part = site.send("GET", url, &[("Range", range)], b"").expect(206);
        assert_eq!(part.body, sound[expected.clone()], "{range}");
        let shown = format!("bytes {}-{}/{length}", expected.start, expected.end - 1);
        assert_eq!(part.header("content-range"), Some(shown.as_str()));
        assert_eq!(
            part.header("content-length"),
            Some(expected.len().to_string().as_str())
        );
        assert_eq!(part.header("etag"), Some(tag));
    }
    for range in [
        "bytes=254-",
        "bytes=9999-10000",
        "bytes=-0",
        "bytes=99999999999999999999-",
    ] {
        let outside = site.send("GET", url, &[("Range", range)], b"").expect(416);
        assert_eq!(
            outside.header("content-range"),
            Some(format!("bytes */{length}").as_str())
        );
        assert!(outside.body.is_empty());
    }
    for range in [
        "bytes=5-2",
        "bytes=",
        "bytes=a-b",
        "lines=0-1",
        "bytes=0-1,5-6",
        "bytes=--1",
        "0-1",
    ] {
        let ignored = site.send("GET", url, &[("Range", range)], b"").expect(200);
        assert_eq!(ignored.body, sound, "{range}");
    }
    let conditional = |condition: &str| {
        let headers = [("Range", "bytes=0-1"), ("If-Range", condition)];
        site.send("GET", url, &headers, b"").status()
    };
    assert_eq!(conditional(tag), 206);
    assert_eq!(conditional("\"another\""), 200);
    assert_eq!(conditional("Sat, 21 Nov 2026 08:00:00 GMT"), 200);
    let both = [("Range", "bytes=0-1"), ("If-None-Match", tag)];
    site.send("GET", url, &both, b"").expect(304);
    let head = site
        .send("HEAD", url, &[("Range", "bytes=0-1")], b"")
        .expect(200);
    assert_eq!(
        head.header("content-length"),
        Some(length.to_string().as_str())
    );
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
fn films_sound_documents_and_what_moves_are_kept_as_they_are() {
    let (site, mut maren) = desk();
    let film = [
        &b"\0\0\0\x14ftypisom\0\0\0\0mp42"[..],
        b"\0\0\0\x08moov",
        b"\0\0\0\x0cmdat1234",
    ]
    .concat();
    let gif = moving();
    let table: [(&str, &[u8], &str, &str, &str); 5] = [
        ("wave.gif", &gif, "image/gif", "inline", "![]("),
        ("surf.mp4", &film, "video/mp4", "inline", "<video "),
        (
            "surf.webm",
            b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm",
            "video/webm",
            "inline",
            "<video ",
        ),
        (
            "waves.ogg",
            b"OggS\0\x02waves",
            "audio/ogg",
            "inline",
            "<audio ",
        ),
        (
            "chart.html",
            b"%PDF-1.7 <script>",
            "application/pdf",
            "attachment",
            "[chart.pdf](",
        ),
    ];
    for (name, bytes, mime, disposition, markdown) in table {
        let added = add(&mut maren, name, bytes, "");
        assert!(text(&added, "markdown").starts_with(markdown));
        let file = site.get(text(&added, "url")).expect(200);
        assert_eq!(file.body, bytes);
        assert_eq!(file.header("content-type"), Some(mime));
        assert_eq!(file.header("content-disposition"), Some(disposition));
        assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
        assert!(
            file.header("content-security-policy")
                .unwrap()
                .starts_with("default-src 'none';")
        );
        maren.get(text(&added, "page")).expect(200);
    }

    let mut shelf = |query: &str| {
        let page = maren
            .get(&format!("/admin/media{query}"))
            .expect(200)
            .page();
        let mut names = page.texts(".shelf .name");
        names.sort_unstable();
        names
    };
    assert_eq!(shelf("").len(), 5);
    assert_eq!(shelf("?kind=films"), ["surf.mp4", "surf.webm"]);
    assert_eq!(shelf("?q=WAVE"), ["wave.gif", "waves.ogg"]);
    assert_eq!(shelf("?q=wave&kind=sound"), ["waves.ogg"]);
    assert!(shelf("?q=%25").is_empty() && shelf("?q=%27").is_empty());
    assert_eq!(shelf("?page=99").len(), 5);
    assert_eq!(shelf("?page=x&kind=y").len(), 5);
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
fn a_picture_that_an_import_brings_gets_its_sizes_by_itself() {
    let mut site = Site::offline();
    site.serve();
    site.set_up();
    site.stop();
    site.write("posts/pier.jpg", from_a_telephone(1200, 700));
    site.write(
        "posts/broken.png",
        &written(&picture(600, 10), ImageFormat::Png)[..200],
    );
    site.publish(
        "hello",
        "A post",
        "![The pier](pier.jpg) ![Broken](broken.png)",
    );
    assert_eq!(
        site.ask("select count(*) from media_variants"),
        0,
        "nobody has made them yet"
    );
    site.serve();
    let page = site.post("hello");
    assert_eq!(
        page.attribute("img[alt='The pier']", "width"),
        "700",
        "it lies on its side"
    );
    let choice = page.attribute("img[alt='The pier']", "srcset");
    let small = choice.split(' ').next().unwrap();
    site.get(small).expect(200);
    eventually("the sizes are made", || {
        site.ask("select count(*) from media where is_sized = 0") == 0
    });
    assert_eq!(
        site.ask("select count(*) from media_variants"),
        1,
        "of the one that can be read"
    );
    let file = site.get(small).expect(200);
    assert_eq!(
        file.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    assert_eq!(image::load_from_memory(&file.body).unwrap().width(), 480);
    let whole = site
        .get(&page.attribute("img[alt='The pier']", "src"))
        .expect(200);
    assert!(!holds(&whole.body, SECRET) && !holds(&file.body, b"Exif"));
    assert!(
        holds(&whole.body, b"Exif"),
        "how it lies is all that is left"
    );
    site.rowlog(&["check"]).worked();
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
