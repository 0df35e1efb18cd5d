//! Random work against a naive model: lists in memory that state the rules once more, in the plainest way.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// One step; numbers are reduced to what exists.
#[derive(Clone, Debug)]
enum Step {
    Open { customer: u64 },
    Add { customer: u64, task: usize, if_active: bool },
    RetryEffect { nth: usize },
    Comment { task: usize },
    SetStatus { task: usize, status: u32 },
    Trash { task: usize },
    Restore { task: usize },
    Purge { task: usize },
    Merge { from: usize, into: usize },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let task = 0_usize..8;
    prop_oneof![
        3 => (0_u64..4).prop_map(|customer| Step::Open { customer }),
        6 => (0_u64..4, task.clone(), any::<bool>())
            .prop_map(|(customer, task, if_active)| Step::Add { customer, task, if_active }),
        2 => any::<usize>().prop_map(|nth| Step::RetryEffect { nth }),
        2 => task.clone().prop_map(|task| Step::Comment { task }),
        2 => (task.clone(), 1_u32..6).prop_map(|(task, status)| Step::SetStatus { task, status }),
        2 => task.clone().prop_map(|task| Step::Trash { task }),
        1 => task.clone().prop_map(|task| Step::Restore { task }),
        1 => task.clone().prop_map(|task| Step::Purge { task }),
        2 => (task.clone(), task).prop_map(|(from, into)| Step::Merge { from, into }),
        1 => Just(Step::Restart),
    ]
}

/// A task of the model.
#[derive(Clone, Debug)]
struct Plain {
    texts: Vec<(u64, String)>,
    status: u32,
    trashed: bool,
    purged: bool,
    merged_into: Option<usize>,
}

/// An effect that was asked, to be asked again.
#[derive(Clone, Debug)]
enum Asked {
    Open { customer: u64, seq: u64, text: String, task: usize },
    Add { customer: u64, seq: u64, task: usize, text: String, if_active: bool, answer: CommentsAdded },
}

#[derive(Default)]
struct Model {
    tasks: Vec<Plain>,
    asked: Vec<Asked>,
    /// Tasks that each customer was told of.
    told: BTreeMap<u64, Vec<usize>>,
    seqs: BTreeMap<u64, u64>,
    feed: Vec<String>,
    clock: u64,
}

fn id(index: usize) -> TaskId {
    TaskId::new((index + 1).to_string())
}

impl Model {
    fn resolve(&self, task: usize) -> usize {
        self.tasks[task].merged_into.map_or(task, |into| self.resolve(into))
    }

    fn next(&mut self, customer: u64) -> (u64, String) {
        let seq = self.seqs.entry(customer).or_default();
        *seq += 1;
        self.clock += 1;
        (*seq, format!("line {}", self.clock))
    }

    fn write(&mut self, task: usize, text: &str) {
        let clock = self.clock;
        self.tasks[task].texts.push((clock, text.to_owned()));
    }

    /// Mostly one of the customer's own tasks.
    fn asked_for(&self, customer: u64, task: usize) -> usize {
        let own = self.told.get(&customer).map_or(&[][..], |told| told);
        if own.is_empty() || task == 7 { task } else { own[task % own.len()] }
    }

    fn add(&mut self, customer: u64, task: usize, text: &str, if_active: bool) -> CommentsAdded {
        if !self.told.entry(customer).or_default().contains(&task) {
            return CommentsAdded::Gone;
        }
        let task = self.resolve(task);
        let plain = &self.tasks[task];
        if plain.purged {
            return CommentsAdded::Gone;
        }
        if if_active && (plain.trashed || plain.status > 3) {
            return CommentsAdded::Inactive;
        }
        self.write(task, text);
        self.told.entry(customer).or_default().push(task);
        CommentsAdded::Done { task: id(task) }
    }

    /// The survivor, or why a person cannot work on it.
    fn standing(&self, task: usize) -> Result<usize, Refusal> {
        if task >= self.tasks.len() {
            return Err(Refusal::UnknownTask);
        }
        let task = self.resolve(task);
        if self.tasks[task].purged { Err(Refusal::TaskGone) } else { Ok(task) }
    }

    fn outside_trash(&self, task: usize) -> Result<usize, Refusal> {
        let task = self.standing(task)?;
        if self.tasks[task].trashed { Err(Refusal::TaskInTrash) } else { Ok(task) }
    }

    fn merge(&mut self, from: usize, into: usize) -> Result<(), Refusal> {
        let (from, into) = (self.standing(from)?, self.standing(into)?);
        if from == into {
            return Err(Refusal::MergesIntoItself);
        }
        let (from, into) = (self.outside_trash(from)?, self.outside_trash(into)?);
        let texts = std::mem::take(&mut self.tasks[from].texts);
        self.tasks[into].texts.extend(texts);
        self.tasks[into].texts.sort();
        self.tasks[from].merged_into = Some(into);
        Ok(())
    }
}

