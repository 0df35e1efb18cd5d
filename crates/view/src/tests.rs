//! The view in whole, fed by the real machines: rounds of any length, restarts, damage, pages, and equality with what
//! the machines themselves know.

mod traffic;

use std::sync::Arc;

use ::journal::{
    AppendFault, Appended, Batch, Done, Due, History, Journal, OpenEffect, Position, ReadFault, Snapshot, Source,
    StoredBatch,
};
use ::model::{CommentId, Kind, PageId, Psid, Timestamp};
use machine::conversation::transcript::{Transcript, Who};
use machine::outbound::{PartId, PartState};
use proptest::prelude::*;
use redb::StorageBackend;
use redb::backends::InMemoryBackend;

use super::*;
use traffic::Traffic;

/// Memory that outlives the view.
#[derive(Debug, Clone, Default)]
struct Memory(Arc<InMemoryBackend>);

impl StorageBackend for Memory {
    fn len(&self) -> std::io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        StorageBackend::read(&*self.0, offset, out)
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> std::io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        StorageBackend::write(&*self.0, offset, bytes)
    }
}

fn memory() -> Source {
    let memory = Memory::default();
    Source::Backend(Arc::new(move || Ok(Box::new(memory.clone()) as Box<dyn StorageBackend>)))
}

/// A journal that is a list. Some positions cannot be read.
#[derive(Default)]
struct Tape {
    batches: Vec<StoredBatch>,
    damaged: Vec<u64>,
}

impl Journal for Tape {
    fn append(&self, _batch: Batch, done: Done<Appended, AppendFault>) {
        done(Err(AppendFault::Unavailable));
    }

    fn read(&self, _key: &[u8], _use_snapshot: bool) -> Result<History, ReadFault> {
        Ok(History { snapshot: None::<Snapshot>, ..History::default() })
    }

    fn tail(&self, after: Position, limit: usize) -> Result<Vec<StoredBatch>, ReadFault> {
        let found: Vec<_> = self.batches.iter().filter(|batch| batch.position > after).take(limit).cloned().collect();
        match found.iter().find(|batch| self.damaged.contains(&batch.position.0)) {
            Some(batch) => Err(ReadFault::Damaged { position: batch.position.0, what: "checksum".to_owned() }),
            None => Ok(found),
        }
    }

    fn batch(&self, position: Position) -> Result<Option<StoredBatch>, ReadFault> {
        Ok(self.batches.iter().find(|batch| batch.position == position).cloned())
    }

    fn open_effects(&self, _after: Option<OpenEffect>, _limit: usize) -> Result<Vec<OpenEffect>, ReadFault> {
        Ok(Vec::new())
    }

    fn due(&self, _until: i64, _after: Option<&Due>, _limit: usize) -> Result<Vec<Due>, ReadFault> {
        Ok(Vec::new())
    }

    fn next_due(&self) -> Result<Option<i64>, ReadFault> {
        Ok(None)
    }

    fn last(&self) -> Position {
        self.batches.last().map_or(Position::default(), |batch| batch.position)
    }
}

fn follow(view: &View, tape: &Tape, limit: usize) {
    while view.catch_up(tape, limit).unwrap() < tape.last() {}
}

/// Everything a view answers.
fn everything(view: &View) -> (Vec<ConversationRow>, ReplyStates, Vec<PageRow>, Vec<HappeningRow>, Totals, Position) {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let list = view.conversations(&ConversationFilter::default(), after.as_deref(), 2).unwrap();
        rows.extend(list.conversations);
        after = list.next;
        if after.is_none() {
            break;
        }
    }
    let comments: Vec<_> = (0..200).map(|nth| CommentId::new(nth.to_string())).collect();
    let states = view.reply_states(&comments).unwrap();
    let happened = happenings(view, None, 3);
    (rows, states, view.pages().unwrap(), happened, view.totals().unwrap(), view.position())
}

/// All dead letters, read two at a time.
fn dead_letters(view: &View) -> Vec<(String, PartId, PartState)> {
    let (mut dead, mut after) = (Vec::new(), None);
    loop {
        let list = view.dead_letters(&DeadFilter::default(), after.as_deref(), 2).unwrap();
        dead.extend(list.letters.into_iter().map(|letter| (letter.machine.to_string(), letter.part, letter.state)));
        after = list.next;
        if after.is_none() {
            return dead;
        }
    }
}

