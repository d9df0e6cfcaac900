//! How the program is linked, so that a blog that waits takes little memory and starts quickly.
//!
//! A system maps a program's pages sixteen at a time, so a function that runs brings in what stands around it. What runs in a
//! blog that starts and waits is a ninth of the program, and is put together. The list of it, `warm.txt`, is made by
//! `benches/warm`; what has another name by now stays where the linker puts it, and costs nothing but its place.

use std::path::Path;
use std::process::Command;
use std::{env, fs, io};

/// The list: a pattern for each function, which its name matches.
const WARM: &str = "src/build/warm.txt";

/// The glibc that first knows packed relocations, as its major and minor number.
const PACKS_SINCE: (u32, u32) = (2, 36);

/// Has the linker put together what runs in a blog that waits, when the program is built to be used, and by a linker that the
/// toolchain chose: another may not read such a script.
pub fn order(out: &Path) -> io::Result<()> {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let is_chosen = env::var_os("RUSTC_LINKER").is_some() || flags.contains("link");
    let list = fs::read_to_string(WARM)?;
    if !is("PROFILE", "release")
        || !is("CARGO_CFG_TARGET_OS", "linux")
        || is_chosen
        || list.is_empty()
    {
        return Ok(());
    }
    let path = out.join("warm.ld");
    fs::write(&path, script(&list))?;
    println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", path.display());
    Ok(())
}

/// Has the linker pack the relocations, a megabyte and a half that is read at each start, into some kilobytes. It does so if
/// the program is built for this very system, as a glibc before 2.36 cannot start what comes of it. A linker that cannot
/// says so, and leaves them as they are.
pub fn pack() {
    let is_for_here = env::var("HOST") == env::var("TARGET") && is("CARGO_CFG_TARGET_ENV", "gnu");
    if is_for_here && glibc().is_some_and(|version| version >= PACKS_SINCE) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

fn is(name: &str, value: &str) -> bool {
    env::var(name).is_ok_and(|found| found == value)
}

/// A script that puts the functions of the list into a section before all others. Each has a section of its own at first,
/// named after it, or after it and that it is unlikely to run.
fn script(list: &str) -> String {
    let mut script = String::from("SECTIONS { .text.warm : { *(\n");
    for name in list.lines().filter(|line| !line.starts_with('#')) {
        for place in [".text.", ".text.unlikely."] {
            script.extend([place, name, "\n"]);
        }
    }
    script.push_str(") } }\nINSERT BEFORE .text;\n");
    script
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
        assert!((2, 4) < PACKS_SINCE && (2, 100) > PACKS_SINCE && (3, 0) > PACKS_SINCE);
    }

    #[test]
    fn a_function_is_found_wherever_the_compiler_puts_it() {
        let script = script("# a remark\n_ZN5tokio4park17h*\nsqlite3_step\n");
        let lines: Vec<_> = script.lines().collect();
        let expected = [
            "SECTIONS { .text.warm : { *(",
            ".text._ZN5tokio4park17h*",
            ".text.unlikely._ZN5tokio4park17h*",
            ".text.sqlite3_step",
            ".text.unlikely.sqlite3_step",
            ") } }",
            "INSERT BEFORE .text;",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn the_list_names_what_every_server_of_a_blog_runs() {
        let list = fs::read_to_string(WARM).unwrap();
        for name in ["sqlite3_step", "_ZN6rowlog4main17h*"] {
            assert!(list.lines().any(|line| line == name), "{name}");
        }
    }
}
