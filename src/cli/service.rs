//! What a service manager hands over, and what it wants to hear: a socket that listens already, and how far the server is.
//!
//! While the manager holds the socket nobody is refused between the end of one server and the start of the next: whoever
//! comes then waits in the socket's queue. Source: sd_listen_fds(3), sd_notify(3).

use std::env;
use std::ffi::OsStr;
use std::io;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use listenfd::ListenFd;

use crate::error::{Error, Result};

/// The socket that was handed over to this process (`LISTEN_FDS`, `LISTEN_PID`), if there is one.
///
/// Errors: [`Error::Io`] if it is no TCP socket that listens.
pub fn socket() -> Result<Option<TcpListener>> {
    let taken = ListenFd::from_env().take_tcp_listener(0);
    taken.map_err(Error::io(
        "the socket that was handed over cannot be used; give one address to its ListenStream=",
    ))
}

/// Tells the service manager, if it listens (`NOTIFY_SOCKET`), that the server is `READY=1` or `STOPPING=1`. A server
/// that nobody hears serves all the same.
pub fn tell(state: &str) {
    let Some(place) = env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    if let Err(error) = send(&place, state) {
        tracing::warn!("the service manager cannot be told {state}: {error}");
    }
}

fn send(place: &OsStr, state: &str) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.send_to_addr(state.as_bytes(), &address(place)?)?;
    Ok(())
}

/// A path, or after an `@` a name outside of any file system, which only Linux has.
fn address(place: &OsStr) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let [b'@', name @ ..] = place.as_bytes() {
        use std::os::linux::net::SocketAddrExt;
        return SocketAddr::from_abstract_name(name);
    }
    SocketAddr::from_pathname(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_is_told_by_a_path_or_by_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let name = format!("@rowlog-{}", std::process::id());
        for place in [path.as_os_str(), OsStr::new(&name)] {
            let manager = UnixDatagram::bind_addr(&address(place).unwrap()).unwrap();
            send(place, "READY=1").unwrap();
            let mut heard = [0; 16];
            let length = manager.recv(&mut heard).unwrap();
            assert_eq!(&heard[..length], b"READY=1");
        }
        assert!(send(OsStr::new("/nowhere/at/all"), "READY=1").is_err());
    }
}
