//! What lies on disks: rows of the log, frames of the inbox, records and snapshots of the machines.
//!
//! Holds for any bytes: reading ends in an error or in a value, and a value written again is the same value, for rows the
//! same bytes. Whatever records could be read, a machine folds them without a panic and its snapshot brings back what
//! they came to.

use journal::ReadFault;
use journal::layout::{frames_again, frames_with_checksums, row_again, row_with_checksum};
use machine::account::Account;
use machine::conversation::Conversation;
use machine::page::Page;
use machine::{CodecFault, Machine, kind_name};
use model::{AccountId, MachineId, PageId, Psid};

/// Where the rows are said to lie.
const POSITION: u64 = 9;

/// What the first byte of a row is, see the layout of rows.
pub const ROW: u8 = 1;
/// What a half of the inbox's log begins with.
pub const HALF: u8 = 0;

/// Checks one input: a row where it begins with [`ROW`], a half of the inbox's log where it begins with [`HALF`], else
/// lines of records, each `MACHINE KIND VERSION BODY` with `account`, `page` or `conversation`, or `MACHINE snapshot
/// VERSION BODY`.
///
/// # Panics
/// Where something does not hold.
pub fn check(bytes: &[u8]) {
    match bytes.first() {
        Some(&ROW) => row(bytes),
        Some(&HALF) => half(bytes),
        Some(_) | None => records(bytes),
    }
}

fn row(bytes: &[u8]) {
    let _as_it_came = row_again(POSITION, bytes);
    let sound = row_with_checksum(POSITION, bytes);
    match row_again(POSITION, &sound) {
        Ok(again) => assert_eq!(again, sound, "a row was written again as another one"),
        Err(ReadFault::Damaged { position, .. } | ReadFault::KeyGone { position }) => assert_eq!(position, POSITION),
        Err(fault) => panic!("a row cannot be {fault}"),
    }
    assert!(row_again(POSITION + 1, &sound).is_err(), "a row was read where it does not lie");
}

fn half(bytes: &[u8]) {
    let sound = frames_with_checksums(bytes);
    let Some((frames, gaps, again)) = frames_again(&sound) else { return };
    let told: usize = frames.iter().map(|frame| frame.body.len()).sum();
    assert!(told + gaps.len() <= sound.len(), "{told} bytes of bodies in {} bytes", sound.len());
    let (reread, no_gaps, _) = frames_again(&again.into()).expect("it was written with a head");
    assert_eq!((reread, no_gaps), (frames, Vec::new()), "frames were written again as others");
}

fn records(bytes: &[u8]) {
    let (account, page, psid) = (AccountId::new("a"), PageId::new("1029"), Psid::new("5001"));
    fold::<Account>(&MachineId::Account(account), "account", bytes);
    fold::<Page>(&MachineId::Page(page.clone()), "page", bytes);
    fold::<Conversation>(&MachineId::Conversation(page, psid), "conversation", bytes);
}

/// Folds the lines of one machine.
fn fold<M: Machine>(id: &MachineId, name: &str, bytes: &[u8])
where
    M::State: PartialEq + core::fmt::Debug,
{
    let mut state = M::fresh(id);
    for line in bytes.split(|byte| *byte == b'\n') {
        let mut parts = line.splitn(4, |byte| *byte == b' ');
        let mut part = || parts.next().and_then(|part| core::str::from_utf8(part).ok());
        let (Some(machine), Some(kind), Some(version)) = (part(), part(), part()) else { continue };
        let (Ok(version), Some(body)) = (version.parse(), parts.next()) else { continue };
        if machine != name {
            continue;
        }
        if kind == "snapshot" {
            let thawed = M::thaw(version, body);
            thawed.iter().for_each(thaws_as_it_froze::<M>);
        } else if let Ok(kind) = kind.parse()
            && let Some(event) = event::<M>(id, kind, version, body)
        {
            let before = M::seq(&state);
            M::evolve(&mut state, &event);
            assert_eq!(M::seq(&state), before + 1, "numbers are dense");
            let _wakes_at = M::deadline(&state);
            let _work = (M::effect(&event), M::settles(&event));
        }
    }
    thaws_as_it_froze::<M>(&state);
}

fn thaws_as_it_froze<M: Machine>(state: &M::State)
where
    M::State: PartialEq + core::fmt::Debug,
{
    let (version, frozen) = M::freeze(state);
    assert_eq!(M::thaw(version, &frozen).as_ref(), Some(state), "a snapshot brought back another state");
}

/// The event of a record; it is written again as a record of the same kind, which is read as the same event.
fn event<M: Machine>(id: &MachineId, kind: u16, version: u8, body: &[u8]) -> Option<M::Event> {
    let event = match M::decode(kind, version, body) {
        Ok(event) => event,
        Err(CodecFault::Unknown { kind: of, .. } | CodecFault::Malformed { kind: of, .. }) => {
            assert_eq!(of, kind, "a fault names another kind");
            return None;
        }
    };
    assert_ne!(kind_name(id, kind), "unknown", "kind {kind} has no name");
    let stored = M::encode(&event);
    assert_eq!(stored.kind, kind, "an event is stored as another kind");
    assert!(stored.body.len() <= 4 * body.len() + 1_024, "{} bytes of {}", stored.body.len(), body.len());
    let again = M::decode(stored.kind, stored.version, &stored.body);
    assert_eq!(again.as_ref(), Ok(&event), "an event changed when it was stored");
    assert_eq!(M::encode(&event), stored, "an event has two stored forms");
    Some(event)
}
