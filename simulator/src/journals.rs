//! Journals as builds wrote them once, kept row by row so that every later build can be asked what they come to.
//!
//! [`keep`] writes every table of `journal.redb` and `keys.redb` as text, [`recover`] makes the files again and has
//! today's journal and machines read them: layouts of rows, seals, codecs and `evolve`, and nothing decides. Table names
//! and types are stated here a second time on purpose: what lies on disks does not change because a constant does.
//! Invariant: what is kept is the store's own bytes; nothing is left out but keys made ahead that no machine has.

mod recovered;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use journal::Record;
use model::MachineId;
use redb::{Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableDefinition, TableHandle as _};
use serde::{Deserialize, Serialize};

use crate::fake::disk::MemoryDisk;

pub use recovered::{Machine, Recovered};

/// The rows in a journal's folder.
pub const ROWS: &str = "rows.jsonl";

/// Page cache of each file.
const CACHE_BYTES: usize = 4 << 20;

const LOG: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log");
const HEADS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("heads");
const EFFECTS: TableDefinition<'_, &[u8; 10], ()> = TableDefinition::new("effects");
const DEADLINES: TableDefinition<'_, &[u8], ()> = TableDefinition::new("deadlines");
const SNAPSHOTS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("snapshots");
const PRUNES: TableDefinition<'_, u64, u64> = TableDefinition::new("prunes");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const KEYS: TableDefinition<'_, u64, &[u8; 32]> = TableDefinition::new("keys");

/// A row of a table. Keys and values in base 16, numbers as eight bytes with the highest first, names as text.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Row {
    file: Of,
    table: String,
    key: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    value: String,
}

/// Which file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Of {
    /// `journal.redb`
    Journal,
    /// `keys.redb`
    Keys,
}

/// Writes the journal of a store that no node runs on into a folder, which is made.
///
/// # Errors
/// The store cannot be read, it has a table that nothing here knows, or the folder cannot be written.
pub fn keep(store: &Path, folder: &Path) -> anyhow::Result<u64> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let path = folder.join(ROWS);
    let mut out = BufWriter::new(File::create_new(&path).with_context(|| path.display().to_string())?);
    let (mut rows, mut unused_from) = (0, u64::MAX);
    for (file, name) in [(Of::Journal, "journal.redb"), (Of::Keys, "keys.redb")] {
        let path = store.join(name);
        let database = journal::open_read_only(&path, CACHE_BYTES).with_context(|| path.display().to_string())?;
        let read = database.begin_read()?;
        if file == Of::Journal {
            unused_from = read.open_table(META)?.get("next_key")?.map_or(u64::MAX, |next| next.value());
        }
        each(&read, file, &mut |row| {
            if row.table == "keys" && number(&hex::decode(&row.key)?)? >= unused_from {
                return Ok(());
            }
            rows += 1;
            serde_json::to_writer(&mut out, &row)?;
            Ok(out.write_all(b"\n")?)
        })?;
    }
    out.flush()?;
    Ok(rows)
}

/// Shows every row of a file.
fn each(read: &ReadTransaction, file: Of, show: &mut dyn FnMut(Row) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut tables: Vec<String> = read.list_tables()?.map(|table| table.name().to_owned()).collect();
    tables.sort();
    for table in tables {
        let mut row = |key: &[u8], value: &[u8]| {
            show(Row { file, table: table.clone(), key: hex::encode(key), value: hex::encode(value) })
        };
        match (file, &*table) {
            (_, "meta") => {
                for entry in read.open_table(META)?.iter()? {
                    let (key, value) = entry?;
                    row(key.value().as_bytes(), &value.value().to_be_bytes())?;
                }
            }
            (Of::Journal, "log") => {
                for entry in read.open_table(LOG)?.iter()? {
                    let (key, value) = entry?;
                    row(&key.value().to_be_bytes(), value.value())?;
                }
            }
            (Of::Journal, "heads" | "snapshots") => {
                let table = if table == "heads" { HEADS } else { SNAPSHOTS };
                for entry in read.open_table(table)?.iter()? {
                    let (key, value) = entry?;
                    row(key.value(), value.value())?;
                }
            }
            (Of::Journal, "effects") => {
                for entry in read.open_table(EFFECTS)?.iter()? {
                    row(entry?.0.value(), &[])?;
                }
            }
            (Of::Journal, "deadlines") => {
                for entry in read.open_table(DEADLINES)?.iter()? {
                    row(entry?.0.value(), &[])?;
                }
            }
            (Of::Journal, "prunes") => {
                for entry in read.open_table(PRUNES)?.iter()? {
                    let (key, value) = entry?;
                    row(&key.value().to_be_bytes(), &value.value().to_be_bytes())?;
                }
            }
            (Of::Keys, "keys") => {
                for entry in read.open_table(KEYS)?.iter()? {
                    let (key, value) = entry?;
                    row(&key.value().to_be_bytes(), value.value())?;
                }
            }
            (_, unknown) => bail!("the table {unknown} is not known here: teach `simulator::journals` to keep it"),
        }
    }
    Ok(())
}

