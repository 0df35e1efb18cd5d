//! One writer: whatever arrived during the last commit is the next group. No timers, no clock, no storage.
//!
//! Three ways to drive it. A thread of its own in production; turns of an executor in the simulator, so that a run has one
//! order and groups as production has them; and inline, where the call itself commits. Invariant: `done` is called exactly once for each append, after the commit that
//! decided its fate, and appends of one caller are committed in the order of its calls.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;

use crate::api::Done;

/// Most appends in one commit: beyond it a group gains nothing and the first waits for the last.
pub const GROUP_MAX: usize = 4096;

/// Bytes after which a group is closed, by [`Commit::weight`]: bounds what one commit holds in memory.
pub const GROUP_BYTES_MAX: usize = 32 << 20;

/// What a writer drives: a store that takes many appends in one durable step.
///
/// ```
/// use journal::{Commit, Drive, Writer};
///
/// /// Adds numbers up; an odd one is refused.
/// struct Sum(u64);
///
/// impl Commit for Sum {
///     type Append = u64;
///     type Ack = u64;
///     type Fault = &'static str;
///
///     fn commit(&mut self, group: Vec<u64>) -> Vec<Result<u64, &'static str>> {
///         group
///             .into_iter()
///             .map(|number| {
///                 if number % 2 == 1 {
///                     return Err("odd");
///                 }
///                 self.0 += number;
///                 Ok(self.0)
///             })
///             .collect()
///     }
///
///     fn full() -> &'static str {
///         "full"
///     }
/// }
///
/// let writer = Writer::open(Sum(0), Drive::Thread { name: "sum", queue_max: 16 });
/// let (answers, answered) = std::sync::mpsc::channel();
/// for number in [2, 3, 4] {
///     let answers = answers.clone();
///     writer.append(number, Box::new(move |answer| answers.send(answer).expect("the test waits")));
/// }
/// writer.close();
/// assert_eq!(answered.try_iter().collect::<Vec<_>>(), [Ok(2), Err("odd"), Ok(6)]);
/// ```
pub trait Commit: Send + 'static {
    /// What is handed over.
    type Append: Send + 'static;
    /// What a durable append gets.
    type Ack: Send + 'static;
    /// What a failed one gets.
    type Fault: Send + Clone + 'static;

    /// Makes a group durable. Answers in the order of the group, one for each; may be called with an empty group
    /// after [`Commit::pending`] said so.
    fn commit(&mut self, group: Vec<Self::Append>) -> Vec<Result<Self::Ack, Self::Fault>>;

    /// The fault of an append that found the queue full or the writer closed: nothing of it is stored.
    fn full() -> Self::Fault;

    /// The fault of a group whose commit panicked: it may or may not be stored.
    fn broken() -> Self::Fault {
        Self::full()
    }

    /// Called after a commit that panicked, before the next one.
    fn recover(&mut self) {}

    /// Whether background work wants a commit even though nothing was appended. Must become false after finitely
    /// many commits and while the store fails.
    fn pending(&self) -> bool {
        false
    }

    /// Bytes that an append adds to its group.
    fn weight(_append: &Self::Append) -> usize {
        0
    }

    /// Called once, after the last commit.
    fn close(&mut self) {}
}

/// Who runs the commits.
#[derive(Clone, Copy, Debug)]
pub enum Drive {
    /// An OS thread of its own, behind a bounded queue.
    Thread {
        /// The thread's name.
        name: &'static str,
        /// Appends that may wait; the next one is answered [`Commit::full`] at once.
        queue_max: usize,
    },
    /// Whoever runs the callers commits when it is their turn: what was handed over until then is one group. For the
    /// simulator: one thread, one order, and appends that share their fate.
    Turn {
        /// Runs this on the same executor, once whatever can run before it has run.
        later: Later,
    },
    /// The call itself commits, one append a group.
    Inline,
}

/// Runs something later, without waiting for it.
pub type Later = fn(Box<dyn FnOnce() + Send>);

impl Drive {
    /// Whether the writer has a thread of its own.
    pub fn is_thread(self) -> bool {
        matches!(self, Drive::Thread { .. })
    }
}

type Item<C> = (<C as Commit>::Append, Done<<C as Commit>::Ack, <C as Commit>::Fault>);

/// A handle to one writer; clones share it. When the last one is dropped the writer drains and ends.
pub struct Writer<C: Commit>(Arc<Lane<C>>);

