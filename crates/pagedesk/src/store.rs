//! The store's folder from outside: whether a node may begin there, and why one cannot. Opens and writes nothing.
//!
//! Invariant: every complaint names a file or folder, says what is lost with it, and what to do.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use journal::{FileFault, OpenFault};
use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::process::geteuid;

use crate::exit::{Exit, Failure};

/// Why a store cannot be used, and what to do.
pub(crate) fn unusable(dir: &Path, fault: &FileFault) -> Failure {
    let file = fault.file.as_deref().unwrap_or(dir);
    let (name, dir) = (file.display(), dir.display());
    let failure = |what: String| Failure::new(Exit::Configuration, what);
    match &fault.fault {
        OpenFault::Locked => failure(format!("another process has the store {dir} open")).remedy(format!(
            "end that process, or give this one a folder of its own. If there is none, {name} is damaged: restore a backup"
        )),
        OpenFault::Newer { .. } => failure(format!("{name}: {}", fault.fault))
            .remedy("run the newer pagedesk, or restore a backup of before the upgrade"),
        OpenFault::Damaged { what } => failure(format!("{name} is damaged: {what}")).remedy(format!(
            "keep a copy of the folder {dir} as it is, then restore the folder from a backup. \
             `pagedesk journal verify --dir {dir}` tells what can still be read"
        )),
        OpenFault::Missing => failure(format!("{name} is missing: {}", loss(file))).remedy(format!(
            "restore it from the backup that the other files of {dir} belong to, or the whole folder; \
             without a backup, move the folder away and begin an empty one"
        )),
        OpenFault::Io(_) => failure(format!("{name}: {}", fault.fault))
            .remedy("check that it exists, that this process may use it, and that the disk is well and not full"),
    }
}

/// What is gone with a file of the store.
pub(crate) fn loss(file: &Path) -> &'static str {
    match file.file_name().and_then(|name| name.to_str()) {
        Some("keys.redb") => {
            "it holds the keys that open what customers said and are called; without it nothing of that in this store can \
             ever be read again"
        }
        Some("journal.redb") => "it holds everything that was decided: conversations, their tasks, what was sent",
        Some("inbox.redb" | "inbox.wal") => {
            "it holds the raw deliveries; without it those that were acknowledged and not worked off are lost"
        }
        Some("desk.redb") => "it holds the tasks and comments of the embedded desk",
        Some(_) | None => "it belongs to the store",
    }
}

/// Refuses a store without its keys: new ones would be made, and everything sealed be unreadable for good. Says loudly
/// what else is gone.
pub(crate) fn is_whole(dir: &Path) -> Result<(), Failure> {
    // A first start makes it after the keys and before the inbox; an empty one was never begun.
    if !fs::metadata(dir.join("journal.redb")).is_ok_and(|journal| journal.len() > 0) {
        return Ok(());
    }
    let missing = |name: &str| Some(dir.join(name)).filter(|file| !file.exists());
    if let Some(keys) = missing("keys.redb") {
        return Err(unusable(dir, &FileFault { file: Some(keys), fault: OpenFault::Missing }));
    }
    for file in [missing("inbox.redb"), missing("inbox.wal"), missing("desk.redb")].into_iter().flatten() {
        tracing::error!(file = %file.display(), "missing beside a journal, and begun anew: {}", loss(&file));
    }
    Ok(())
}

/// Why a node of this process could not keep its store in `dir`, in words; nothing is made.
pub(crate) fn obstacle(dir: &Path) -> Option<String> {
    match fs::metadata(dir) {
        Ok(found) if !found.is_dir() => Some("is no folder".to_owned()),
        Ok(_) => unwritable(dir).or_else(|| {
            let files = ["keys.redb", "journal.redb", "inbox.redb", "inbox.wal", "desk.redb", "view.redb"];
            files.iter().map(|name| dir.join(name)).find_map(|file| unwritable_file(&file))
        }),
        Err(fault) if is_absence(fault.kind()) => match nearest(dir) {
            Some(above) if above == dir => Some("is a link that leads nowhere".to_owned()),
            Some(above) if !above.is_dir() => Some(format!("cannot be made: {} is no folder", above.display())),
            Some(above) => unwritable(&above).map(|why| format!("cannot be made: {} {why}", above.display())),
            None => Some("cannot be made: no folder above it exists".to_owned()),
        },
        Err(fault) => Some(format!("cannot be reached: {fault}")),
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
    refusal(dir, Access::WRITE_OK | Access::EXEC_OK)
}

/// What the system says to reading or writing, with the rights that count: those in force.
fn refusal(path: &Path, access: Access) -> Option<String> {
    let why = io::Error::from(accessat(CWD, path, access, AtFlags::EACCESS).err()?);
    Some(if why.kind() == io::ErrorKind::PermissionDenied {
        format!("may not be written by who runs this (user id {})", geteuid().as_raw())
    } else if why.kind() == io::ErrorKind::ReadOnlyFilesystem {
        "lies on a file system that is read-only".to_owned()
    } else {
        format!("cannot be used: {why}")
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
    fn a_journal_without_its_keys_is_refused_and_an_empty_folder_is_not() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(is_whole(dir.path()), Ok(()));
        fs::write(dir.path().join("journal.redb"), "something").unwrap();
        assert!(is_whole(dir.path()).is_err());
        fs::write(dir.path().join("keys.redb"), "").unwrap();
        assert_eq!(is_whole(dir.path()), Ok(()));
    }
}
