//! Bodies that the system sends without copying them: it has them in a file of its own, in memory.
//!
//! Of what a page costs that lies ready a fifth is that copy, and a half if it is sent as it is. It is worth a descriptor for what
//! is asked for often.

use std::fs::File;
use std::io::{self, IoSlice};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::io::Interest;
use tokio::net::TcpStream;

/// Bytes below which a body is sent as quickly from where it is.
const SMALLEST: usize = 4 << 10;

/// Bodies that the system holds at most, each of which takes a descriptor, and bytes of all of them.
const MOST: usize = 32;
const ROOM: usize = 8 << 20;

/// What the system holds now.
static HELD: Held = Held::nothing();

/// Files, and bytes in them.
struct Held(Mutex<(usize, usize)>);

impl Held {
    const fn nothing() -> Held {
        Held(Mutex::new((0, 0)))
    }

    fn lock(&self) -> MutexGuard<'_, (usize, usize)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body in the system's hands.
pub(super) struct Memfd {
    file: File,
    length: usize,
    held: &'static Held,
}

impl Memfd {
    /// Whether it makes a difference to such a body.
    pub(super) fn is_worth_it(body: &[u8]) -> bool {
        body.len() >= SMALLEST
    }

    /// Hands a body over, if there is room.
    pub(super) fn of(body: &[u8]) -> Option<Memfd> {
        Memfd::among(&HELD, body)
    }

    fn among(held: &'static Held, body: &[u8]) -> Option<Memfd> {
        let (mut all, length) = (held.lock(), body.len());
        if all.0 == MOST || all.1 + length > ROOM {
            return None;
        }
        // Where there is none it goes as it did before.
        let file = system::file(body).ok()?;
        *all = (all.0 + 1, all.1 + length);
        Some(Memfd { file, length, held })
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
        let mut all = self.held.lock();
        *all = (all.0 - 1, all.1 - self.length);
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
        static HELD: Held = Held::nothing();
        let of = |body: &[u8]| Memfd::among(&HELD, body);
        assert!(of(&vec![b'x'; ROOM + 1]).is_none(), "too large");
        let many: Vec<_> = (0..MOST).filter_map(|_| of(b"few")).collect();
        assert!(many.len() == MOST && of(b"few").is_none(), "too many");
        drop(many);
        let large = vec![b'x'; ROOM / 2 + 1];
        let first = of(&large);
        assert!(first.is_some() && of(&large).is_none(), "too much");
        drop(first);
        assert!(of(&large).is_some(), "there is room again");
    }
}