/// All that happened on Pages, read so many at a time.
fn happenings(view: &View, page: Option<&PageId>, limit: usize) -> Vec<HappeningRow> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let list = view.happenings(page, after.as_deref(), limit).unwrap();
        rows.extend(list.happenings);
        after = list.next;
        if after.is_none() {
            return rows;
        }
    }
}

fn opened(source: &Source) -> View {
    View::open(source.clone(), ViewOptions::default()).unwrap()
}

/// Holds the view against the machines' own states and transcripts.
fn agrees_with_the_machines(view: &View, traffic: &Traffic) {
    let totals = view.totals().unwrap();
    let mut dead = Vec::new();
    for chat in &traffic.chats {
        let parts = chat.state.queue().parts().filter(|(_, part)| match &part.state {
            PartState::Refused { .. } | PartState::InDoubt { told: true, .. } => true,
            PartState::Failed { reason } => reason != "given-up",
            PartState::InDoubt { told: false, .. }
            | PartState::Queued { .. }
            | PartState::Held { .. }
            | PartState::InFlight { .. }
            | PartState::Sent { .. } => false,
        });
        dead.extend(parts.map(|(part, found)| (chat.state.id().to_string(), part, found.state.clone())));
    }
    dead.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
    assert_eq!(dead_letters(view), dead);
    assert_eq!(totals.unreadable, 0);
    assert_eq!(totals.conversations, traffic.chats.iter().filter(|chat| !chat.events.is_empty()).count() as u64);
    assert_eq!(totals.bound, traffic.chats.iter().filter(|chat| chat.state.task().is_some()).count() as u64);
    for chat in &traffic.chats {
        let Some(row) = view.conversation(&chat.id).unwrap() else {
            assert!(chat.events.is_empty());
            continue;
        };
        assert_eq!(row.name.as_ref(), chat.state.name());
        assert_eq!(row.task.as_ref(), chat.state.task());
        assert_eq!(row.standby, chat.state.standby());
        let window = machine::conversation::window(&chat.state);
        assert_eq!(row.last_action_at.max(row.last_message_at), window.openers.opened_at());
        let facts = machine::conversation::facts(
            &chat.state,
            &machine::Context::default(),
            policy::Author::Agent,
            None,
            policy::Carries::default(),
        );
        assert_eq!((row.ad_message_at, row.ad_refused), (facts.openers.ad_message_at, facts.ad_refused));
        assert_eq!((row.delivered_at, row.read_at), (chat.state.receipts().delivered, chat.state.receipts().read));
        let mut counts = PartCounts::default();
        let transcript = Transcript::fold(&chat.events);
        let entries = transcript.entries();
        for (id, part) in chat.state.queue().parts() {
            *counts.of(&part.state) += 1;
            let comment = part.source.comment().expect("these answers are comments");
            let found = view.reply_states(std::slice::from_ref(comment)).unwrap();
            let shown = found[comment].iter().find(|shown| shown.part == id).unwrap();
            assert_eq!(shown.state, part.state);
            let entry = entries.iter().find(|entry| matches!(entry.who, Who::Us { part, .. } if part == id)).unwrap();
            assert_eq!(shown.reach, entry.reach, "{id} of {}", chat.id);
        }
        assert_eq!(row.parts, counts);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rounds_of_any_length_and_a_rebuild_give_what_the_machines_know(
        steps in prop::collection::vec(any::<[u8; 4]>(), 1..120),
        limits in prop::collection::vec(1_usize..9, 1..9),
    ) {
        let mut traffic = Traffic::new();
        let source = memory();
        let mut view = opened(&source);
        for (nth, step) in steps.iter().enumerate() {
            traffic.step(*step);
            if nth.is_multiple_of(7) {
                view.catch_up(&traffic.tape, limits[nth % limits.len()]).unwrap();
            }
            if nth % 41 == 40 {
                drop(view);
                view = opened(&source);
            }
        }
        follow(&view, &traffic.tape, 5);
        agrees_with_the_machines(&view, &traffic);
        let stepwise = everything(&view);
        view.rebuild().unwrap();
        prop_assert_eq!(view.totals().unwrap(), Totals::default());
        follow(&view, &traffic.tape, 1_000);
        prop_assert_eq!(everything(&view), stepwise);
    }
}

/// Traffic with enough of everything.
fn busy() -> Traffic {
    let mut traffic = Traffic::new();
    for nth in 0_u32..600 {
        traffic.step(nth.wrapping_mul(2_654_435_761).to_be_bytes());
    }
    traffic
}

#[test]
fn the_traffic_of_these_tests_reaches_every_state_of_a_part() {
    let traffic = busy();
    let view = opened(&memory());
    follow(&view, &traffic.tape, 64);
    agrees_with_the_machines(&view, &traffic);
    let mut seen = PartCounts::default();
    for batch in traffic.chats.iter().flat_map(|chat| &chat.states_met) {
        *seen.of(batch) += 1;
    }
    let PartCounts { queued, held, in_flight, in_doubt, sent, refused, failed, given_up } = seen;
    assert!(
        [queued, held, in_flight, in_doubt, sent, refused, failed, given_up].iter().all(|count| *count > 0),
        "{seen:?}"
    );
    let totals = view.totals().unwrap();
    let counted = [totals.inbounds, totals.bound, totals.tasks_opened, totals.replies, totals.sends_started];
    assert!(counted.iter().all(|count| *count > 0), "{totals:?}");
    assert!(totals.sent > 0 && totals.sent_outside > 0 && totals.anomalies > 0 && totals.quarantined > 0, "{totals:?}");
}

#[test]
fn a_reaction_moves_the_window_but_neither_the_line_nor_who_waits() {
    let mut traffic = Traffic::new();
    let at = Timestamp(traffic::START);
    traffic.customer_writes(0, "are you open?", at);
    traffic.echoes(0, at + ::model::Span(1));
    traffic.reacts(0, at + ::model::Span(2));
    let view = opened(&memory());
    follow(&view, &traffic.tape, 64);
    let row = view.conversation(&traffic.chats[0].id).unwrap().unwrap();
    assert_eq!(row.last_action_at, Some(at + ::model::Span(2)));
    assert_eq!(row.last_line.as_ref().unwrap().reveal(), "we are");
    assert_eq!(row.last_by, Some(LastBy::Outside));
    assert!(!row.unanswered(), "the Page answered, and a heart is no question");
    agrees_with_the_machines(&view, &traffic);
}

#[test]
fn what_happens_on_a_page_is_counted_by_kind() {
    let traffic = busy();
    let view = opened(&memory());
    follow(&view, &traffic.tape, 64);
    let pages = view.pages().unwrap();
    for (row, (_, state)) in pages.iter().zip(&traffic.pages) {
        assert_eq!(&row.happened, state.counts());
        assert!(row.last_line.as_ref().is_some_and(|line| line.reveal().starts_with("lead ")));
    }
    let all: u64 = pages.iter().map(|row| row.received).sum();
    assert_eq!(view.totals().unwrap().inbounds, all);
}

#[test]
fn lists_filter_and_page() {
    let traffic = busy();
    let view = opened(&memory());
    follow(&view, &traffic.tape, 64);
    let (all, _, pages, _, totals, _) = everything(&view);
    assert_eq!(all.len() as u64, totals.conversations);
    assert!(all.is_sorted_by(|a, b| a.last_activity_at >= b.last_activity_at));
    assert_eq!(pages.iter().map(|page| page.conversations).sum::<u64>(), totals.conversations);
    assert_eq!(pages.iter().map(|page| page.received).sum::<u64>(), totals.inbounds);
    assert!(pages.iter().all(|page| page.known && page.name == "Bakery"));
    type Wanted = fn(&ConversationRow) -> bool;
    let opened = all[all.len() / 2].opened_at().unwrap();
    let until = |at| ConversationFilter { opened: Some((Timestamp::default(), at)), ..Default::default() };
    let found = view.conversations(&until(opened), None, 100).unwrap().conversations;
    let expected: Vec<_> = all.iter().filter(|row| row.opened_at().is_some_and(|at| at <= opened)).cloned().collect();
    assert_eq!(found, expected);
    assert!(found.len() < all.len());
    let after = ConversationFilter { opened: Some((opened, Timestamp(i64::MAX))), ..Default::default() };
    assert_eq!(view.conversations(&after, None, 100).unwrap().conversations.len(), all.len() - expected.len());
    let filters: [(ConversationFilter, Wanted); 3] = [
        (ConversationFilter { page: Some(PageId::new("1029")), ..Default::default() }, |row| {
            row.page.as_str() == "1029"
        }),
        (ConversationFilter { unanswered: true, ..Default::default() }, ConversationRow::unanswered),
        (ConversationFilter { troubled: true, ..Default::default() }, ConversationRow::troubled),
    ];
    for (filter, wanted) in filters {
        let found = view.conversations(&filter, None, 100).unwrap();
        let expected: Vec<_> = all.iter().filter(|row| wanted(row)).cloned().collect();
        assert_eq!((found.conversations, found.next), (expected, None), "{filter:?}");
    }
    for cursor in ["", "x", "1", ".c/1/2"] {
        let answer = view.conversations(&ConversationFilter::default(), Some(cursor), 2);
        assert_eq!(answer, Err(ViewFault::CursorUnfit), "{cursor}");
    }
}

#[test]
fn a_view_of_another_version_or_stamp_is_folded_anew() {
    let traffic = busy();
    let source = memory();
    let view = opened(&source);
    follow(&view, &traffic.tape, 64);
    let before = everything(&view);
    drop(view);
    let view = View::open(source.clone(), ViewOptions { stamp: 7, ..ViewOptions::default() }).unwrap();
    assert_eq!(view.position(), Position::default());
    drop(view);

    let view = opened(&source);
    follow(&view, &traffic.tape, 64);
    view.flush().unwrap();
    drop(view);
    let Source::Backend(factory) = &source else { panic!("it is memory") };
    let database = redb::Builder::new().create_with_backend(Passing(factory().unwrap())).unwrap();
    let txn = database.begin_write().unwrap();
    txn.open_table(row::META).unwrap().insert("version", 99_u64.to_le_bytes().as_slice()).unwrap();
    txn.commit().unwrap();
    drop(database);
    let view = opened(&source);
    assert_eq!((view.position(), view.totals().unwrap()), (Position::default(), Totals::default()));
    follow(&view, &traffic.tape, 64);
    assert_eq!(everything(&view), before);
}

#[derive(Debug)]
struct Passing(Box<dyn StorageBackend>);

impl StorageBackend for Passing {
    fn len(&self) -> std::io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> std::io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write(offset, bytes)
    }
}

