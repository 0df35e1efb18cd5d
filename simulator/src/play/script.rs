//! Plays a scenario: customers, Pages and Meta through the stand-in's own orders, agents through the desk's API, each line
//! at its time by the clock that can be moved.
//!
//! What the node makes of it is not judged here: that is what recordings of it are for. Invariants: a line begins after
//! every webhook of the lines before was taken; a line that cannot be carried out is told and costs no other line.

use std::collections::BTreeMap;

use actors::Clock as _;
use anyhow::Context as _;
use model::PageId;
use serde::Serialize;

use super::hand::Hand;
use super::recording::{Audience, FactLine};
use super::{FINDINGS_MAX, Stage, reckoning};
use crate::fake::facebook::{CarryOrder, Customer, Letting};
use crate::scenario::{Deed, Line, Manner, Names, Order, Scenario, Way, Who, Word};

/// What came of a scenario.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct ScriptReport {
    /// The scenario's title.
    pub title: String,
    /// Lines that were carried out.
    pub lines: u64,
    /// Lines that could not be.
    pub failed: u64,
    /// Deliveries that were acknowledged with 200.
    pub deliveries: u64,
    /// Comments that agents wrote, internal ones too.
    pub comments: u64,
    /// Messages that the stand-in took.
    pub sends: u64,
    /// Parts of answers that the rules forbade.
    pub refused: u64,
    /// The same by reason.
    pub refused_by_reason: BTreeMap<String, u64>,
    /// Parts of which nobody knows whether they arrived.
    pub in_doubt: u64,
    /// Sends that the stand-in refused because they broke a rule.
    pub policy_violations: u64,
    /// How long it took, by the wall.
    pub elapsed_ms: u64,
    /// What failed, each with its line; the first of them.
    pub findings: Vec<String>,
}

impl ScriptReport {
    /// Every line was carried out and no rule was broken.
    pub fn is_clean(&self) -> bool {
        (self.failed, self.policy_violations) == (0, 0)
    }

    fn find(&mut self, sentence: String) {
        self.failed += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(sentence);
        }
    }
}

/// Plays a scenario to its end. `file` is what its lines are told by.
///
/// # Errors
/// Where the node cannot be reached, does not come to rest, or its journal cannot be read.
pub async fn play(scenario: &Scenario, file: &str, stage: &Stage<'_>) -> anyhow::Result<ScriptReport> {
    let began = tokio::time::Instant::now();
    let mut report = ScriptReport { title: scenario.title.clone(), ..ScriptReport::default() };
    let mut script = Script { scenario, stage, hand: Hand::on(stage)?, names: Names::default(), comments: 0 };
    script.introduce();
    for line in &scenario.lines {
        let place = || format!("{file}:{}", line.number);
        script.hand.advance(scenario.begins_at + line.at).await.with_context(place)?;
        match script.carry_out(line).await.with_context(place)? {
            Ok(()) => report.lines += 1,
            Err(why) => report.find(format!("{}: {why}", place())),
        }
    }
    script.hand.rest().await?;
    report.comments = script.comments;
    let state = stage.stand_in.state();
    report.deliveries = state.webhooks.accepted;
    report.sends = state.bubbles.len() as u64;
    report.policy_violations = state.violations.len() as u64;
    if state.webhooks.dropped > 0 {
        report.find(format!("{file}: {} webhooks were dropped: too many waited at once", state.webhooks.dropped));
    }
    (report.refused_by_reason, report.in_doubt) = reckoning::refusals(stage)?;
    report.refused = report.refused_by_reason.values().sum();
    report.elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(report)
}

/// Of what happens in simulated worlds alone.
const SIMULATED: &str = "a sandbox does not do this: play it with `pagedesk sim scenario`";

/// What a line could not do, in a sentence.
type Done = Result<(), String>;

struct Script<'a> {
    scenario: &'a Scenario,
    stage: &'a Stage<'a>,
    hand: Hand<'a>,
    names: Names,
    comments: u64,
}

