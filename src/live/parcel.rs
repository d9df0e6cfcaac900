//! Blocks on their way to many sockets, framed once for all of them.

use bytes::Bytes;

/// Some blocks of a stream, as they are and as one chunk of an HTTP/1.1 body. Source: RFC 9112, section 7.1.
#[derive(Clone, Debug, Default)]
pub struct Parcel {
    chunk: Bytes,
    /// Where the blocks begin in the chunk, and where they end.
    plain: (usize, usize),
    blocks: u64,
}

impl Parcel {
    /// What `blocks` are together. Of none, or of empty ones, it is empty: an empty chunk would be the end of the body.
    pub fn of(blocks: &[Bytes]) -> Parcel {
        let length: usize = blocks.iter().map(Bytes::len).sum();
        if length == 0 {
            return Parcel::default();
        }
        let head = format!("{length:x}\r\n");
        let mut chunk = Vec::with_capacity(head.len() + length + 2);
        chunk.extend_from_slice(head.as_bytes());
        blocks
            .iter()
            .for_each(|block| chunk.extend_from_slice(block));
        chunk.extend_from_slice(b"\r\n");
        Parcel {
            chunk: chunk.into(),
            plain: (head.len(), head.len() + length),
            blocks: blocks.len() as u64,
        }
    }

    /// The bytes for a peer who reads chunks, or for one who does not.
    pub fn bytes(&self, is_chunked: bool) -> Bytes {
        let (start, end) = self.plain;
        match is_chunked {
            true => self.chunk.clone(),
            false => self.chunk.slice(start..end),
        }
    }

    /// How many blocks are in it.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_one_chunk_or_what_they_are() {
        let parcel = Parcel::of(&[Bytes::from("id: 1\n\n"), Bytes::from("id: 2\n\n")]);
        assert_eq!(parcel.bytes(true), "e\r\nid: 1\n\nid: 2\n\n\r\n");
        assert_eq!(parcel.bytes(false), "id: 1\n\nid: 2\n\n");
        assert_eq!(parcel.blocks(), 2);
    }

    #[test]
    fn nothing_is_no_chunk() {
        assert!(Parcel::of(&[Bytes::new()]).bytes(true).is_empty());
        assert!(Parcel::of(&[]).bytes(false).is_empty());
    }
}