#[test]
fn a_file_that_is_no_view_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("view.redb");
    std::fs::write(&path, "this was a letter").unwrap();
    let traffic = busy();
    let source = Source::Path(path);
    let view = opened(&source);
    follow(&view, &traffic.tape, 64);
    view.flush().unwrap();
    let before = everything(&view);
    assert!(matches!(View::open(source.clone(), ViewOptions::default()), Err(::journal::OpenFault::Locked)));
    drop(view);
    assert_eq!(everything(&opened(&source)), before);
}

#[test]
fn a_journal_shorter_than_the_view_makes_it_start_over() {
    let mut traffic = busy();
    let view = opened(&memory());
    follow(&view, &traffic.tape, 64);
    traffic.tape.batches.truncate(10);
    let end = traffic.tape.last();
    assert_eq!(view.catch_up(&traffic.tape, 100).unwrap(), end);
    assert_eq!(view.position(), end);
}

#[test]
fn a_batch_that_cannot_be_read_is_passed_over() {
    let mut traffic = busy();
    let (third, last) = (traffic.tape.batches[2].position.0, traffic.tape.last().0);
    traffic.tape.damaged = vec![third, last];
    let view = opened(&memory());
    follow(&view, &traffic.tape, 64);
    assert_eq!(view.position(), Position(last));
    let whole = opened(&memory());
    traffic.tape.damaged.clear();
    follow(&whole, &traffic.tape, 64);
    assert_eq!(view.conversations(&ConversationFilter::default(), None, 100).unwrap().conversations.len(), 4);
}

