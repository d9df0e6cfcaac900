//! Whether the program's relocations can be packed: a megabyte and a half of it is the list of them, all of which is read at
//! each start. As `DT_RELR` the list is some kilobytes, but a glibc before 2.36 cannot start what has one.

use std::env;
use std::process::Command;

/// The glibc that first knows packed relocations, as its major and minor number.
const SINCE: (u32, u32) = (2, 36);

/// Has the linker pack them if the program is built for this very system, and this system can start it.
///
/// A linker that cannot pack them says so and leaves them as they are.
pub fn pack() {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let is_for_here = env::var("HOST") == env::var("TARGET");
    if is_for_here
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && glibc().is_some_and(|version| version >= SINCE)
    {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of the glibc that this system runs.
fn glibc() -> Option<(u32, u32)> {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    version(&String::from_utf8(said.ok()?.stdout).ok()?)
}

/// The version out of `glibc 2.36`.
fn version(said: &str) -> Option<(u32, u32)> {
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    let minor = minor.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_the_system_says_it() {
        assert_eq!(version("glibc 2.36\n"), Some((2, 36)));
        assert_eq!(version("glibc 2.31.9000"), Some((2, 31)));
        assert_eq!(version("musl 1.2"), None);
        assert_eq!(version(""), None);
        assert!((2, 4) < SINCE && (2, 100) > SINCE && (3, 0) > SINCE);
    }
}
