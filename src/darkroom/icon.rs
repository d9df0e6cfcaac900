//! The blog's icon in its sizes: of a picture of the owner's, or of the drawing that a blog without one has.

use image::imageops::{self, FilterType};
use image::{DynamicImage, Rgba, RgbaImage};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use super::develop::{self, Refusal};
use crate::model::icon::{Icon, SIZES};

/// The size that iOS takes, which shows black where a picture lets something through.
const OPAQUE: u32 = 180;

/// Pixels of the side that the others are made from: enough for the largest, and no burden.
const WORKING: u32 = 1024;

/// Every size of a picture, whole and in the middle of its square.
///
/// Errors: as [`develop::develop`].
pub fn sizes(bytes: &[u8]) -> Result<Vec<Icon>, Refusal> {
    let picture = develop::pixels(bytes)?;
    let (width, height) = (picture.width(), picture.height());
    let picture = match width.max(height) > WORKING {
        true => picture.thumbnail(WORKING, WORKING),
        false => picture,
    }
    .into_rgba8();
    let side = picture.width().max(picture.height());
    let mut square = RgbaImage::new(side, side);
    let middle = |length: u32| i64::from((side - length) / 2);
    let corner = (middle(picture.width()), middle(picture.height()));
    imageops::replace(&mut square, &picture, corner.0, corner.1);
    SIZES.map(|size| small(&square, size)).into_iter().collect()
}

fn small(square: &RgbaImage, size: u32) -> Result<Icon, Refusal> {
    let small = imageops::resize(square, size, size, FilterType::CatmullRom);
    let bytes = develop::png(match size {
        OPAQUE => on_white(&small),
        _ => small.into(),
    })?;
    Ok(Icon { size, bytes })
}

fn on_white(picture: &RgbaImage) -> DynamicImage {
    let mut paper = RgbaImage::from_pixel(picture.width(), picture.height(), Rgba([255; 4]));
    imageops::overlay(&mut paper, picture, 0, 0);
    DynamicImage::from(paper).into_rgb8().into()
}

/// A square drawing as a PNG of that size; none if it is no SVG.
pub fn drawn(svg: &[u8], size: u32) -> Option<Vec<u8>> {
    let tree = Tree::from_data(svg, &Options::default()).ok()?;
    let scale = size as f32 / tree.size().width();
    let mut pixels = Pixmap::new(size, size)?;
    let larger = Transform::from_scale(scale, scale);
    resvg::render(&tree, larger, &mut pixels.as_mut());
    pixels.encode_png().ok()
}

/// A PNG of 32 pixels a side in the wrapping that browsers look for at `/favicon.ico`.
///
/// Source: the format of ICO files since Windows Vista, a directory of one image and the PNG itself.
pub fn ico(png: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 1, 0, 1, 0]; // reserved, type 1 (icon), one image
    file.extend([32, 32, 0, 0, 1, 0, 32, 0]); // width, height, no palette, reserved, one plane, 32 bits a pixel
    let length = u32::try_from(png.len()).unwrap_or(u32::MAX);
    file.extend(length.to_le_bytes());
    file.extend(22_u32.to_le_bytes()); // where the image begins
    file.extend(png);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let red = RgbaImage::from_pixel(width, height, Rgba([200, 0, 0, 255]));
        develop::png(red.into()).unwrap()
    }

    #[test]
    fn a_wide_picture_stands_whole_in_the_middle_of_its_square() {
        for icon in sizes(&png(64, 32)).unwrap() {
            let shown = image::load_from_memory(&icon.bytes).unwrap().into_rgba8();
            assert_eq!(shown.dimensions(), (icon.size, icon.size));
            let (above, middle) = (shown.get_pixel(icon.size / 2, 1), icon.size / 2);
            let expected = if icon.size == OPAQUE {
                [255; 4]
            } else {
                [0; 4]
            };
            assert_eq!(above.0, expected, "{}", icon.size);
            assert_eq!(shown.get_pixel(middle, middle).0, [200, 0, 0, 255]);
        }
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        assert_eq!(sizes(b"<svg/>").unwrap_err(), Refusal::Unknown);
        assert_eq!(sizes(&png(9, 9)[..60]).unwrap_err(), Refusal::Damaged);
        assert_eq!(sizes(b"%PDF-1.7").unwrap_err(), Refusal::Unknown);
    }

    #[test]
    fn a_drawing_fills_its_square() {
        let svg = br##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 22 22"><rect width="22" height="22" fill="#0f0"/></svg>"##;
        let shown = image::load_from_memory(&drawn(svg, 64).unwrap()).unwrap();
        let shown = shown.into_rgba8();
        assert_eq!(
            (shown.dimensions(), shown.get_pixel(63, 63).0),
            ((64, 64), [0, 255, 0, 255])
        );
        assert!(drawn(b"no", 64).is_none());
    }
}