enum Lane<C: Commit> {
    Thread { queue: RwLock<Option<SyncSender<Item<C>>>>, thread: Mutex<Option<JoinHandle<()>>> },
    Turn { waiting: Mutex<Vec<Item<C>>>, commit: Mutex<Option<C>>, later: Later },
    Inline { commit: Mutex<Option<C>> },
}

impl<C: Commit> Clone for Writer<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: Commit> std::fmt::Debug for Writer<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &*self.0 {
            Lane::Thread { .. } => "Writer(thread)",
            Lane::Turn { .. } => "Writer(turn)",
            Lane::Inline { .. } => "Writer(inline)",
        })
    }
}

impl<C: Commit> Writer<C> {
    /// Starts a writer.
    ///
    /// # Panics
    /// Where the operating system gives no thread.
    pub fn open(commit: C, drive: Drive) -> Self {
        Self(Arc::new(match drive {
            Drive::Turn { later } => Lane::Turn { waiting: Mutex::default(), commit: Mutex::new(Some(commit)), later },
            Drive::Inline => Lane::Inline { commit: Mutex::new(Some(commit)) },
            Drive::Thread { name, queue_max } => {
                let (queue, items) = sync_channel(queue_max.max(1));
                let thread = std::thread::Builder::new()
                    .name(name.to_owned())
                    .spawn(move || run(commit, &items))
                    .expect("a node that gets no thread for its store cannot start");
                Lane::Thread { queue: RwLock::new(Some(queue)), thread: Mutex::new(Some(thread)) }
            }
        }))
    }

    /// Hands an append over and returns at once (inline: after the commit). `done` is called exactly once, on the
    /// writer, so it must only pass the word on.
    pub fn append(&self, item: C::Append, done: Done<C::Ack, C::Fault>) {
        match &*self.0 {
            Lane::Thread { queue, .. } => {
                let queue = queue.read().unwrap_or_else(PoisonError::into_inner);
                let refused = match queue.as_ref() {
                    None => done,
                    Some(queue) => match queue.try_send((item, done)) {
                        Ok(()) => return,
                        Err(TrySendError::Full((_, done)) | TrySendError::Disconnected((_, done))) => done,
                    },
                };
                drop(queue);
                refused(Err(C::full()));
            }
            Lane::Turn { waiting, later, .. } => {
                let mut waiting = lock(waiting);
                waiting.push((item, done));
                if waiting.len() == 1 {
                    drop(waiting);
                    let lane = Arc::clone(&self.0);
                    later(Box::new(move || lane.turn()));
                }
            }
            Lane::Inline { commit } => settle(commit, vec![(item, done)]),
        }
    }

    /// Takes nothing more, commits what waits, and returns when all of it was answered. Harmless when repeated.
    pub fn close(&self) {
        match &*self.0 {
            Lane::Thread { queue, thread } => {
                drop(queue.write().unwrap_or_else(PoisonError::into_inner).take());
                let thread = lock(thread).take();
                join(thread);
            }
            Lane::Turn { commit, .. } | Lane::Inline { commit } => {
                self.0.turn();
                let commit = lock(commit).take();
                if let Some(mut commit) = commit {
                    commit.close();
                }
            }
        }
    }
}

impl<C: Commit> Lane<C> {
    /// Commits what waits for its turn.
    fn turn(&self) {
        if let Lane::Turn { waiting, commit, .. } = self {
            let items = std::mem::take(&mut *lock(waiting));
            settle(commit, items);
        }
    }
}

/// Commits here and now, in groups as large as may be, and passes the answers on.
fn settle<C: Commit>(commit: &Mutex<Option<C>>, items: Vec<Item<C>>) {
    let mut items = items.into_iter().peekable();
    while items.peek().is_some() {
        let (mut group, mut dones, mut weight) = (Vec::new(), Vec::new(), 0);
        while group.len() < GROUP_MAX && weight < GROUP_BYTES_MAX {
            let Some((item, done)) = items.next() else { break };
            weight += C::weight(&item);
            group.push(item);
            dones.push(done);
        }
        let mut slot = lock(commit);
        let answers = match slot.as_mut() {
            None => group.iter().map(|_| Err(C::full())).collect(),
            Some(commit) => {
                let answers = commit_group(commit, group);
                while commit.pending() {
                    commit_group(commit, Vec::new());
                }
                answers
            }
        };
        drop(slot);
        answer(answers, dones);
    }
}

