//! The course of a scenario: each line at its time, then rest.
//!
//! Invariants: a line that cannot be carried out is told with its number and costs no other line; what the node does not
//! take is posted again once it runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use actors::Limits;
use bytes::Bytes;
use machine::AccountFacts;
use model::{AccountId, ItemKey, MachineId, PageId, Redacted, Span};
use node::{NodeConfig, PageConfig};
use oracle::history::{Life, Setup};
use tracker::Audience;

use super::depth::Played;
use super::expect;
use crate::fake::facebook::{CarryOrder, Letting, Page, StandInOptions, Unposted};
use crate::outside::{Announced, CommentOnTask, Facebook, Known, ModelDesk, World};
use crate::scenario::{Deed, Expect, Line, Manner, Names, Order, Scenario, Way, Word};

/// How long an agent waits for a task to comment on.
const PATIENCE: Span = Span::minutes(2);
/// How long the node may take to come to rest after the last line, and how often that is looked at, ever less.
const REST_MAX: Span = Span::hours(2);
const REST_AGAIN: Span = Span::seconds(1);
const REST_AGAIN_MAX: Span = Span::minutes(1);

/// What a line could not do, in a sentence.
type Done = Result<(), String>;

/// A scenario that is being played.
pub(super) struct Course<'a, N> {
    scenario: &'a Scenario,
    node: &'a mut N,
    config: NodeConfig,
    meta: Unposted,
    names: Names,
    known: BTreeSet<ItemKey>,
    /// Bodies that the node did not take, the oldest first.
    refused: Vec<(Announced, Bytes)>,
    /// Lines that could not be carried out.
    pub(super) findings: Vec<String>,
    /// What was expected and not met: the line's number and a sentence.
    pub(super) unmet: Vec<(usize, String)>,
}

impl<'a, N: Played> Course<'a, N> {
    pub(super) fn new(scenario: &'a Scenario, node: &'a mut N) -> Self {
        let meta = Unposted::new(&stand_in(scenario), scenario.begins_at);
        let (names, known) = (Names::default(), BTreeSet::new());
        let (refused, findings, unmet) = (Vec::new(), Vec::new(), Vec::new());
        Self { scenario, node, config: config(scenario), meta, names, known, refused, findings, unmet }
    }

    /// Plays every line and goes on until nothing is under way; what is not at rest then never will be.
    pub(super) fn run(&mut self) -> anyhow::Result<()> {
        for line in &self.scenario.lines {
            self.node.goes_to(self.scenario.begins_at + line.at);
            if let Err(why) = self.carry_out(line)? {
                self.findings.push(format!("line {}: {why}", line.number));
            }
        }
        self.node.life(Life::FaultsOver)?;
        let until = self.node.time() + REST_MAX;
        let mut again = REST_AGAIN;
        while self.node.time() < until {
            self.node.goes_to(self.node.time() + again);
            if self.node.rests()? {
                self.node.is_compared();
                let now = self.node.time();
                self.node.notes(|witness| witness.tell(|chronicle| chronicle.show(now)))?;
                self.node.life(Life::AtRest)?;
                if self.is_done()? {
                    break;
                }
            }
            again = Span((again.0 * 2).min(REST_AGAIN_MAX.0));
        }
        self.scenario.ends.iter().try_for_each(|ending| self.expects(ending.number, &ending.expect))
    }

    /// Whether nothing is left that waits for its own next round, as an answer does that was held.
    fn is_done(&mut self) -> anyhow::Result<bool> {
        let done =
            self.node.notes(|witness| witness.tell(|chronicle| oracle::unsettled(chronicle.so_far()).is_empty()))?;
        Ok(done.unwrap_or(true))
    }

    /// Looks whether something has come about.
    fn expects(&mut self, number: usize, expect: &Expect) -> anyhow::Result<()> {
        let of = expect.of.as_ref().map(|who| {
            let page = self.scenario.page_id(&who.page)?;
            Ok(MachineId::Conversation(page, self.scenario.psid(who)?))
        });
        let of = of.transpose().map_err(|why: String| anyhow::anyhow!(why))?;
        let (now, rests) = (self.node.time(), self.node.rests()?);
        let facts = &self.config.facts;
        let met = self.node.notes(|witness| {
            witness.tell(|chronicle| expect::met(&expect.what, of.as_ref(), (now, facts, rests), chronicle))
        })?;
        if let Some(Err(what)) = met {
            self.unmet.push((number, what));
        }
        Ok(())
    }