async fn take(model: &mut Model, desk: &Desk, step: Step) {
    match step {
        Step::Open { customer } => {
            let (seq, text) = model.next(customer);
            let task = model.tasks.len();
            let plain = Plain { texts: Vec::new(), status: 1, trashed: false, purged: false, merged_into: None };
            model.tasks.push(plain);
            model.write(task, &text);
            let opened = desk.open_task(effect(customer, seq), request(customer, &[&text])).await.unwrap();
            assert_eq!(opened.task, id(task));
            model.told.entry(customer).or_default().push(task);
            model.asked.push(Asked::Open { customer, seq, text, task });
        }
        Step::Add { customer, task, if_active } => {
            let (seq, text) = model.next(customer);
            let task = model.asked_for(customer, task);
            let answer = model.add(customer, task, &text, if_active);
            let found = desk.add_comments(effect(customer, seq), id(task), lines(&[&text]), if_active).await;
            assert_eq!(found.as_ref(), Ok(&answer));
            model.asked.push(Asked::Add { customer, seq, task, text, if_active, answer });
        }
        Step::RetryEffect { nth } if !model.asked.is_empty() => match model.asked[nth % model.asked.len()].clone() {
            Asked::Open { customer, seq, text, task } => {
                let opened = desk.open_task(effect(customer, seq), request(customer, &[&text])).await.unwrap();
                assert_eq!(opened.task, id(task));
            }
            Asked::Add { customer, seq, task, text, if_active, answer } => {
                let effect = effect(customer, seq);
                let found = desk.add_comments(effect.clone(), id(task), lines(&[&text]), if_active).await;
                assert_eq!(found, Ok(answer));
                let other = desk.add_comments(effect, id(task), lines(&["other"]), if_active).await;
                assert!(matches!(other, Err(crate::Fault::GiveUp(_))), "{other:?}");
            }
        },
        Step::RetryEffect { .. } => (),
        Step::Comment { task } => {
            let wanted = model.outside_trash(task);
            let found = desk.add_comment(&id(task), Audience::Customer, "an answer".into(), act()).await;
            assert_eq!(found.as_ref().map(drop), wanted.as_ref().map(drop));
            if let Ok(comment) = found {
                model.feed.push(comment.to_string());
            }
        }
        Step::SetStatus { task, status } => {
            let wanted = model.outside_trash(task);
            assert_eq!(desk.set_status(&id(task), StatusId(status), act()).await, wanted.map(drop));
            if let Ok(task) = wanted {
                model.tasks[task].status = status;
            }
        }
        Step::Trash { task } => set_trashed(model, desk, task, true).await,
        Step::Restore { task } => set_trashed(model, desk, task, false).await,
        Step::Purge { task } => {
            let wanted = match model.standing(task) {
                Ok(task) if model.tasks[task].trashed => {
                    let plain = &mut model.tasks[task];
                    (plain.purged, plain.trashed) = (true, false);
                    plain.texts.clear();
                    Ok(())
                }
                Ok(_) => Err(Refusal::TaskNotInTrash),
                Err(Refusal::TaskGone) => Ok(()),
                Err(other) => Err(other),
            };
            assert_eq!(desk.purge(&id(task), act()).await, wanted);
        }
        Step::Merge { from, into } => {
            let wanted = model.merge(from, into);
            assert_eq!(desk.merge(&id(from), &id(into), act()).await, wanted);
        }
        Step::Restart => (),
    }
}

async fn set_trashed(model: &mut Model, desk: &Desk, task: usize, trashed: bool) {
    let wanted = model.standing(task);
    let found = if trashed { desk.trash(&id(task), act()).await } else { desk.restore(&id(task), act()).await };
    assert_eq!(found, wanted.map(drop));
    if let Ok(task) = wanted {
        model.tasks[task].trashed = trashed;
    }
}

async fn compare(model: &Model, desk: &Desk) {
    for (index, plain) in model.tasks.iter().enumerate() {
        let survivor = model.resolve(index);
        if model.tasks[survivor].purged {
            assert_eq!(desk.task(&id(index), None, 5), Err(Refusal::TaskGone));
            continue;
        }
        let page = desk.task(&id(index), None, 5).unwrap();
        assert_eq!(page.task.id, id(survivor));
        if plain.merged_into.is_none() {
            assert_eq!((page.task.status.id.0, page.task.trashed), (plain.status, plain.trashed));
            let wanted: Vec<_> = plain.texts.iter().map(|(_, text)| text.clone()).collect();
            assert_eq!(texts(desk, &id(index)), wanted);
        }
    }
    let standing = || model.tasks.iter().filter(|plain| !plain.purged && plain.merged_into.is_none());
    let stats = desk.stats().unwrap();
    assert_eq!(stats.tasks, standing().count() as u64);
    assert_eq!(stats.active, standing().filter(|plain| !plain.trashed && plain.status <= 3).count() as u64);
    assert_eq!(stats.trashed, standing().filter(|plain| plain.trashed).count() as u64);
    assert_eq!(stats.effects, model.asked.len() as u64);
    let feed: Vec<_> = desk.feed(Cursor(0), 1000).await.unwrap().comments;
    assert!(feed.len() <= model.feed.len());
    assert!(feed.iter().all(|comment| model.feed.iter().any(|id| id == comment.id.as_str())));
    assert!(feed.is_sorted_by_key(|comment| comment.id.as_str().parse::<u64>().unwrap()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_work_equals_the_naive_model(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let source = memory();
            let mut desk = Desk::open(source.clone(), INLINE).unwrap();
            let mut model = Model::default();
            for step in steps {
                if matches!(step, Step::Restart) {
                    drop(desk);
                    desk = Desk::open(source.clone(), INLINE).unwrap();
                }
                take(&mut model, &desk, step).await;
            }
            compare(&model, &desk).await;
        });
    }
}