impl<C: Commit> Drop for Lane<C> {
    fn drop(&mut self) {
        match self {
            Lane::Thread { queue, thread } => {
                drop(queue.get_mut().unwrap_or_else(PoisonError::into_inner).take());
                join(thread.get_mut().unwrap_or_else(PoisonError::into_inner).take());
            }
            Lane::Turn { waiting, commit, .. } => {
                settle(commit, std::mem::take(waiting.get_mut().unwrap_or_else(PoisonError::into_inner)));
                if let Some(mut commit) = commit.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
                    commit.close();
                }
            }
            Lane::Inline { commit } => {
                if let Some(mut commit) = commit.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
                    commit.close();
                }
            }
        }
    }
}

/// Waits for the writer's end, unless it is the writer itself that lets go of the last handle.
fn join(thread: Option<JoinHandle<()>>) {
    if let Some(thread) = thread
        && thread.thread().id() != std::thread::current().id()
        && thread.join().is_err()
    {
        tracing::error!("a store writer ended by a panic");
    }
}

/// The writer's life: wait for one, take what else is there, commit, answer.
fn run<C: Commit>(mut commit: C, items: &Receiver<Item<C>>) {
    // Groups resemble each other: room for one like the last, so that none grows step by step.
    let mut last = 0;
    loop {
        let mut group = Vec::with_capacity(last);
        let mut dones = Vec::with_capacity(last);
        let mut weight = 0;
        if !commit.pending() {
            match items.recv() {
                Ok((item, done)) => {
                    weight += C::weight(&item);
                    group.push(item);
                    dones.push(done);
                }
                Err(_) => break,
            }
        }
        while group.len() < GROUP_MAX && weight < GROUP_BYTES_MAX {
            match items.try_recv() {
                Ok((item, done)) => {
                    weight += C::weight(&item);
                    group.push(item);
                    dones.push(done);
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        last = dones.len();
        let answers = commit_group(&mut commit, group);
        answer(answers, dones);
    }
    commit.close();
}

/// Commits, and turns a panic into a fault for everybody in the group: the writer outlives it.
fn commit_group<C: Commit>(commit: &mut C, group: Vec<C::Append>) -> Vec<Result<C::Ack, C::Fault>> {
    let length = group.len();
    match catch_unwind(AssertUnwindSafe(|| commit.commit(group))) {
        Ok(answers) => {
            debug_assert_eq!(answers.len(), length, "one answer for each append");
            answers
        }
        Err(_) => {
            tracing::error!("a commit panicked; its appends are answered as failed");
            commit.recover();
            (0..length).map(|_| Err(C::broken())).collect()
        }
    }
}

/// Passes the answers on. A panic in one `done` must not keep the others from theirs.
fn answer<A, F>(answers: Vec<Result<A, F>>, dones: Vec<Done<A, F>>) {
    for (answer, done) in answers.into_iter().zip(dones) {
        if catch_unwind(AssertUnwindSafe(move || done(answer))).is_err() {
            tracing::error!("whoever waited for an append panicked when told");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Commits when told to, and notes the groups.
    struct Gated {
        gate: Receiver<()>,
        groups: Sender<Vec<u32>>,
        idle_left: u32,
    }

    impl Commit for Gated {
        type Append = u32;
        type Ack = u32;
        type Fault = &'static str;

        fn commit(&mut self, group: Vec<u32>) -> Vec<Result<u32, &'static str>> {
            self.idle_left = self.idle_left.saturating_sub(1);
            self.groups.send(group.clone()).unwrap();
            self.gate.recv().unwrap();
            assert!(!group.contains(&666), "the number of the beast");
            group.into_iter().map(Ok).collect()
        }

        fn full() -> &'static str {
            "full"
        }

        fn broken() -> &'static str {
            "broken"
        }

        fn pending(&self) -> bool {
            self.idle_left > 0
        }
    }

    type Answers = Receiver<(u32, Result<u32, &'static str>)>;

    struct Bench {
        writer: Writer<Gated>,
        gate: Sender<()>,
        groups: Receiver<Vec<u32>>,
        answers: Answers,
        told: Sender<(u32, Result<u32, &'static str>)>,
    }

    fn bench(drive: Drive, idle_left: u32) -> Bench {
        let (gate, gate_end) = channel();
        let (groups_end, groups) = channel();
        let (told, answers) = channel();
        let writer = Writer::open(Gated { gate: gate_end, groups: groups_end, idle_left }, drive);
        Bench { writer, gate, groups, answers, told }
    }

    impl Bench {
        fn append(&self, number: u32) {
            let told = self.told.clone();
            self.writer.append(number, Box::new(move |answer| told.send((number, answer)).unwrap()));
        }
    }

    const THREAD: Drive = Drive::Thread { name: "test", queue_max: 4 };

    #[test]
    fn what_arrives_during_a_commit_is_the_next_group() {
        let bench = bench(THREAD, 0);
        bench.append(1);
        assert_eq!(bench.groups.recv().unwrap(), [1]);
        for number in 2..=4 {
            bench.append(number);
        }
        bench.gate.send(()).unwrap();
        assert_eq!(bench.groups.recv().unwrap(), [2, 3, 4]);
        bench.gate.send(()).unwrap();
        for number in 1..=4 {
            assert_eq!(bench.answers.recv().unwrap(), (number, Ok(number)));
        }
    }

    #[test]
    fn a_full_queue_is_answered_at_once() {
        let bench = bench(THREAD, 0);
        bench.append(0);
        bench.groups.recv().unwrap();
        for number in 1..=5 {
            bench.append(number);
        }
        assert_eq!(bench.answers.try_recv().unwrap(), (5, Err("full")));
        bench.gate.send(()).unwrap();
        bench.gate.send(()).unwrap();
        bench.writer.close();
        assert_eq!(bench.answers.try_iter().count(), 5);
    }

    #[test]
    fn closing_commits_what_waits_and_refuses_what_comes_later() {
        let bench = bench(THREAD, 0);
        for number in 1..=3 {
            bench.append(number);
        }
        for _ in 0..3 {
            bench.gate.send(()).unwrap();
        }
        bench.writer.close();
        assert_eq!(bench.answers.try_iter().filter(|(_, answer)| answer.is_ok()).count(), 3);
        bench.append(9);
        assert_eq!(bench.answers.try_recv().unwrap(), (9, Err("full")));
    }

    #[test]
    fn a_panic_in_a_commit_is_a_fault_for_its_group_alone() {
        for drive in [THREAD, Drive::Inline] {
            let bench = bench(drive, 0);
            for _ in 0..2 {
                bench.gate.send(()).unwrap();
            }
            bench.append(666);
            assert_eq!(bench.answers.recv().unwrap(), (666, Err("broken")));
            bench.append(7);
            assert_eq!(bench.answers.recv().unwrap(), (7, Ok(7)));
        }
    }

    #[test]
    fn a_panic_in_done_does_not_stop_the_writer() {
        let bench = bench(THREAD, 0);
        for _ in 0..2 {
            bench.gate.send(()).unwrap();
        }
        bench.writer.append(1, Box::new(|_| panic!("badly told")));
        bench.append(2);
        assert_eq!(bench.answers.recv().unwrap(), (2, Ok(2)));
    }

    #[test]
    fn pending_work_is_committed_without_an_append() {
        let bench = bench(THREAD, 2);
        for _ in 0..2 {
            bench.gate.send(()).unwrap();
            assert!(bench.groups.recv().unwrap().is_empty());
        }
    }

    #[test]
    fn an_inline_writer_answers_before_the_call_returns_and_may_be_called_from_done() {
        let bench = bench(Drive::Inline, 0);
        for _ in 0..2 {
            bench.gate.send(()).unwrap();
        }
        let (writer, told) = (bench.writer.clone(), bench.told.clone());
        bench.writer.append(
            1,
            Box::new(move |_| {
                writer.append(2, Box::new(move |answer| told.send((2, answer)).unwrap()));
            }),
        );
        assert_eq!(bench.answers.try_recv().unwrap(), (2, Ok(2)));
    }

    #[test]
    fn the_last_handle_may_be_dropped_by_the_writer_itself() {
        let bench = bench(THREAD, 0);
        let Bench { writer, gate, groups, answers, told } = bench;
        let last = writer.clone();
        writer.append(
            1,
            Box::new(move |answer| {
                drop(last);
                told.send((1, answer)).unwrap();
            }),
        );
        groups.recv().unwrap();
        drop(writer);
        gate.send(()).unwrap();
        assert_eq!(answers.recv().unwrap(), (1, Ok(1)));
    }
}
