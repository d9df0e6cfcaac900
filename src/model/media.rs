//! A picture, sound or film kept inside the blog's file.

/// A file of the blog, as it is served.
#[derive(Clone, Debug)]
pub struct Media {
    /// From our own table of types, never from the sender.
    pub mime: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A file on its way in.
#[derive(Clone, Debug)]
pub struct NewMedia {
    /// SHA-256 of the bytes, lower-case hex.
    pub hash: String,
    /// The file's name, for people.
    pub name: String,
    /// From our own table of types.
    pub mime: &'static str,
    /// Pixels, for pictures.
    pub width: Option<u32>,
    /// Pixels, for pictures.
    pub height: Option<u32>,
    /// The bytes.
    pub bytes: Vec<u8>,
}
