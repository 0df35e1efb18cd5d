//! Whether all of a store is there, looked at before anything of it is opened or written.
//!
//! A store that was once begun has a marker, `store.json`, and must have every file that holds what cannot be made
//! again: beside the others a new one would repeat what was done (answers sent twice, numbers given twice). Invariant:
//! nothing is begun in a folder that held more than is there now.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use journal::{FileFault, guarded};
use model::Timestamp;
use serde_json::{Value, json};

use super::{fault_words, loss, unusable};
use crate::exit::{Exit, Failure};

/// What a store cannot be without. Its read models can be made again.
pub(crate) const FILES: [&str; 5] = ["journal.redb", "keys.redb", "inbox.redb", "inbox.wal", "desk.redb"];

/// Says that a store was begun here.
pub(crate) const MARKER: &str = "store.json";

/// Format of the marker written here. A higher one is refused.
const FORMAT: u64 = 1;

/// Whether a store was begun in a folder in which one may be opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Begun {
    /// It was, and says so.
    Marked,
    /// It was not, or before there were markers: mark it once all its files are there.
    Unmarked,
}

/// Whether a store may be opened in `dir`: all of it is there, or nothing was ever in it.
pub(crate) fn look(dir: &Path) -> Result<Begun, Failure> {
    if fs::metadata(dir).is_ok_and(|found| !found.is_dir()) {
        return Err(no_folder(dir));
    }
    let begun = marker(dir)?;
    let lacking = lacking(dir)?;
    if lacking.is_empty() {
        return Ok(begun);
    }
    match begun {
        Begun::Marked => Err(incomplete(dir, &lacking)),
        Begun::Unmarked if is_of_before_the_log(dir, &lacking)? || is_blank(dir)? => Ok(Begun::Unmarked),
        Begun::Unmarked => Err(incomplete(dir, &lacking)),
    }
}

/// Marks a store whose files are all there. `at`: now; `id`: chance.
pub(crate) fn mark(dir: &Path, at: Timestamp, id: [u8; 16]) -> Result<(), Failure> {
    let begun = jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| at.to_string());
    let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("{}\n", json!({ "format": FORMAT, "store": id, "begun": begun }));
    write_marker(dir, &text).map_err(|fault| {
        let what = format!("{} cannot be written: {}", dir.join(MARKER).display(), fault_words(&fault));
        Failure::new(Exit::Configuration, what)
            .remedy("give the process the right to write there, and room on the disk")
    })
}

/// Whole or not at all, and durable with the names of all files of the folder.
fn write_marker(dir: &Path, text: &str) -> io::Result<()> {
    let new = dir.join("store.json.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    File::open(dir)?.sync_all()?;
    fs::rename(&new, dir.join(MARKER))?;
    File::open(dir)?.sync_all()
}

/// What the marker says. One that cannot be made out stands all the same: somebody once wrote it.
fn marker(dir: &Path) -> Result<Begun, Failure> {
    let path = dir.join(MARKER);
    let text = match fs::read(&path) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound || fault.kind() == io::ErrorKind::NotADirectory => {
            return Ok(Begun::Unmarked);
        }
        Err(fault) => {
            let what = format!("{} cannot be read: {}", path.display(), fault_words(&fault));
            return Err(Failure::new(Exit::Configuration, what).remedy("give the process the right to read it"));
        }
        Ok(text) => text,
    };
    let format = serde_json::from_slice::<Value>(&text).ok().and_then(|marker| marker["format"].as_u64());
    if let Some(found) = format.filter(|found| *found > FORMAT) {
        let what = format!("{} has format {found}, this program knows formats up to {FORMAT}", path.display());
        let failure = Failure::new(Exit::Configuration, what);
        return Err(failure.remedy("run the newer pagedesk, or restore a backup of before the upgrade"));
    }
    if format.is_none() {
        tracing::warn!(file = %path.display(), "cannot be read, and stands all the same: a store was begun here");
    }
    Ok(Begun::Marked)
}

/// A file that is not there, or holds nothing.
struct Lacking {
    file: PathBuf,
    is_empty: bool,
}

fn lacking(dir: &Path) -> Result<Vec<Lacking>, Failure> {
    let mut lacking = Vec::new();
    for name in FILES {
        let file = dir.join(name);
        match fs::metadata(&file) {
            Ok(found) if found.is_file() && found.len() == 0 => lacking.push(Lacking { file, is_empty: true }),
            Ok(_) => {}
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => lacking.push(Lacking { file, is_empty: false }),
            Err(fault) => {
                let what = format!("{} cannot be looked at: {}", file.display(), fault_words(&fault));
                return Err(Failure::new(Exit::Configuration, what).remedy("give the process the right to it"));
            }
        }
    }
    Ok(lacking)
}

