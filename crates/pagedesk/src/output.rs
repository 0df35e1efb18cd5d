//! Files that a command writes beside what it prints: traces, approved ones among them, reports, JUnit, scenarios.
//!
//! Invariant: whole or not at all, since a trace that is cut off would be approved.

use std::fs;
use std::path::{Path, PathBuf};

use simulator::play::recording::{Manifest, Recording};

use crate::exit::{Exit, Failure};
use crate::store::whole;

/// The trace of a recording that somebody accepted.
const APPROVED: &str = "approved.trace";
/// Files of recordings; those of stores are beside.
const RECORDED: [&str; 5] = [Manifest::FILE, Recording::DELIVERIES, Recording::FACTS, Recording::CUSTOMERS, APPROVED];

/// Refuses what would replace something that is read or kept: one of these files, or a file of a recording or a store.
pub(crate) fn spares(flag: &str, out: &Path, read: &[&Path]) -> Result<(), Failure> {
    let refused = |what: String, remedy: &str| Err(Failure::new(Exit::Usage, what).remedy(remedy));
    let name = out.file_name().unwrap_or_default();
    let beside = "name a file that is not there yet";
    if let Ok(place) = out.canonicalize()
        && let Some(read) = read.iter().find(|read| read.canonicalize().is_ok_and(|read| read == place))
    {
        return refused(format!("{flag} {} would replace what is read: {}", out.display(), read.display()), beside);
    }
    if name == APPROVED {
        let what = format!("{flag} {} would approve a trace without a word", out.display());
        return refused(what, "pagedesk replay FOLDER --approve accepts it; name another file here");
    }
    let is_kept = RECORDED.iter().chain(&whole::FILES).chain([&whole::MARKER]).any(|kept| name == *kept);
    if is_kept && out.exists() {
        return refused(format!("{flag} {} would replace a file of a recording or a store", out.display()), beside);
    }
    Ok(())
}

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
