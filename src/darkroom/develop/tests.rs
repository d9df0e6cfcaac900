//! Pictures made here, sent through the darkroom.

use image::{Rgb, RgbImage, Rgba, RgbaImage};

use super::*;

/// A picture with a slope of grey, and a red corner at the top left.
fn slope(width: u32, height: u32) -> DynamicImage {
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        match x < width / 4 && y < height / 4 {
            true => Rgb([220, 20, 20]),
            false => Rgb([
                (x * 7 % 256) as u8,
                (y * 5 % 256) as u8,
                ((x * y) % 251) as u8,
            ]),
        }
    });
    pixels.into()
}

fn written(pixels: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    pixels.write_to(&mut out, format).unwrap();
    out.into_inner()
}

#[test]
fn a_picture_is_kept_with_its_smaller_sizes() {
    for (format, mime) in [
        (ImageFormat::Jpeg, "image/jpeg"),
        (ImageFormat::Png, "image/png"),
    ] {
        let file = develop(&written(&slope(1000, 500), format)).unwrap();
        assert_eq!((file.mime, file.size), (mime, Some((1000, 500))));
        let sizes: Vec<_> = file.variants.iter().map(|one| one.width).collect();
        assert_eq!(sizes, [480, 960]);
        for one in &file.variants {
            let format = readable(one.mime).unwrap();
            let small = image::load_from_memory_with_format(&one.bytes, format).unwrap();
            assert_eq!((small.width(), small.height()), (one.width, one.width / 2));
            assert!(one.bytes.len() < file.bytes.len());
        }
    }
}

#[test]
fn what_lies_on_its_side_is_turned_and_what_is_transparent_stays_so() {
    let mut jpeg = b"\xff\xd8\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    jpeg.extend_from_slice(&written(&slope(600, 300), ImageFormat::Jpeg)[2..]);
    let turned = develop(&jpeg).unwrap();
    assert_eq!(turned.size, Some((300, 600)));
    let pixels = image::load_from_memory(&turned.bytes).unwrap().into_rgb8();
    let corner = pixels.get_pixel(290, 10);
    assert!(
        corner.0[0] > 150 && corner.0[1] < 90,
        "the corner is now right: {corner:?}"
    );

    let glass = RgbaImage::from_fn(600, 10, |x, y| {
        Rgba([(x % 200) as u8, y as u8, (x * y % 255) as u8, 40])
    });
    let glass = develop(&written(&glass.into(), ImageFormat::Png)).unwrap();
    assert_eq!(glass.variants.len(), 1);
    let small = image::load_from_memory(&glass.variants[0].bytes).unwrap();
    assert_eq!(
        (
            glass.variants[0].mime,
            small.into_rgba8().get_pixel(9, 3).0[3]
        ),
        ("image/webp", 40)
    );
}

#[test]
fn what_moves_keeps_moving() {
    use image::codecs::gif::GifEncoder;
    let mut gif = Vec::new();
    let mut encoder = GifEncoder::new(&mut gif);
    let frame = |shade| image::Frame::new(RgbaImage::from_pixel(600, 4, Rgba([shade, 0, 0, 255])));
    encoder.encode_frames([frame(0), frame(200)]).unwrap();
    drop(encoder);
    let kept = develop(&gif).unwrap();
    assert!(is_animated("image/gif", &kept.bytes) && kept.variants.is_empty());
    assert_eq!((kept.bytes, kept.size), (gif, Some((600, 4))));
}

#[test]
fn a_bomb_is_refused_by_its_head_and_a_polyglot_by_its_body() {
    let mut bomb = written(&slope(8, 8), ImageFormat::Png);
    bomb[16..24].copy_from_slice(&[0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10]); // 10,000 × 10,000
    let table: [(&[u8], Refusal); 5] = [
        (&bomb, Refusal::Damaged), // its checksum is wrong by now
        (
            b"GIF89a\x01\0\x01\0\0\0\0<script>alert(1)</script>",
            Refusal::Damaged,
        ),
        (
            b"GIF89a\x40\x9c\x40\x9c\x80\0\0abcdef,\0\0\0\0\x40\x9c\x40\x9c\0\x02\x02D\x01\0;",
            Refusal::TooLarge,
        ),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            Refusal::Unknown,
        ),
        (b"", Refusal::Unknown),
    ];
    for (bytes, refusal) in table {
        assert_eq!(
            develop(bytes).err(),
            Some(refusal),
            "{}",
            bytes[..8.min(bytes.len())].escape_ascii()
        );
    }
}