    fn carry_out(&mut self, line: &Line) -> anyhow::Result<Done> {
        Ok(match &line.deed {
            Deed::Customer { manner, .. } | Deed::Page { manner, .. } => self.happens(line, manner),
            Deed::Meta(order) => self.carries(line, order),
            Deed::Agent { by, who, text, internal } => {
                match (self.scenario.page_id(&who.page), self.scenario.psid(who)) {
                    (Ok(page), Ok(psid)) => {
                        let audience = if *internal { Audience::Internal } else { Audience::Customer };
                        let comment = CommentOnTask { page, psid, by: by.clone(), text: text.clone(), audience };
                        self.node.hears(comment, PATIENCE);
                        Ok(())
                    }
                    (Err(why), _) | (_, Err(why)) => Err(why),
                }
            }
            Deed::Expect(expect) => {
                self.expects(line.number, expect)?;
                Ok(())
            }
            Deed::Crash => {
                self.node.falls();
                Ok(())
            }
            Deed::Restart => {
                self.node.rises(&self.config)?;
                let refused = core::mem::take(&mut self.refused);
                refused.into_iter().for_each(|(name, body)| self.post(name, body));
                Ok(())
            }
        })
    }

    fn happens(&mut self, line: &Line, manner: &Manner) -> Done {
        let now = self.node.time();
        let Some(happening) = self.scenario.happening(line, &self.names, now)? else { return Ok(()) };
        let whose = happening.psid.clone().map(|psid| MachineId::Conversation(happening.page.clone(), psid));
        let came = self.meta.happen(happening, now)?;
        for body in &came.known {
            for inbound in webhook::parse(body, now).inbounds {
                if self.known.insert(inbound.key) {
                    self.node.meta_knows(&inbound);
                }
            }
        }
        let named = match (&manner.name, came.id) {
            (Some(name), Some(id)) => {
                self.names.give(name, id);
                Ok(())
            }
            (Some(name), None) => Err(format!("nothing came to be that could be called {name}")),
            (None, _) => Ok(()),
        };
        self.posts(line, whose.as_ref(), came.posts);
        named
    }

    fn carries(&mut self, line: &Line, order: &Order) -> Done {
        let pages = |labels: &[Word]| {
            labels.iter().map(|label| self.scenario.page_id(label)).collect::<Result<Vec<PageId>, String>>()
        };
        let order = match order {
            Order::Holds(labels) => CarryOrder::Hold { pages: pages(labels)? },
            Order::Releases { pages: labels, way } => CarryOrder::Release { pages: pages(labels)?, how: letting(*way) },
            Order::RepeatsPage(label) => CarryOrder::Repeat { page: self.scenario.page_id(label)? },
            Order::RepeatsThing(name) => CarryOrder::RepeatOf { id: self.names.id(name)?.to_owned() },
        };
        let bodies = self.meta.carry(&order, self.node.time())?;
        self.posts(line, None, bodies);
        Ok(())
    }

    fn posts(&mut self, line: &Line, whose: Option<&MachineId>, bodies: Vec<Bytes>) {
        for body in bodies {
            let name =
                Announced { name: format!("l{}", line.number), whose: whose.cloned(), what: "delivery".to_owned() };
            self.post(name, body);
        }
    }

    fn post(&mut self, name: Announced, body: Bytes) {
        if !self.node.takes(&name, &body) {
            self.refused.push((name, body));
        }
    }
}

fn letting(way: Way) -> Letting {
    match way {
        Way::InOrder => Letting::InOrder,
        Way::Together => Letting::Together,
        Way::Reversed => Letting::Reversed,
    }
}

fn stand_in(scenario: &Scenario) -> StandInOptions {
    let pages = scenario.pages.values();
    let pages = pages.map(|page| Page { id: page.id.clone(), name: page.name.clone(), token: token(&page.id) });
    let begins_at = scenario.begins_at;
    let options = StandInOptions::new(pages.collect(), Arc::new(move || begins_at));
    StandInOptions { app_id: scenario.app.clone(), human_agent: scenario.human_agent, ..options }
}

fn token(page: &PageId) -> Redacted<String> {
    Redacted::new(format!("token-of-{page}"))
}

/// The node of a scenario.
pub(super) fn config(scenario: &Scenario) -> NodeConfig {
    let page = |page: &crate::scenario::Page| {
        (page.id.clone(), PageConfig { name: page.name.clone(), token: Some(token(&page.id)) })
    };
    NodeConfig {
        account: AccountId::new("sim"),
        facts: AccountFacts {
            human_agent: scenario.human_agent,
            app: Some(scenario.app.clone()),
            ..AccountFacts::default()
        },
        pages: scenario.pages.values().map(page).collect(),
        limits: Limits::default(),
        drain: Span::seconds(1),
        cache_bytes: 16 << 20,
    }
}

/// What the oracle is told of it.
pub(super) fn setup(scenario: &Scenario) -> Setup {
    let config = config(scenario);
    let pages = config.pages.iter().map(|(page, of)| (page.clone(), of.token.is_some()));
    crate::chronicle::setup(scenario.begins_at, &config.facts, pages)
}

/// Meta and the desk of a scenario.
pub(super) fn world(scenario: &Scenario) -> World {
    let mut facebook = Facebook::new(scenario.app.clone(), scenario.human_agent, Arc::new(Known::default()));
    for (who, customer) in &scenario.customers {
        if let (Some(name), Ok(page)) = (&customer.name, scenario.page_id(&who.page)) {
            facebook.call(page, customer.psid.clone(), name.clone());
        }
    }
    World { facebook, desk: ModelDesk::default() }
}
