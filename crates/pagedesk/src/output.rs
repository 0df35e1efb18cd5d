//! Files that a command writes beside what it prints: traces, approved ones among them, reports, JUnit, scenarios.
//!
//! Invariant: whole or not at all, since a trace that is cut off would be approved.

use std::fs;
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};

/// Said before anything runs, which may take minutes.
pub(crate) fn can_be_written(flag: &str, out: &Path) -> Result<(), Failure> {
    let failure = |what: String| Failure::new(Exit::Configuration, what);
    if out == Path::new("-") {
        let what = format!("{flag} - would mix the file with what is printed");
        return Err(failure(what).remedy(format!("name a file, as {flag} now.file; ./- is one too")));
    }
    if out.is_dir() {
        return Err(failure(format!("{} is a folder", out.display())).remedy("name a file in it"));
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let what = format!("{} cannot be written: there is no folder {}", out.display(), folder.display());
        return Err(failure(what).remedy("make the folder, or name another file"));
    }
    Ok(())
}

/// Writes beside the name, then puts it in its place.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let beside = PathBuf::from(name);
    fs::write(&beside, text).and_then(|()| fs::rename(&beside, path)).map_err(|fault| {
        Failure::new(Exit::Configuration, format!("{} cannot be written: {fault}", path.display()))
            .remedy("check that its folder exists and this process may write there")
    })
}
