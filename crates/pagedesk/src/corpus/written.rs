//! A file or a folder that is being written: beside its name until it is whole.
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

    /// A file of a folder with this text.
    pub(super) fn of(dir: &Path, name: &str, text: &str) -> Result<Self, Failure> {
        let mut draft = Self::begin(dir, name)?;
        draft.write(|file| file.write_all(text.as_bytes()))?;
        Ok(draft)
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

/// A folder that was made where it was missing, with those above it: gone again where nothing came into it.
pub(super) struct Made(Vec<PathBuf>);

impl Made {
    /// Makes it.
    pub(super) fn begin(path: &Path) -> Result<Self, Failure> {
        let missing = |above: &&Path| !above.as_os_str().is_empty() && !above.exists();
        let made = Self(path.ancestors().take_while(missing).map(Path::to_owned).collect());
        fs::create_dir_all(path).map_err(|fault| unwritable(path, &fault))?;
        Ok(made)
    }

    /// Something is in it.
    pub(super) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for folder in &self.0 {
            // The innermost first; one that is not empty stays.
            let _left = fs::remove_dir(folder);
        }
    }
}

/// A folder that is not in its place yet.
pub(super) struct Fresh {
    path: PathBuf,
    place: PathBuf,
    is_kept: bool,
}

impl Fresh {
    /// Begins a folder where nothing is yet, and none of these sources, which are read meanwhile.
    pub(super) fn begin(path: &Path, sources: &[PathBuf]) -> Result<Self, Failure> {
        apart(path, sources)?;
        let is_taken = match fs::read_dir(path) {
            Ok(mut entries) => entries.next().is_some(),
            Err(_) => path.exists(),
        };
        let mut name = path.components().collect::<PathBuf>().into_os_string();
        name.push(".new");
        let beside = PathBuf::from(name);
        if let Some(there) =
            [(is_taken, path), (beside.exists(), &*beside)].iter().find_map(|(is, at)| is.then_some(at))
        {
            let what = format!("{} is there already", there.display());
            return Err(Failure::new(Exit::Configuration, what).remedy("remove it, or give another --out"));
        }
        fs::create_dir_all(&beside).map_err(|fault| unwritable(&beside, &fault))?;
        Ok(Self { path: beside, place: path.to_owned(), is_kept: false })
    }

    /// Where it lies until it is whole.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it in its place.
    pub(super) fn keep(mut self) -> Result<(), Failure> {
        fs::rename(&self.path, &self.place).map_err(|fault| unwritable(&self.place, &fault))?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.is_kept {
            // Given up; where it cannot be removed its name says that it is not whole.
            let _left = fs::remove_dir_all(&self.path);
        }
    }
}

/// Refuses a folder that is one of the sources, lies in one, or holds one.
pub(super) fn apart(out: &Path, sources: &[PathBuf]) -> Result<(), Failure> {
    let place = whole(out);
    for source in sources {
        let of = whole(source);
        let how = match () {
            () if place == of => "is",
            () if place.starts_with(&of) => "lies in",
            () if of.starts_with(&place) => "holds",
            () => continue,
        };
        let what = format!("--out {} {how} what is read: {}", out.display(), source.display());
        return Err(Failure::new(Exit::Usage, what).remedy("give --out a folder beside it"));
    }
    Ok(())
}

/// A path as it is whole, links followed, if only a part of it is there.
fn whole(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = absolute.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match there {
        Some((above, found)) => absolute.strip_prefix(above).map_or_else(|_| found.clone(), |rest| found.join(rest)),
        None => absolute,
    }
}

/// The title of a recording that was given none: the name of its folder.
pub(super) fn name(out: &Path) -> String {
    let whole = out.canonicalize().unwrap_or_else(|_| out.to_owned());
    whole.file_name().map_or_else(|| "Recorded".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Why nothing can be written there.
pub(super) fn unwritable(path: &Path, fault: &io::Error) -> Failure {
    Failure::new(Exit::Configuration, format!("{} cannot be written: {}", path.display(), fault_words(fault)))
        .remedy("give the process the right to write there, and room on the disk")
}
