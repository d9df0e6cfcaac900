//! From the bytes that someone sends to the bytes that the blog keeps: checked, turned, freed of metadata, sized.

use std::fmt;
use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{
    ColorType, DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageFormat, ImageReader,
    Limits,
};

use super::kinds;
use super::strip::{is_animated, strip};
use crate::model::media::{NewVariant, WIDTHS};

/// Pixels of the largest picture that is taken in: 40 megapixels.
pub const MAX_PIXELS: u64 = 40_000_000;

/// Memory that a decoder may ask for: the largest picture with eight bytes a pixel, and room to work.
const MAX_MEMORY: u64 = 512 << 20;

/// JPEG qualities, out of 100: of the picture that is kept, and of its smaller sizes.
const QUALITY: u8 = 85;
const SMALL_QUALITY: u8 = 80;

/// The largest colour profile that is kept.
const MAX_PROFILE: usize = 1 << 20;

/// A file as the blog keeps it.
#[derive(Debug)]
pub struct Developed {
    /// From our own table of types.
    pub mime: &'static str,
    /// Width and height in pixels, as readers see it; none for what is no picture.
    pub size: Option<(u32, u32)>,
    /// The bytes, without metadata.
    pub bytes: Vec<u8>,
    /// The smaller sizes, narrowest first.
    pub variants: Vec<NewVariant>,
}

/// Why a file is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is of no type that a blog keeps.
    Unknown,
    /// A picture with more than [`MAX_PIXELS`], or one that needs more memory than there is for it.
    TooLarge,
    /// It begins as its type does and cannot be read on.
    Damaged,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Unknown => {
                "This is no kind of file that the blog keeps. It takes PNG, JPEG, GIF, WebP and AVIF pictures, MP4 \
                 and WebM films, MP3 and Ogg sound, and PDF."
            }
            Refusal::TooLarge => {
                "This picture has more than 40 million pixels. Make it smaller and send it again."
            }
            Refusal::Damaged => {
                "This file is damaged: it cannot be read to its end. Save it again and send that."
            }
        })
    }
}

/// Takes a file in. Pictures that we can read are read whole, so that nothing but a picture can come out.
///
/// JPEG is written anew. PNG, GIF, WebP and what moves keep their pixels bit for bit, because we could only write them
/// larger or without their movement; they are written anew only to turn them. AVIF, which we cannot read, and films
/// lose their metadata in place.
///
/// Errors: a [`Refusal`], before anything is decoded if the picture's head tells.
pub fn develop(bytes: &[u8]) -> Result<Developed, Refusal> {
    let mime = kinds::sniff(bytes).ok_or(Refusal::Unknown)?;
    if let Some(format) = readable(mime) {
        let picture = decode(bytes, format)?;
        let size = (picture.pixels.width(), picture.pixels.height());
        let moves = is_animated(mime, bytes);
        let kept = match mime {
            "image/jpeg" => picture.jpeg(QUALITY)?,
            "image/png" if picture.was_turned && !moves => picture.png()?,
            "image/webp" if picture.was_turned && !moves => picture.webp()?,
            _ => strip(mime, bytes).ok_or(Refusal::Damaged)?,
        };
        let variants = match kinds::is_sized(mime) && !moves {
            true => sizes(picture, mime, kept.len())?,
            false => Vec::new(),
        };
        return Ok(Developed {
            mime,
            size: Some(size),
            bytes: kept,
            variants,
        });
    }
    let size = match mime {
        "image/avif" => Some(measure(bytes)?),
        _ => None,
    };
    Ok(Developed {
        mime,
        size,
        bytes: strip(mime, bytes).ok_or(Refusal::Damaged)?,
        variants: Vec::new(),
    })
}

/// The smaller sizes of a picture that is kept already.
///
/// Errors: as [`develop`].
pub fn variants(mime: &str, bytes: &[u8]) -> Result<Vec<NewVariant>, Refusal> {
    match readable(mime).filter(|_| kinds::is_sized(mime) && !is_animated(mime, bytes)) {
        Some(format) => sizes(decode(bytes, format)?, mime, bytes.len()),
        None => Ok(Vec::new()),
    }
}

/// A picture as it lies on the screen, alone.
///
/// Errors: as [`develop`]; what is no picture that we can read is [`Refusal::Unknown`].
pub(super) fn pixels(bytes: &[u8]) -> Result<DynamicImage, Refusal> {
    let format = kinds::sniff(bytes)
        .and_then(readable)
        .ok_or(Refusal::Unknown)?;
    Ok(decode(bytes, format)?.pixels)
}

/// Pixels as a PNG.
///
/// Errors: as [`develop`].
pub(super) fn png(pixels: DynamicImage) -> Result<Vec<u8>, Refusal> {
    let picture = Picture {
        pixels,
        profile: None,
        was_turned: false,
    };
    picture.png()
}

fn readable(mime: &str) -> Option<ImageFormat> {
    Some(match mime {
        "image/png" => ImageFormat::Png,
        "image/jpeg" => ImageFormat::Jpeg,
        "image/gif" => ImageFormat::Gif,
        "image/webp" => ImageFormat::WebP,
        _ => return None,
    })
}

/// A picture as it lies on the screen, and its colour profile.
struct Picture {
    pixels: DynamicImage,
    profile: Option<Vec<u8>>,
    was_turned: bool,
}