#[test]
fn an_unknown_kind_is_counted_and_stops_nothing() {
    let mut traffic = busy();
    let batch = traffic.tape.batches.iter_mut().find(|batch| batch.key.starts_with(b"c/")).unwrap();
    batch.records[0].record.kind = 60_000;
    let view = opened(&memory());
    follow(&view, &traffic.tape, 64);
    assert_eq!(view.totals().unwrap().unreadable, 1);
}

#[test]
fn followers_are_told_of_each_round_and_what_it_changed() {
    let traffic = busy();
    let view = opened(&memory());
    let mut told = view.subscribe();
    let first = view.catch_up(&traffic.tape, 10).unwrap();
    assert!(told.has_changed().unwrap());
    assert_eq!(*told.borrow_and_update(), first);
    let second = view.catch_up(&traffic.tape, 10).unwrap();
    let Changes::Since { changed, newest } = view.changes_since(first) else { panic!("it is not long ago") };
    assert_eq!(newest, second);
    let keys: std::collections::BTreeSet<_> = traffic.tape.batches[10..20].iter().map(|batch| &batch.key).collect();
    assert_eq!(changed.len(), keys.len());
    assert!(changed.iter().all(|changed| changed.position > first));
}

#[test]
fn the_newest_line_by_metas_time_is_shown() {
    let mut traffic = Traffic::new();
    traffic.customer_writes(0, "second", Timestamp(2_000));
    traffic.customer_writes(0, "first, but late", Timestamp(1_000));
    let view = opened(&memory());
    follow(&view, &traffic.tape, 64);
    let row = view.conversation(&traffic.chats[0].id).unwrap().unwrap();
    assert_eq!(row.last_line.unwrap().reveal(), "second");
    assert_eq!(row.last_activity_at, Timestamp(2_000));
}

