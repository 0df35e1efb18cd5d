//! The store: an inbox (raw deliveries: a log and the rows behind it) and a journal file (what the machines decided).
//!
//! This crate stores tagged bytes and knows no domain type. One [`Batch`] is one unit of truth: all of its records,
//! open effects and its deadline become durable together or not at all. See `row` for the byte layout of a batch,
//! `inbox::file` and `inbox::frame` for those of a delivery. Nothing here reads a clock or makes chance: instants come with the calls,
//! randomness through [`Entropy`].

mod api;
mod cache;
mod checksums;
mod database;
mod group;
mod guard;
mod heads;
mod inbox;
mod keys;
pub mod layout;
mod limits;
mod log;
mod prune;
mod ranges;
mod read;
mod reader;
mod row;
mod seal;
mod store;
mod tables;
mod trace;
mod verify;

pub use api::{
    AppendFault, Appended, Batch, Done, Due, History, Journal, Key, OpenEffect, Position, ReadFault, Record, Snapshot,
    Stored, StoredBatch,
};
pub use checksums::{Pages, look_at_pages};
pub use database::{Durability, Factory, FileOptions, OpenFault, Source, open_read_only};
pub use group::{Commit, Drive, GROUP_BYTES_MAX, GROUP_MAX, Later, Writer};
pub use guard::{FileFault, guarded, is_guarded};
pub use inbox::{Delivery, Inbox, InboxFault, InboxOptions, InboxSources, InboxStats};
pub use keys::Keys;
pub use limits::{
    BATCH_BYTES_MAX, CLOSES_MAX, DELIVERY_BODY_MAX, KEY_LENGTH_MAX, RECORD_BODY_MAX, RECORDS_MAX, STATE_BODY_MAX,
};
pub use reader::{JournalStats, ReadOnlyJournal, ReadOnlyRecords};
pub use seal::Entropy;
pub use store::{Drives, JournalFile, JournalOptions, Sources, Store, StoreOptions};
pub use trace::{knew_no_log, no_traces};
pub use verify::{DamagedFile, Finding, InboxReport, JournalReport, Report};
