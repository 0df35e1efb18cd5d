//! The store's folder from outside: whether a node may begin there, and why one cannot. Nothing of a store is written.
//!
//! Invariant: every complaint names a file or folder, says what is lost with it, and what to do; our own words come
//! first, those of the system and of libraries in brackets.

pub(crate) mod whole;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use journal::{FileFault, OpenFault, ReadOnlyJournal};
use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::process::geteuid;

use crate::exit::{Exit, Failure};

/// Why a store cannot be used, and what to do.
pub(crate) fn unusable(dir: &Path, fault: &FileFault) -> Failure {
    let file = fault.file.as_deref().unwrap_or(dir);
    let (name, dir) = (file.display(), dir.display());
    let failure = |what: String| Failure::new(Exit::Configuration, what);
    match &fault.fault {
        OpenFault::Locked => failure(format!("another process has the store {dir} open"))
            .remedy("end that process, or give this one a folder of its own"),
        OpenFault::Newer { .. } => failure(format!("{name}: {}", fault.fault))
            .remedy("run the newer pagedesk, or restore a backup of before the upgrade"),
        OpenFault::Damaged { what } => failure(format!("{name} is damaged: {what}")).remedy(format!(
            "keep a copy of the folder {dir} as it is, then restore the folder from a backup. \
             `pagedesk journal verify --dir {dir}` tells what can still be read"
        )),
        OpenFault::Missing => failure(format!("{name} is missing: {}", loss(file))).remedy(format!(
            "restore the whole folder {dir} from one backup; files of different times do not fit together"
        )),
        OpenFault::Io(why) => failure(format!("{name} cannot be used: {}", fault_words(why)))
            .remedy("check that it exists, that this process may use it, and that the disk is well and not full"),
    }
}

const WORDS: [(io::ErrorKind, &str); 10] = [
    (io::ErrorKind::NotFound, "it is not there"),
    (io::ErrorKind::PermissionDenied, "this process has no right to it"),
    (io::ErrorKind::AlreadyExists, "something else is there"),
    (io::ErrorKind::NotADirectory, "a part of its path is no folder"),
    (io::ErrorKind::IsADirectory, "it is a folder"),
    (io::ErrorKind::ReadOnlyFilesystem, "it lies on a file system that is read-only"),
    (io::ErrorKind::StorageFull, "the disk is full"),
    (io::ErrorKind::InvalidData, "it is not text"),
    (io::ErrorKind::AddrInUse, "something listens there already"),
    (io::ErrorKind::AddrNotAvailable, "this machine has no such address"),
];

/// Opens journal, keys and inbox of a store, if one lies there, and closes them again; beside a running node too.
pub(crate) fn opens(dir: &Path) -> Result<(), Failure> {
    if !dir.join("journal.redb").exists() {
        return Ok(());
    }
    let opened = ReadOnlyJournal::open(dir).and_then(|store| store.stats().and_then(|_| store.inbox_stats()));
    opened.map(drop).map_err(|fault| unusable(dir, &fault))
}

/// What the system says, in our words, with its own in brackets.
pub(crate) fn fault_words(fault: &io::Error) -> String {
    let known = WORDS.iter().find(|(kind, _)| *kind == fault.kind());
    let own = known.map_or("the system refuses", |(_, own)| own);
    let said = fault.to_string();
    format!("{own} ({})", said.split(" (os error ").next().unwrap_or_default())
}

/// What is gone with a file of the store.
pub(crate) fn loss(file: &Path) -> &'static str {
    match file.file_name().and_then(|name| name.to_str()) {
        Some("keys.redb") => {
            "it holds the keys that open what customers said and are called; without it nothing of that in this store can \
             ever be read again"
        }
        Some("journal.redb") => {
            "it holds everything that was decided: conversations, their tasks, what was sent; without it answers would be \
             sent again and tasks be doubled"
        }
        Some("inbox.redb" | "inbox.wal") => {
            "it holds the raw deliveries; without it those that were acknowledged and not worked off are lost"
        }
        Some("desk.redb") => {
            "it holds the tasks and comments of the embedded desk; without it conversations would find other customers' \
             tasks under the numbers of theirs"
        }
        Some(_) | None => "it belongs to the store",
    }
}

