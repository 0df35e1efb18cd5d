//! Which ids and phone numbers there are: gathered in a first pass on disk, ranked, then asked in a second one.
//!
//! Memory does not grow with them. The file has no name and is gone with the process. Invariant: of two ids with as many
//! digits the greater has the greater pseudonym; two different ones never share one.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use redb::backends::FileBackend;
use redb::{
    Database, Durability, ReadOnlyTable, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction,
};

use super::form;
use super::key::Key;

/// By count of digits and digits: 1 if it stood where an id stands, 0 if it only looks like one.
const IDS: TableDefinition<'_, &[u8], u8> = TableDefinition::new("ids");
/// National phone numbers, by count of digits, a keyed hash and digits: so their order tells nothing.
const PHONES: TableDefinition<'_, &[u8], u8> = TableDefinition::new("phones");
/// How many of as many digits come before.
const ID_RANKS: TableDefinition<'_, &[u8], u64> = TableDefinition::new("id-ranks");
const PHONE_RANKS: TableDefinition<'_, &[u8], u64> = TableDefinition::new("phone-ranks");

/// Rows that are written at once.
const ROWS_AT_ONCE: usize = 10_000;
/// One commit of so many waits for the disk: redb remembers in memory what the others freed, until one does.
const COMMITS_UNSYNCED: u64 = 16;
/// Bytes of the file that are held in memory.
const CACHE_BYTES: usize = 32 << 20;

/// What pseudonyms of numbers are asked of; while gathering every number is its own.
pub(super) trait Numbers {
    /// Whether this only gathers: then nothing needs to be rewritten.
    const GATHERS: bool;

    /// The pseudonym of an id without leading zeros; `stood` where an id stands.
    fn id(&mut self, digits: &str, stood: bool) -> Result<String>;

    /// The pseudonym of a national phone number.
    fn phone(&mut self, national: &str) -> Result<String>;
}

/// The first pass.
pub(super) struct Gathered {
    file: Database,
    key: Key,
    ids: BTreeMap<Vec<u8>, u8>,
    phones: BTreeMap<Vec<u8>, u8>,
    commits: u64,
}

impl Gathered {
    /// Keeps what it gathers in a nameless file in this folder.
    pub(super) fn begin(folder: &Path, key: Key) -> Result<Self> {
        let file = tempfile::tempfile_in(folder)
            .with_context(|| format!("a temporary file cannot be made in {}", folder.display()))?;
        let file = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(FileBackend::new(file)?)?;
        Ok(Self { file, key, ids: BTreeMap::new(), phones: BTreeMap::new(), commits: 0 })
    }