fn decode(bytes: &[u8], format: ImageFormat) -> Result<Picture, Refusal> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refusal)?;
    let (width, height) = decoder.dimensions();
    bounded(width, height)?;
    let profile = decoder.icc_profile().unwrap_or_default();
    let way = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut pixels = DynamicImage::from_decoder(decoder).map_err(refusal)?;
    pixels.apply_orientation(way);
    let is_grey = !pixels.color().has_color();
    Ok(Picture {
        pixels,
        profile: profile.filter(|profile| fits(profile, is_grey)),
        was_turned: way != Orientation::NoTransforms,
    })
}

fn measure(bytes: &[u8]) -> Result<(u32, u32), Refusal> {
    let size = imagesize::blob_size(bytes).map_err(|_| Refusal::Damaged)?;
    let side = |side: usize| u32::try_from(side).map_err(|_| Refusal::TooLarge);
    let (width, height) = (side(size.width)?, side(size.height)?);
    bounded(width, height)?;
    Ok((width, height))
}

fn bounded(width: u32, height: u32) -> Result<(), Refusal> {
    match u64::from(width) * u64::from(height) {
        0 => Err(Refusal::Damaged),
        pixels if pixels > MAX_PIXELS => Err(Refusal::TooLarge),
        _ => Ok(()),
    }
}

fn refusal(error: ImageError) -> Refusal {
    match error {
        ImageError::Limits(_) => Refusal::TooLarge,
        _ => Refusal::Damaged,
    }
}

/// Whether a profile speaks of the colours as we write them; that of a CMYK file does not. Source: ICC.1, section 7.2.
fn fits(profile: &[u8], is_grey: bool) -> bool {
    let space: &[u8] = if is_grey { b"GRAY" } else { b"RGB " };
    profile.len() <= MAX_PROFILE && profile.get(16..20) == Some(space)
}

/// The sizes of [`WIDTHS`] that are narrower than the picture, each made from the next larger one. One that takes as
/// many bytes as the whole picture is no gain and left out.
fn sizes(picture: Picture, mime: &str, whole: usize) -> Result<Vec<NewVariant>, Refusal> {
    let (width, height) = (picture.pixels.width(), picture.pixels.height());
    let mut narrower: Vec<u32> = WIDTHS.into_iter().filter(|one| *one < width).collect();
    let Some(widest) = narrower.pop() else {
        return Ok(Vec::new());
    };
    let tall = |wide: u32| {
        let tall = u64::from(height) * u64::from(wide) / u64::from(width);
        u32::try_from(tall.max(1)).unwrap_or(u32::MAX)
    };
    // Halving a large picture is quick and costs no sharpness that the next step would keep.
    let near = match width > 2 * widest {
        true => picture.pixels.thumbnail_exact(2 * widest, tall(2 * widest)),
        false => picture.pixels,
    };
    let mut step = Picture {
        pixels: opaque(near),
        ..picture
    };
    let mut made = Vec::new();
    for wide in std::iter::once(widest).chain(narrower.into_iter().rev()) {
        let pixels = step
            .pixels
            .resize_exact(wide, tall(wide), FilterType::CatmullRom);
        step = Picture { pixels, ..step };
        let (mime, bytes) = step.small(mime)?;
        if bytes.len() < whole {
            made.push(NewVariant {
                width: wide,
                mime,
                bytes,
            });
        }
    }
    made.reverse();
    Ok(made)
}

/// Eight bits a channel, and no transparency where nothing is transparent.
fn opaque(pixels: DynamicImage) -> DynamicImage {
    if !pixels.color().has_alpha() {
        return match pixels.color() {
            ColorType::L8 | ColorType::L16 => pixels.into_luma8().into(),
            _ => pixels.into_rgb8().into(),
        };
    }
    let clear = pixels.into_rgba8();
    match clear.pixels().all(|pixel| pixel.0[3] == u8::MAX) {
        true => DynamicImage::from(clear).into_rgb8().into(),
        false => clear.into(),
    }
}

impl Picture {
    /// A smaller size: JPEG for photographs; for drawings and screenshots what keeps their edges, if it is not much
    /// larger. What is transparent stays so.
    fn small(&self, from: &str) -> Result<(&'static str, Vec<u8>), Refusal> {
        if from == "image/jpeg" {
            return Ok(("image/jpeg", self.jpeg(SMALL_QUALITY)?));
        }
        let exact = self.webp()?;
        if self.pixels.color().has_alpha() {
            return Ok(("image/webp", exact));
        }
        let rough = self.jpeg(SMALL_QUALITY)?;
        Ok(match exact.len() <= rough.len() + rough.len() / 2 {
            true => ("image/webp", exact),
            false => ("image/jpeg", rough),
        })
    }

    fn jpeg(&self, quality: u8) -> Result<Vec<u8>, Refusal> {
        let mut out = Vec::new();
        self.write(JpegEncoder::new_with_quality(&mut out, quality))?;
        Ok(out)
    }

    fn png(&self) -> Result<Vec<u8>, Refusal> {
        let mut out = Vec::new();
        let (packed, filter) = (CompressionType::Default, PngFilter::Adaptive);
        self.write(PngEncoder::new_with_quality(&mut out, packed, filter))?;
        Ok(out)
    }

    /// Without loss.
    fn webp(&self) -> Result<Vec<u8>, Refusal> {
        let mut out = Vec::new();
        self.write(WebPEncoder::new_lossless(&mut out))?;
        Ok(out)
    }

    fn write<E: ImageEncoder>(&self, mut encoder: E) -> Result<(), Refusal> {
        if let Some(profile) = &self.profile {
            // An encoder without room for a profile says so, and the colours are then the usual ones.
            let _ = encoder.set_icc_profile(profile.clone());
        }
        self.pixels.write_with_encoder(encoder).map_err(refusal)
    }
}

#[cfg(test)]
mod tests;
