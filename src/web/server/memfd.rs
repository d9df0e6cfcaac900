//! Bodies that the system sends without copying them: it has them in a file of its own, in memory.
//!
//! Of a page of 200 kB as it is, half of what sending costs is that copy. It is worth a descriptor for what is large, and asked
//! for often.

use std::fs::File;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::Interest;
use tokio::net::TcpStream;

/// Bytes below which a body is sent as quickly from where it is.
const SMALLEST: usize = 64 << 10;

/// Bytes of all bodies that the system holds, and so the most descriptors that they take: as many as the smallest fit in.
const ROOM: usize = 2 << 20;

/// Bytes that the system holds now.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// A body in the system's hands.
pub(super) struct Memfd {
    file: File,
    length: usize,
}

impl Memfd {
    /// Hands a body over, if it is large enough, and if there is room.
    pub(super) fn of(body: &[u8]) -> Option<Memfd> {
        let length = body.len();
        let is_room = |held: usize| (held + length <= ROOM).then_some(held + length);
        if length < SMALLEST
            || HELD
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_room)
                .is_err()
        {
            return None;
        }
        match system::file(body) {
            Ok(file) => Some(Memfd { file, length }),
            // It goes as it did before.
            Err(_) => {
                HELD.fetch_sub(length, Ordering::Relaxed);
                None
            }
        }
    }

    /// Sends the body from `at` on, once there is no head left to be sent before it. Says how many bytes went.
    pub(super) fn send(
        &self,
        head: &[IoSlice<'_>],
        at: usize,
        socket: &TcpStream,
    ) -> io::Result<usize> {
        socket.try_io(Interest::WRITABLE, || {
            match head.iter().all(|part| part.is_empty()) {
                false => system::send_before(head, socket),
                true => system::send_file(&self.file, at as u64, self.length - at, socket),
            }
        })
    }
}

impl Drop for Memfd {
    fn drop(&mut self) {
        HELD.fetch_sub(self.length, Ordering::Relaxed);
    }
}

/// Sources: memfd_create(2), send(2), sendfile(2).
#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use super::*;

    use std::io::Write;

    use rustix::fs::{MemfdFlags, memfd_create, sendfile};
    use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};

    pub(super) fn file(body: &[u8]) -> io::Result<File> {
        let mut file = File::from(memfd_create("page", MemfdFlags::CLOEXEC)?);
        file.write_all(body)?;
        Ok(file)
    }

    /// Sends what something will follow at once, and so leaves together with it.
    pub(super) fn send_before(parts: &[IoSlice<'_>], socket: &TcpStream) -> io::Result<usize> {
        let mut nothing = SendAncillaryBuffer::default();
        Ok(sendmsg(
            socket,
            parts,
            &mut nothing,
            SendFlags::MORE | SendFlags::NOSIGNAL,
        )?)
    }

    pub(super) fn send_file(
        file: &File,
        mut at: u64,
        count: usize,
        socket: &TcpStream,
    ) -> io::Result<usize> {
        Ok(sendfile(socket, file, Some(&mut at), count)?)
    }
}

/// Other systems send from where the body is.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod system {
    use super::*;

    pub(super) fn file(_: &[u8]) -> io::Result<File> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn send_before(_: &[IoSlice<'_>], _: &TcpStream) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn send_file(_: &File, _: u64, _: usize, _: &TcpStream) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_handed_no_more_than_there_is_room_for() {
        assert!(Memfd::of(&[b'x'; SMALLEST - 1]).is_none(), "too small");
        assert!(Memfd::of(&vec![b'x'; ROOM + 1]).is_none(), "too large");
        let large = vec![b'x'; ROOM / 2];
        let (first, second) = (Memfd::of(&large), Memfd::of(&large));
        assert!(first.is_some() && second.is_some());
        assert!(Memfd::of(&large).is_none(), "all is taken");
        drop(first);
        assert!(Memfd::of(&large).is_some(), "there is room again");
    }
}