#[test]
fn the_list_shows_the_last_words_and_whose_they_are() {
    let mut traffic = Traffic::new();
    let at = |seconds| Timestamp(traffic::START) + ::model::Span::seconds(seconds);
    let shown = |traffic: &Traffic| {
        let view = opened(&memory());
        follow(&view, &traffic.tape, 3);
        let row = view.conversation(&traffic.chats[0].id).unwrap().unwrap();
        (row.last_line.map_or(String::new(), ::model::Redacted::into_inner), row.last_by)
    };
    traffic.reacts(0, at(0));
    assert_eq!(shown(&traffic), ("The customer reacted ❤ to a message".to_owned(), None), "no words yet");
    traffic.customer_writes(0, "are you open?", at(1));
    traffic.changes(0, "are you open on Sunday?", at(2));
    traffic.passed(0, "78", at(3));
    assert_eq!(shown(&traffic), ("are you open on Sunday?".to_owned(), Some(LastBy::Customer)));
    traffic.passed(0, "77", at(4));
    traffic.answers(0, "we are", at(5));
    traffic.reacts(0, at(6));
    assert_eq!(shown(&traffic), ("we are".to_owned(), Some(LastBy::Agent("Grace".to_owned()))));
    traffic.echoes(0, at(7));
    assert_eq!(shown(&traffic), ("we are".to_owned(), Some(LastBy::Outside)), "sent in the Page's inbox");
    traffic.customer_writes(0, "thanks", at(8));
    traffic.takes_back(0, at(9));
    assert_eq!(shown(&traffic), ("took back a message".to_owned(), Some(LastBy::Customer)));
}

#[test]
fn a_part_that_was_left_unsent_is_no_trouble_any_more() {
    let mut traffic = Traffic::new();
    let at = Timestamp(traffic::START);
    traffic.customer_writes(0, "are you open?", at);
    traffic.answers(0, "we are", at);
    traffic.fails_and_is_given_up(0);
    let view = opened(&memory());
    follow(&view, &traffic.tape, 64);
    let row = view.conversation(&traffic.chats[0].id).unwrap().unwrap();
    assert_eq!((row.parts.failed, row.parts.given_up, row.troubled()), (0, 1, false));
    let troubled = ConversationFilter { troubled: true, ..ConversationFilter::default() };
    assert!(view.conversations(&troubled, None, 9).unwrap().conversations.is_empty());
}

#[test]
fn what_happened_on_pages_is_listed_newest_first_and_by_page() {
    let mut traffic = busy();
    let view = opened(&memory());
    follow(&view, &traffic.tape, 64);
    let all = happenings(&view, None, 2);
    assert!(all.len() > 4 && all.is_sorted_by(|a, b| a.at >= b.at));
    assert!(all.iter().all(|row| row.what == "New lead" && row.text.is_some()));
    let counted: u64 = view.pages().unwrap().iter().flat_map(|page| page.happened.values()).sum();
    assert_eq!(all.len() as u64, counted);
    for (page, _) in &traffic.pages {
        let of_page: Vec<_> = all.iter().filter(|row| row.page == *page).cloned().collect();
        assert_eq!(happenings(&view, Some(page), 1), of_page);
    }
    assert_eq!(view.happenings(None, Some("nonsense"), 9), Err(ViewFault::CursorUnfit));
    assert_eq!(view.account().unwrap(), machine::AccountFacts::default());
    let facts = machine::AccountFacts { human_agent: true, ..machine::AccountFacts::default() };
    traffic.configures(&facts);
    follow(&view, &traffic.tape, 64);
    assert_eq!(view.account().unwrap(), facts);
}
