//! The key beside the blog's file: what the server must read, but a copy of the file must not tell, is sealed with it.
//!
//! It lies in the same folder and not in the file, so that a backup, a replica or a page of the file that got lost is not
//! enough. Whoever can read the folder has both; and whoever can do that is the owner already.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};

use crate::error::{Error, Result};
use crate::random;

/// The name of the key's file in the folder of the blog.
const FILE: &str = "rowlog.key";

/// Bytes of a nonce, which stands before what it sealed. Random: few things are ever sealed with one key.
const NONCE: usize = 12;

/// Where a blog's key is, if it has one yet.
#[derive(Clone, Debug)]
pub struct KeyFile(PathBuf);

impl KeyFile {
    /// The key of the blog in `folder`.
    pub fn beside(folder: &Path) -> KeyFile {
        KeyFile(folder.join(FILE))
    }

    /// Seals `secret`, with a new key if there is none.
    ///
    /// Errors: [`Error::Io`] or [`Error::Refused`] with one line if the key can be neither read nor made.
    pub fn seal(&self, secret: &[u8]) -> Result<Vec<u8>> {
        let cipher = match self.read()? {
            Some(cipher) => cipher,
            None => self.make()?,
        };
        let nonce: [u8; NONCE] = random::bytes()?;
        let sealed = cipher.encrypt(&Nonce::from(nonce), secret);
        let sealed = sealed.map_err(|_| Error::Refused("a secret cannot be sealed".into()))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// What was sealed.
    ///
    /// Errors: [`Error::Refused`] with one line if the key is gone or is not the one it was sealed with.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>> {
        let wrong = |what: &str| {
            Error::Refused(format!(
                "{} {what}; put back the one that belongs to this blog, or go on without it with `rowlog password --no-code`",
                self.0.display()
            ))
        };
        let cipher = self.read()?.ok_or_else(|| wrong("is missing"))?;
        let opened = sealed
            .split_first_chunk::<NONCE>()
            .and_then(|(nonce, rest)| cipher.decrypt(&Nonce::from(*nonce), rest).ok());
        opened.ok_or_else(|| wrong("is another blog's"))
    }

    fn read(&self) -> Result<Option<ChaCha20Poly1305>> {
        let shown = self.0.display();
        match fs::read(&self.0) {
            Ok(bytes) => match <[u8; 32]>::try_from(bytes) {
                Ok(key) => Ok(Some(cipher(key))),
                Err(_) => Err(Error::Refused(format!("{shown} is no key of a blog"))),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::Io(format!("cannot read {shown}"), error)),
        }
    }

    /// Makes a key, and returns once it is on disk: what it seals is worth nothing without it.
    fn make(&self) -> Result<ChaCha20Poly1305> {
        let failed = |error| Error::Io(format!("cannot write {}", self.0.display()), error);
        let key: [u8; 32] = random::bytes()?;
        let file = File::options()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&self.0);
        let mut file = file.map_err(failed)?;
        file.write_all(&key).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        let folder = self.0.parent().unwrap_or(Path::new("."));
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(failed)?;
        Ok(cipher(key))
    }
}

fn cipher(key: [u8; 32]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&Key::from(key))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_the_key_that_sealed_opens_and_only_the_owner_may_read_it() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (key, other) = (KeyFile::beside(here.path()), KeyFile::beside(there.path()));
        assert!(key.open(b"sealed by nobody at all").is_err());
        let sealed = key.seal(b"a secret").unwrap();
        assert!(!sealed.windows(8).any(|bytes| bytes == b"a secret"));
        assert_eq!(key.open(&sealed).unwrap(), b"a secret");
        assert_eq!(
            KeyFile::beside(here.path()).open(&sealed).unwrap(),
            b"a secret"
        );
        assert_ne!(key.seal(b"a secret").unwrap(), sealed);
        let mode = fs::metadata(here.path().join(FILE)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);

        other.seal(b"another secret").unwrap();
        assert!(
            other
                .open(&sealed)
                .unwrap_err()
                .to_string()
                .contains("another blog's")
        );
        let mut touched = sealed.clone();
        touched[NONCE] ^= 1;
        assert!(key.open(&touched).is_err() && key.open(b"short").is_err());
        fs::remove_file(here.path().join(FILE)).unwrap();
        assert!(
            key.open(&sealed)
                .unwrap_err()
                .to_string()
                .contains("is missing")
        );
        fs::write(here.path().join(FILE), "no key").unwrap();
        assert!(key.seal(b"a secret").is_err());
    }
}