/// What today's build makes of a journal that was kept.
///
/// # Errors
/// A row cannot be put back, the journal does not open, a record cannot be read, or a state is not what a snapshot says.
pub fn recover(folder: &Path) -> anyhow::Result<Recovered> {
    let [journal, keys] = disks(folder)?;
    recovered::of(&journal, &keys)
}

/// The rows of the log of a journal that was kept, as they lie on a disk, and the records in them, opened.
///
/// # Errors
/// As [`recover`].
pub fn kept(folder: &Path) -> anyhow::Result<Kept> {
    let mut rows = Vec::new();
    each_row(folder, &mut |row| {
        if row.file == Of::Journal && row.table == "log" {
            rows.push(hex::decode(&row.value)?);
        }
        Ok(())
    })?;
    let [journal, keys] = disks(folder)?;
    Ok(Kept { rows, records: recovered::records(&journal, &keys)? })
}

/// What lies in a journal that was kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// The rows of the log, in its order.
    pub rows: Vec<Vec<u8>>,
    /// The records of all machines, one machine's after the other's.
    pub records: Vec<(MachineId, Record)>,
}

/// The two files of a journal that was kept.
fn disks(folder: &Path) -> anyhow::Result<[MemoryDisk; 2]> {
    let disks = [MemoryDisk::new(), MemoryDisk::new()];
    for (file, disk) in [Of::Journal, Of::Keys].into_iter().zip(&disks) {
        let database = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(disk.clone())?;
        let rows = restore(&database, file, folder)?;
        ensure!(rows > 0, "{}: no row of {file:?}", folder.display());
    }
    Ok(disks)
}

/// Shows every row that was kept, whichever file it is of.
fn each_row(folder: &Path, show: &mut dyn FnMut(Row) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let path = folder.join(ROWS);
    let lines = BufReader::new(File::open(&path).with_context(|| path.display().to_string())?).lines();
    for (index, line) in lines.enumerate() {
        let place = || format!("{}:{}", path.display(), index + 1);
        let row: Row = serde_json::from_str(&line?).with_context(place)?;
        show(row).with_context(place)?;
    }
    Ok(())
}

/// Puts back every row of one file; how many there are.
fn restore(database: &Database, file: Of, folder: &Path) -> anyhow::Result<u64> {
    let write = database.begin_write()?;
    if file == Of::Journal {
        // Tables without a row are there all the same.
        write.open_table(LOG)?;
        write.open_table(HEADS)?;
        write.open_table(EFFECTS)?;
        write.open_table(DEADLINES)?;
        write.open_table(SNAPSHOTS)?;
        write.open_table(PRUNES)?;
    }
    let mut rows = 0;
    each_row(folder, &mut |row| {
        if row.file == file {
            put(&write, &row)?;
            rows += 1;
        }
        Ok(())
    })?;
    write.commit()?;
    Ok(rows)
}

fn number(bytes: &[u8]) -> anyhow::Result<u64> {
    Ok(u64::from_be_bytes(bytes.try_into().context("eight bytes")?))
}

fn put(write: &redb::WriteTransaction, row: &Row) -> anyhow::Result<()> {
    let (key, value) = (hex::decode(&row.key)?, hex::decode(&row.value)?);
    match &*row.table {
        "meta" => drop(write.open_table(META)?.insert(core::str::from_utf8(&key)?, number(&value)?)?),
        "log" => drop(write.open_table(LOG)?.insert(number(&key)?, &*value)?),
        "heads" => drop(write.open_table(HEADS)?.insert(&*key, &*value)?),
        "snapshots" => drop(write.open_table(SNAPSHOTS)?.insert(&*key, &*value)?),
        "effects" => {
            let key: [u8; 10] = (&*key).try_into().context("ten bytes")?;
            write.open_table(EFFECTS)?.insert(&key, ())?;
        }
        "deadlines" => drop(write.open_table(DEADLINES)?.insert(&*key, ())?),
        "prunes" => drop(write.open_table(PRUNES)?.insert(number(&key)?, number(&value)?)?),
        "keys" => {
            let value: [u8; 32] = (&*value).try_into().context("32 bytes")?;
            write.open_table(KEYS)?.insert(number(&key)?, &value)?;
        }
        unknown => bail!("no table is called {unknown}"),
    }
    Ok(())
}
