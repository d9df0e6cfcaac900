//! The build script: makes what pages name out of `assets/`, small, and compressed, once and for all.
//!
//! The program embeds what this writes, so that a server has nothing to make when it starts. For the same reason, and for
//! its memory, the program is linked with care. The modules beside this file are tested with the program's own tests.

mod bundle;
mod link;
mod minify;
mod script;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use zopfli::{Format, Options};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", bundle::FOLDER);
    println!("cargo::rerun-if-changed=src/build");
    let out = env::var_os("OUT_DIR").expect("cargo names a folder for what is built");
    let out = PathBuf::from(out);
    link::pack();
    link::order(&out)?;
    let out = out.join("assets");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir(&out)?;
    for entry in fs::read_dir(bundle::FOLDER)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        match name.filter(|name| !name.ends_with(".js")) {
            Some(name) => keep(&out, name, &fs::read(&path)?)?,
            None => continue, // a module, which is part of a script
        }
    }
    for name in bundle::SCRIPTS {
        keep(&out, name, minify::minify(&bundle::bundle(name)).as_bytes())?;
    }
    Ok(())
}

/// Writes the file, and beside it the same, compressed.
fn keep(out: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::write(out.join(name), bytes)?;
    let compressed = fs::File::create(out.join(format!("{name}.gz")))?;
    zopfli::compress(Options::default(), Format::Gzip, bytes, compressed)
}