    fn write(&mut self) -> Result<()> {
        let transaction = writing(&self.file, &mut self.commits)?;
        for (table, rows) in [(IDS, &mut self.ids), (PHONES, &mut self.phones)] {
            let mut table = transaction.open_table(table)?;
            while let Some((row, stood)) = rows.pop_first() {
                let known = table.get(&*row)?.map_or(0, |known| known.value());
                table.insert(&*row, known.max(stood))?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Ranks everything.
    pub(super) fn finish(mut self) -> Result<Ledger> {
        self.write()?;
        let id_counts = rank(&self.file, IDS, ID_RANKS)?;
        let phone_counts = rank(&self.file, PHONES, PHONE_RANKS)?;
        let reading = self.file.begin_read()?;
        Ok(Ledger {
            ids: reading.open_table(IDS)?,
            id_ranks: reading.open_table(ID_RANKS)?,
            phone_ranks: reading.open_table(PHONE_RANKS)?,
            id_counts,
            phone_counts,
            key: self.key,
            _file: self.file,
        })
    }
}

impl Numbers for Gathered {
    const GATHERS: bool = true;

    fn id(&mut self, digits: &str, stood: bool) -> Result<String> {
        if digits.len() <= form::DIGITS_MAX {
            let known = self.ids.entry(row(digits)).or_default();
            *known = (*known).max(u8::from(stood));
        }
        if self.ids.len() >= ROWS_AT_ONCE {
            self.write()?;
        }
        Ok(digits.to_owned())
    }

    fn phone(&mut self, national: &str) -> Result<String> {
        self.phones.insert(phone_row(&self.key, national), 1);
        if self.phones.len() >= ROWS_AT_ONCE {
            self.write()?;
        }
        Ok(national.to_owned())
    }
}

/// Nobody opens the file again after a crash, so hardly anything waits for the disk.
fn writing(file: &Database, commits: &mut u64) -> Result<WriteTransaction> {
    let mut transaction = file.begin_write()?;
    *commits += 1;
    if !commits.is_multiple_of(COMMITS_UNSYNCED) {
        transaction.set_durability(Durability::None)?;
    }
    Ok(transaction)
}

/// Digits of a row's number, and how many there are.
type Counts = BTreeMap<u8, u64>;

/// Numbers the rows with as many digits, in their order.
fn rank(file: &Database, from: TableDefinition<'_, &[u8], u8>, to: TableDefinition<'_, &[u8], u64>) -> Result<Counts> {
    let (mut counts, mut commits) = (Counts::new(), 0);
    let reading = file.begin_read()?.open_table(from)?;
    let mut rows = reading.iter()?;
    loop {
        let transaction = writing(file, &mut commits)?;
        let mut table = transaction.open_table(to)?;
        let mut written = 0;
        for row in rows.by_ref().take(ROWS_AT_ONCE) {
            let (row, _) = row?;
            let count = counts.entry(row.value()[0]).or_default();
            table.insert(row.value(), *count)?;
            *count += 1;
            written += 1;
        }
        drop(table);
        transaction.commit()?;
        if written == 0 {
            return Ok(counts);
        }
    }
}

/// Sorted as numbers: by count of digits, then digit by digit.
fn row(digits: &str) -> Vec<u8> {
    let count = u8::try_from(digits.len()).expect("no row has more than 64 digits");
    [&[count], digits.as_bytes()].concat()
}

fn phone_row(key: &Key, national: &str) -> Vec<u8> {
    let count = u8::try_from(national.len()).expect("a phone number has at most 15 digits");
    [&[count], &key.draw("phone order", &[national.as_bytes()]).seed()[..16], national.as_bytes()].concat()
}

/// The second pass.
pub(super) struct Ledger {
    ids: ReadOnlyTable<&'static [u8], u8>,
    id_ranks: ReadOnlyTable<&'static [u8], u64>,
    phone_ranks: ReadOnlyTable<&'static [u8], u64>,
    id_counts: Counts,
    phone_counts: Counts,
    key: Key,
    /// Lives as long as the tables.
    _file: Database,
}

impl Ledger {
    fn known_phone(&self, national: &str) -> Result<Option<String>> {
        let row = phone_row(&self.key, national);
        let rank = self.phone_ranks.get(&*row)?.map(|rank| rank.value());
        let count = self.phone_counts.get(&row[0]).copied().unwrap_or_default();
        let draw = || self.key.draw("phone", &[national.as_bytes()]);
        Ok(rank.map(|rank| form::phone(national.len(), rank, count, &mut draw())))
    }

    /// The pseudonym, if the digits are a phone number known from elsewhere, with or without its country code.
    fn bare_phone(&self, digits: &str) -> Result<Option<String>> {
        if !(7..=15).contains(&digits.len()) {
            return Ok(None);
        }
        let (code, national) = digits.split_at(form::country(digits.as_bytes()).min(digits.len()));
        if let Some(found) = self.known_phone(national)? {
            return Ok(Some(format!("{code}{found}")));
        }
        self.known_phone(digits)
    }
}

impl Numbers for Ledger {
    const GATHERS: bool = false;

    fn id(&mut self, digits: &str, _: bool) -> Result<String> {
        if digits.len() > form::DIGITS_MAX {
            let mut draw = self.key.draw("long id", &[digits.as_bytes()]);
            return Ok(form::id(digits.len(), u64::from(draw.below(1 << 31)), 1 << 31, &mut draw));
        }
        let row = row(digits);
        let stood = self.ids.get(&*row)?.is_some_and(|stood| stood.value() == 1);
        if !stood && let Some(phone) = self.bare_phone(digits)? {
            return Ok(phone);
        }
        let mut draw = self.key.draw("id", &[digits.as_bytes()]);
        let count = self.id_counts.get(&row[0]).copied().unwrap_or_default();
        let rank = match self.id_ranks.get(&*row)? {
            Some(rank) => rank.value(),
            // Never gathered: it has a pseudonym all the same, only no order.
            None => u64::from(draw.below(u32::MAX)) % count.max(1),
        };
        Ok(form::id(digits.len(), rank, count, &mut draw))
    }

    fn phone(&mut self, national: &str) -> Result<String> {
        let draw = || self.key.draw("phone", &[national.as_bytes()]);
        Ok(self.known_phone(national)?.unwrap_or_else(|| form::phone(national.len(), 0, 1, &mut draw())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(ids: &[(&str, bool)], phones: &[&str]) -> Ledger {
        let folder = tempfile::tempdir().unwrap();
        let mut gathered = Gathered::begin(folder.path(), Key::of(b"key")).unwrap();
        for (digits, stood) in ids {
            assert_eq!(gathered.id(digits, *stood).unwrap(), *digits);
        }
        for national in phones {
            gathered.phone(national).unwrap();
        }
        gathered.finish().unwrap()
    }

    #[test]
    fn ids_keep_their_order_within_any_length() {
        let ids = ["7", "42", "5001", "104000000000017", "104000000000023", "7100000000000001", "7100000000000002"];
        let mut reversed: Vec<(&str, bool)> = ids.iter().map(|id| (*id, true)).collect();
        reversed.reverse();
        let mut ledger = ledger(&reversed, &[]);
        let pseudonyms: Vec<String> = ids.iter().map(|id| ledger.id(id, false).unwrap()).collect();
        for (id, pseudonym) in ids.iter().zip(&pseudonyms) {
            assert_eq!(id.len(), pseudonym.len());
            assert!(id.len() < 8 || id != pseudonym);
        }
        let numbers: Vec<u64> = pseudonyms.iter().map(|id| id.parse().unwrap()).collect();
        assert!(numbers.is_sorted() && form::is_id(&pseudonyms[3]), "{pseudonyms:?}");
    }

    #[test]
    fn bare_digits_are_the_phone_that_they_are_elsewhere_unless_they_are_an_id_elsewhere() {
        let seen = [("491712345678", false), ("1712345678", false)];
        let mut ledger_of_phones = ledger(&seen, &["1712345678", "1712345679"]);
        let national = ledger_of_phones.phone("1712345678").unwrap();
        assert_ne!(national, ledger_of_phones.phone("1712345679").unwrap());
        assert_eq!(ledger_of_phones.id("491712345678", false).unwrap(), format!("49{national}"));
        assert_eq!(ledger_of_phones.id("1712345678", false).unwrap(), national);
        let mut ledger_of_ids = ledger(&[("1712345678", true)], &["1712345678"]);
        assert!(form::is_id(&ledger_of_ids.id("1712345678", false).unwrap()));
    }

    #[test]
    fn more_than_are_written_at_once_stay_apart() {
        let count = ROWS_AT_ONCE * 2 + 7;
        let ids: Vec<String> = (0..count).map(|n| (1_000_000_000_000_000 + n * 977).to_string()).collect();
        let seen: Vec<(&str, bool)> = ids.iter().map(|id| (&**id, true)).collect();
        let mut ledger = ledger(&seen, &[]);
        let pseudonyms: Vec<String> = ids.iter().map(|id| ledger.id(id, true).unwrap()).collect();
        assert!(pseudonyms.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
