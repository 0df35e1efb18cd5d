//! A boundary around the storage engine: what it makes of bytes that it never wrote becomes a fault that names a file.
//!
//! redb trusts a file that was closed in order and may panic over one that was changed behind its back (said at
//! `redb::Database::open`, read 2026-11-23). Such a panic is caught where a file is opened or read, never further up.
//! Invariant: no panic leaves a guard, and while one is on the stack [`is_guarded`] says so to a panic hook, which then
//! need not frighten anybody.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::database::OpenFault;

thread_local! {
    /// Guards on this thread's stack.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// The file that the innermost guard that names files has come to.
    static FILE: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
}

/// A fault and the file it is about.
#[derive(Debug)]
pub struct FileFault {
    /// The file, where it has a name.
    pub file: Option<PathBuf>,
    /// What is wrong with it.
    pub fault: OpenFault,
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}: {}", file.display(), self.fault),
            None => self.fault.fmt(f),
        }
    }
}

impl std::error::Error for FileFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.fault)
    }
}

/// Whether this thread works inside a guard: a panic now is caught and comes back as a fault.
pub fn is_guarded() -> bool {
    DEPTH.get() > 0
}

/// Runs `work`, which opens or reads files of a store. A panic inside is damage; every fault names the file that was
/// opened or read last: `file`, or one that the store came to meanwhile.
///
/// # Errors
/// What `work` says, or [`OpenFault::Damaged`].
pub fn guarded<T, E: Into<OpenFault>>(
    file: Option<&Path>,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, FileFault> {
    let outer = FILE.replace(file.map(Path::to_owned));
    let done = caught(work);
    let file = FILE.replace(outer);
    let fault = match done {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(fault)) => fault.into(),
        Err(what) => OpenFault::Damaged { what },
    };
    Err(FileFault { file, fault })
}

/// Notes which file a guarded piece of work has come to. Only opening and reading do: files are also written while they
/// are let go of because another one is at fault.
pub(crate) fn comes_to(file: &Path) {
    if is_guarded() {
        FILE.set(Some(file.to_owned()));
    }
}

/// Runs `work`; a panic comes back in words.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let _inside = Inside::enter();
    // What is half changed when the engine gives up is the engine's handle, and that is not used again.
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|panic| format!("the storage engine gives up on it (it says: {})", words(&*panic)))
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it does not say why")
}

/// One guard on the stack.
struct Inside;

impl Inside {
    fn enter() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_damage_of_the_file_that_was_come_to() {
        let fault = guarded(Some(Path::new("a")), || -> Result<(), OpenFault> {
            assert!(is_guarded());
            comes_to(Path::new("b"));
            panic!("{} pages", 3);
        })
        .unwrap_err();
        assert_eq!(fault.to_string(), "b: the store is damaged: the storage engine gives up on it (it says: 3 pages)");
        assert!(!is_guarded());
    }

    #[test]
    fn a_guard_inside_a_guard_keeps_its_file_to_itself() {
        let fault = guarded(Some(Path::new("a")), || {
            let inner = guarded(Some(Path::new("b")), || Err::<(), _>(OpenFault::Locked));
            assert_eq!(inner.unwrap_err().file.as_deref(), Some(Path::new("b")));
            Err::<(), _>(OpenFault::Locked)
        })
        .unwrap_err();
        assert_eq!(fault.file.as_deref(), Some(Path::new("a")));
    }

    #[test]
    fn outside_a_guard_no_file_is_noted() {
        comes_to(Path::new("c"));
        let fault = guarded(None, || Err::<(), _>(OpenFault::Locked)).unwrap_err();
        assert_eq!((fault.file.as_deref(), fault.to_string()), (None, "another process has the store open".to_owned()));
    }
}