/// Why a node of this process could not keep its store in `dir`, in words; nothing is made.
pub(crate) fn obstacle(dir: &Path) -> Option<String> {
    match fs::metadata(dir) {
        Ok(found) if !found.is_dir() => Some("is no folder".to_owned()),
        Ok(_) => unwritable(dir).or_else(|| {
            let names = whole::FILES.iter().chain(&["view.redb", whole::MARKER]);
            names.map(|name| dir.join(name)).find_map(|file| unwritable_file(&file))
        }),
        Err(fault) if is_absence(fault.kind()) => match nearest(dir) {
            Some(above) if above == dir => Some("is a link that leads nowhere".to_owned()),
            Some(above) if !above.is_dir() => Some(format!("cannot be made: {} is no folder", above.display())),
            Some(above) => unwritable(&above).map(|why| format!("cannot be made: {} {why}", above.display())),
            None => Some("cannot be made: no folder above it exists".to_owned()),
        },
        Err(fault) => Some(format!("cannot be reached: {}", fault_words(&fault))),
    }
}

fn is_absence(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The nearest of the path and the folders above it that is there, if only as a link.
fn nearest(dir: &Path) -> Option<PathBuf> {
    let here = |path: &Path| if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() };
    dir.ancestors().map(here).find(|path| path.symlink_metadata().is_ok())
}

fn unwritable_file(file: &Path) -> Option<String> {
    let name = file.file_name().unwrap_or_default().display();
    match fs::metadata(file) {
        Ok(found) if !found.is_file() => Some(format!("has a {name} that is no file")),
        Ok(_) => refusal(file, Access::READ_OK | Access::WRITE_OK).map(|why| format!("has a {name} that {why}")),
        Err(_) => None,
    }
}

fn unwritable(dir: &Path) -> Option<String> {
    refusal(dir, Access::WRITE_OK | Access::EXEC_OK).or_else(|| unmakable(dir))
}

/// Tries it: some file systems, as /proc, promise what they do not keep. The folder is gone again at once.
fn unmakable(dir: &Path) -> Option<String> {
    let probed = tempfile::Builder::new().prefix(".pagedesk-check-").tempdir_in(dir).and_then(tempfile::TempDir::close);
    probed.err().map(|fault| format!("takes no folder: {}", fault_words(&fault)))
}

/// What the system says to reading or writing, with the rights that count: those in force.
fn refusal(path: &Path, access: Access) -> Option<String> {
    let why = io::Error::from(accessat(CWD, path, access, AtFlags::EACCESS).err()?);
    Some(if why.kind() == io::ErrorKind::PermissionDenied {
        format!("may not be written by who runs this (user id {})", geteuid().as_raw())
    } else if why.kind() == io::ErrorKind::ReadOnlyFilesystem {
        "lies on a file system that is read-only".to_owned()
    } else {
        format!("cannot be used: {}", fault_words(&why))
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_folder_that_is_there_or_can_be_made_is_no_obstacle_and_stays_unmade() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(obstacle(dir.path()), None);
        assert_eq!(obstacle(&dir.path().join("a/b/c")), None);
        assert!(!dir.path().join("a").exists());
        assert_eq!(obstacle(Path::new("some-folder-of-the-working-directory")), None);
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(obstacle(&file).unwrap(), "is no folder");
        let said = obstacle(&file.join("deep/state")).unwrap();
        assert_eq!(said, format!("cannot be made: {} is no folder", file.display()));
        symlink("nowhere", dir.path().join("link")).unwrap();
        assert_eq!(obstacle(&dir.path().join("link")).unwrap(), "is a link that leads nowhere");
        fs::create_dir(dir.path().join("keys.redb")).unwrap();
        assert_eq!(obstacle(dir.path()).unwrap(), "has a keys.redb that is no file");
    }

    #[test]
    fn a_file_system_that_takes_no_folder_is_found() {
        let said = obstacle(Path::new("/proc/pagedesk/state")).unwrap();
        assert!(said.starts_with("cannot be made: /proc "), "{said}");
    }
}