fn incomplete(dir: &Path, lacking: &[Lacking]) -> Failure {
    let said = |lacking: &Lacking| {
        let state = if lacking.is_empty { "empty" } else { "missing" };
        format!("{} is {state}: {}", lacking.file.display(), loss(&lacking.file))
    };
    let failure = match lacking {
        [one] => Failure::new(Exit::Configuration, said(one)),
        several => {
            let what = format!("the store in {} is not whole:", dir.display());
            Failure::several(Exit::Configuration, what, several.iter().map(said))
        }
    };
    failure.remedy(format!(
        "restore the whole folder {} from one backup; files of different times do not fit together. Nothing was begun \
         or written",
        dir.display()
    ))
}

/// Whether an older pagedesk wrote it, which had no `inbox.wal`.
fn is_of_before_the_log(dir: &Path, lacking: &[Lacking]) -> Result<bool, Failure> {
    match lacking {
        [Lacking { file, is_empty: false }] if file.ends_with("inbox.wal") => {
            journal::knew_no_log(dir).map_err(|fault| unusable(dir, &fault))
        }
        _ => Ok(false),
    }
}

/// Whether nothing was ever put into what is there: a first start that was interrupted.
fn is_blank(dir: &Path) -> Result<bool, Failure> {
    let desk = dir.join("desk.redb");
    let is_there = fs::metadata(&desk).is_ok_and(|found| found.len() > 0);
    let looked = || -> Result<bool, FileFault> {
        Ok(journal::no_traces(dir)? && (!is_there || guarded(Some(&desk), || tracker::desk::is_blank(&desk))?))
    };
    looked().map_err(|fault| unusable(dir, &fault))
}

/// What is said where a folder is asked for and something else is there.
pub(crate) fn no_folder(dir: &Path) -> Failure {
    Failure::new(Exit::Configuration, format!("{} is no folder", dir.display()))
        .remedy("give the folder that holds the store's files")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        files.iter().for_each(|name| fs::write(dir.path().join(name), "something").unwrap());
        dir
    }

    #[test]
    fn an_absent_an_empty_and_a_whole_folder_may_be_opened() {
        let dir = folder(&[]);
        assert_eq!(look(&dir.path().join("nowhere")), Ok(Begun::Unmarked));
        assert_eq!(look(dir.path()), Ok(Begun::Unmarked));
        FILES.iter().for_each(|name| fs::write(dir.path().join(name), "").unwrap());
        assert_eq!(look(dir.path()), Ok(Begun::Unmarked), "files without a byte were made and never begun");
        let dir = folder(&FILES);
        assert_eq!(look(dir.path()), Ok(Begun::Unmarked));
        mark(dir.path(), Timestamp(0), [7; 16]).unwrap();
        assert_eq!(look(dir.path()), Ok(Begun::Marked));
        let marker = dir.path().join(MARKER);
        assert_eq!(fs::metadata(&marker).unwrap().permissions().mode() & 0o777, 0o600);
        let said: Value = serde_json::from_slice(&fs::read(&marker).unwrap()).unwrap();
        assert_eq!((&said["format"], &said["begun"]), (&Value::from(1), &Value::from("1970-01-01T00:00:00Z")));
        assert!(look(&marker).is_err(), "a file is no folder");
    }

    #[test]
    fn a_store_that_was_begun_needs_each_of_its_files() {
        for name in FILES {
            let dir = folder(&FILES);
            mark(dir.path(), Timestamp(0), [7; 16]).unwrap();
            fs::write(dir.path().join(name), "").unwrap();
            assert!(look(dir.path()).is_err(), "{name} is empty");
            fs::remove_file(dir.path().join(name)).unwrap();
            assert!(look(dir.path()).is_err(), "{name} is missing");
        }
        let dir = folder(&[]);
        for marker in ["", "{}", "{\"format\":1}", "{\"format\":2}"] {
            fs::write(dir.path().join(MARKER), marker).unwrap();
            assert!(look(dir.path()).is_err(), "{marker}");
        }
    }

    #[test]
    fn what_cannot_be_made_out_is_not_taken_for_a_first_start() {
        for name in FILES {
            assert!(look(folder(&[name]).path()).is_err(), "{name}");
        }
    }
}
