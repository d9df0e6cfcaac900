//! Pictures, sound and films as they are shown: in every size that a screen needs, in parts, and as what they are.

use image::codecs::gif::GifEncoder;
use image::{Frame, ImageFormat, Rgba, RgbaImage};

use crate::media::{SECRET, add, desk, from_a_telephone, holds, picture, text, written};
use crate::site::Site;
use crate::waiting::eventually;

fn moving() -> Vec<u8> {
    let mut gif = Vec::new();
    let frame = |shade| Frame::new(RgbaImage::from_pixel(20, 10, Rgba([shade, 0, 0, 255])));
    let frames = [frame(0), frame(250)];
    GifEncoder::new(&mut gif)
        .encode_frames(frames)
        .expect("it can be written");
    gif
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
