//! Takes out of a file what it says about its maker – place, camera, author – and leaves every pixel as it was.
//!
//! Only what a container needs to be shown is copied; what follows its end is left behind, so that no second file
//! hides in a picture. A colour profile stays: without it the colours would be others.

mod boxes;
mod gif;
mod jpeg;
mod png;
mod webp;

/// The file without its metadata; `None` if it is not built as its type is.
///
/// A type without a cure here (sound, `webm`, documents) is returned as it is.
pub fn strip(mime: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    match mime {
        "image/jpeg" => jpeg::strip(bytes),
        "image/png" => png::strip(bytes),
        "image/gif" => gif::strip(bytes),
        "image/webp" => webp::strip(bytes),
        "image/avif" => boxes::strip_picture(bytes),
        "video/mp4" => boxes::strip_film(bytes),
        _ => Some(bytes.to_vec()),
    }
}

/// Whether a picture moves.
pub fn is_animated(mime: &str, bytes: &[u8]) -> bool {
    match mime {
        "image/png" => png::is_animated(bytes),
        "image/webp" => webp::is_animated(bytes),
        "image/gif" => gif::frames(bytes) > 1,
        _ => false,
    }
}

/// Whether a JPEG lies on its side, so that its width is what readers see as its height.
pub fn is_turned(mime: &str, bytes: &[u8]) -> bool {
    mime == "image/jpeg" && jpeg::orientation(bytes).is_some_and(|way| (5..=8).contains(&way))
}
