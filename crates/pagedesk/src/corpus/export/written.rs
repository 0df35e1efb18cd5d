//! A file that is being written: beside its name until it is whole.
//!
//! Invariant: what is given up leaves nothing behind, and the file of before stays as it was.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::store::fault_words;

/// A file that is not in its place yet.
pub(super) struct Draft {
    file: Option<BufWriter<File>>,
    beside: PathBuf,
    path: PathBuf,
}

impl Draft {
    /// Begins a file of a folder.
    pub(super) fn begin(dir: &Path, name: &str) -> Result<Self, Failure> {
        let (path, beside) = (dir.join(name), dir.join(format!("{name}.new")));
        let file = File::create(&beside).map_err(|fault| unwritable(&beside, &fault))?;
        Ok(Self { file: Some(BufWriter::new(file)), beside, path })
    }

    /// Writes to it.
    pub(super) fn write(&mut self, work: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<(), Failure> {
        let done = self.file.as_mut().map_or(Ok(()), work);
        done.map_err(|fault| unwritable(&self.path, &fault))
    }

    /// Writes one JSON object as a line.
    pub(super) fn line(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        self.write(|file| {
            serde_json::to_writer(&mut *file, line)?;
            file.write_all(b"\n")
        })
    }

    /// Puts it in its place.
    pub(super) fn keep(mut self) -> Result<(), Failure> {
        self.write(|file| file.flush())?;
        drop(self.file.take());
        fs::rename(&self.beside, &self.path).map_err(|fault| unwritable(&self.path, &fault))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Given up; where it cannot be removed nothing takes it for a recording.
            let _left = fs::remove_file(&self.beside);
        }
    }
}

/// Why nothing can be written there.
pub(super) fn unwritable(path: &Path, fault: &io::Error) -> Failure {
    Failure::new(Exit::Configuration, format!("{} cannot be written: {}", path.display(), fault_words(fault)))
        .remedy("give the process the right to write there, and room on the disk")
}