impl Script<'_> {
    /// Lets the stand-in's profiles know who has a name.
    fn introduce(&self) {
        for (who, customer) in &self.scenario.customers {
            if let (Some(name), Ok(page)) = (&customer.name, self.scenario.page_id(&who.page)) {
                let named = Customer { name: Some(name.clone()), ..Customer::new(&page, &customer.psid) };
                self.stage.stand_in.customer(named);
            }
        }
    }

    async fn carry_out(&mut self, line: &Line) -> anyhow::Result<Done> {
        match &line.deed {
            Deed::Customer { manner, .. } | Deed::Page { manner, .. } => {
                let done = self.happens(line, manner);
                self.hand.taken().await?;
                Ok(done)
            }
            Deed::Meta(order) => {
                let done = self.carries(order);
                self.hand.taken().await?;
                Ok(done)
            }
            Deed::Crash | Deed::Restart | Deed::Fault(_) => {
                Ok(Err("nothing goes wrong in a sandbox: play this with `pagedesk sim scenario`".to_owned()))
            }
            Deed::Expect(_) => Ok(Err(
                "what is expected is judged in simulated worlds: play this with `pagedesk sim scenario`".to_owned(),
            )),
            Deed::Agent { by, who, text, internal } => self.comments(line, by, who, text, *internal).await,
        }
    }

    fn happens(&mut self, line: &Line, manner: &Manner) -> Done {
        if manner.forged {
            return Err(SIMULATED.to_owned());
        }
        let now = self.stage.clock.now();
        for _ in 1..Scenario::times(line) {
            if let Some(happening) = self.scenario.happening(line, &self.names, now)? {
                self.stage.stand_in.happen(happening)?;
            }
        }
        let Some(happening) = self.scenario.happening(line, &self.names, now)? else { return Ok(()) };
        let happened = self.stage.stand_in.happen(happening)?;
        if let Some(name) = &manner.name {
            let id = happened.id.ok_or_else(|| format!("nothing came to be that could be called {name}"))?;
            self.names.give(name, id);
        }
        Ok(())
    }

    fn carries(&self, order: &Order) -> Done {
        let pages = |labels: &[Word]| {
            labels.iter().map(|label| self.scenario.page_id(label)).collect::<Result<Vec<PageId>, String>>()
        };
        let order = match order {
            Order::Holds(labels) => CarryOrder::Hold { pages: pages(labels)? },
            Order::Releases { pages: labels, way } => CarryOrder::Release { pages: pages(labels)?, how: letting(*way) },
            Order::RepeatsPage(label) => CarryOrder::Repeat { page: self.scenario.page_id(label)? },
            Order::RepeatsThing(name) => CarryOrder::RepeatOf { id: self.names.id(name)?.to_owned() },
            Order::Refuses { .. } | Order::Reports { .. } | Order::Loses(_) | Order::Accepts(_) => {
                return Err(SIMULATED.to_owned());
            }
        };
        self.stage.stand_in.carry(&order).map(drop)
    }

    async fn comments(&mut self, line: &Line, by: &str, who: &Who, text: &str, internal: bool) -> anyhow::Result<Done> {
        let (page, psid) = match (self.scenario.page_id(&who.page), self.scenario.psid(who)) {
            (Ok(page), Ok(psid)) => (page, psid),
            (Err(why), _) | (_, Err(why)) => return Ok(Err(why)),
        };
        let audience = if internal { Audience::Internal } else { Audience::Customer };
        let at = self.stage.clock.now();
        let fact = FactLine { at, page, psid, by: by.to_owned(), text: text.to_owned(), audience };
        let trouble = self.hand.comment(&format!("script-{}", line.number), &fact).await?;
        if trouble.is_none() {
            self.comments += 1;
        }
        Ok(trouble.map_or(Ok(()), Err))
    }
}

fn letting(way: Way) -> Letting {
    match way {
        Way::InOrder => Letting::InOrder,
        Way::Together => Letting::Together,
        Way::Reversed => Letting::Reversed,
    }
}
