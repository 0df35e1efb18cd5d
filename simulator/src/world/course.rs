//! The course of a scenario: each line at its time, then rest.
//!
//! Invariants: a line that cannot be carried out is told with its number and costs no other line; what the node does not
//! take is posted again once it runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use actors::Limits;
use bytes::Bytes;
use machine::AccountFacts;
use model::{AccountId, ItemKey, MachineId, PageId, Redacted, Span, Timestamp};
use node::{NodeConfig, PageConfig};
use oracle::history::{Life, Meta, Setup, What};
use tracker::Audience;
use webhook::Secret;
use webhook::signature::{sign, verify};

use super::depth::Played;
use super::expect;
use super::mail::Mail;
use super::strike::On;
use crate::fake::facebook::{CarryOrder, Letting, Page, StandInOptions, Unposted};
use crate::fault::trouble::Trouble;
use crate::outside::{Announced, CommentOnTask, Facebook, Known, ModelDesk, Mood, Weather, World};
use crate::scenario::{Deed, Expect, Line, Manner, Names, Order, Scenario, Way, Word};
use crate::witness::Witness;

/// How long an agent waits for a task to comment on.
const PATIENCE: Span = Span::minutes(2);
/// How long the node may take to come to rest after the last line, and how often that is looked at, ever less. Meta lets a
/// Page that used up its calls wait for a day at most.
const REST_MAX: Span = Span::hours(26);
const REST_AGAIN: Span = Span::seconds(1);
const REST_AGAIN_MAX: Span = Span::minutes(1);

/// What coverage calls a Page that Meta has given up on.
const UNSUBSCRIBED: &str = "unsubscribed";

/// What a line could not do, in a sentence.
pub(super) type Done = Result<(), String>;

/// A scenario that is being played.
pub(super) struct Course<'a, N> {
    pub(super) scenario: &'a Scenario,
    pub(super) node: &'a mut N,
    pub(super) config: NodeConfig,
    meta: Unposted,
    names: Names,
    known: BTreeSet<ItemKey>,
    /// What goes wrong.
    pub(super) trouble: Trouble,
    /// Faults that are on.
    pub(super) on: Vec<On>,
    /// What Meta still has to post.
    mail: Mail,
    /// Pages that Meta has given up on and that nobody was told of.
    given_up: u64,
    /// Tokens that were given to Pages since the beginning.
    pub(super) tokens: u64,
    /// A line has felled the node, and none has started it again.
    pub(super) is_down: bool,
    /// Bodies that do not come from Meta, on their way.
    forged: Vec<(Announced, Bytes)>,
    /// Whether Meta posts everything twice.
    pub(super) posts_twice: bool,
    /// Lines that could not be carried out.
    pub(super) findings: Vec<String>,
    /// What was expected and not met: the line's number and a sentence.
    pub(super) unmet: Vec<(usize, String)>,
}

impl<'a, N: Played> Course<'a, N> {
    pub(super) fn new(scenario: &'a Scenario, trouble: Trouble, node: &'a mut N) -> Self {
        let meta = Unposted::new(&stand_in(scenario), scenario.begins_at);
        let (names, known) = (Names::default(), BTreeSet::new());
        let (on, findings, unmet, mail) = (Vec::new(), Vec::new(), Vec::new(), Mail::default());
        let (config, given_up, tokens, is_down) = (config(scenario), 0, 0, false);
        let (forged, posts_twice) = (Vec::new(), false);
        Self {
            scenario,
            node,
            config,
            meta,
            names,
            known,
            trouble,
            on,
            mail,
            given_up,
            tokens,
            is_down,
            forged,
            posts_twice,
            findings,
            unmet,
        }
    }

    /// Plays every line and goes on until nothing is under way; what is not at rest then never will be.
    pub(super) fn run(&mut self) -> anyhow::Result<()> {
        for line in &self.scenario.lines {
            self.goes_to(self.scenario.begins_at + line.at)?;
            if let Err(why) = self.carry_out(line)? {
                self.findings.push(format!("line {}: {why}", line.number));
            }
        }
        self.trouble.ends();
        self.mail.subscribes_all();
        self.reconnects_all()?;
        self.node.life(Life::FaultsOver)?;
        self.post_again();
        let until = self.node.time() + REST_MAX;
        let mut again = REST_AGAIN;
        while self.node.time() < until {
            self.goes_to(self.node.time() + again)?;
            if self.mail.is_empty() && self.node.rests()? {
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
            witness.tell(|chronicle| expect::met(expect, of.as_ref(), (now, facts, rests), chronicle))
        })?;
        if let Some(Err(what)) = met {
            self.unmet.push((number, what));
        }
        Ok(())
    }

    fn carry_out(&mut self, line: &Line) -> anyhow::Result<Done> {
        Ok(match &line.deed {
            Deed::Customer { manner, .. } | Deed::Page { manner, .. } => {
                let done = self.happens(line, manner);
                self.forges()?;
                done
            }
            Deed::Meta(order) => match self.mood(order)? {
                Some(done) => done,
                None => self.carries(line, order),
            },
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
                self.is_down = true;
                self.node.falls();
                Ok(())
            }
            Deed::Restart => {
                self.is_down = false;
                self.node.rises(&self.config)?;
                self.post_again();
                Ok(())
            }
            Deed::Fault(fault) => self.strikes(fault)?,
        })
    }

    fn happens(&mut self, line: &Line, manner: &Manner) -> Done {
        (0..Scenario::times(line)).try_for_each(|_| self.happens_once(line, manner))
    }

    fn happens_once(&mut self, line: &Line, manner: &Manner) -> Done {
        let now = self.node.time();
        let Some(happening) = self.scenario.happening(line, &self.names, now)? else { return Ok(()) };
        let whose = happening.psid.clone().map(|psid| MachineId::Conversation(happening.page.clone(), psid));
        if manner.forged {
            let name = |body| (named(line, None, "forged delivery"), body);
            self.forged.extend(self.meta.forge(happening, now)?.into_iter().map(name));
            return Ok(());
        }
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
            Order::Refuses { .. } | Order::Reports { .. } | Order::Loses(_) | Order::Accepts(_) => return Ok(()),
        };
        let bodies = self.meta.carry(&order, self.node.time())?;
        self.posts(line, None, bodies);
        Ok(())
    }

    /// Now, or as late as webhooks of the Page are.
    fn posts(&mut self, line: &Line, whose: Option<&MachineId>, bodies: Vec<Bytes>) {
        let now = self.node.time();
        for (nth, body) in bodies.into_iter().enumerate() {
            let page = whose.and_then(MachineId::page);
            let about = format!("l{}#{nth}#{}", line.number, self.known.len());
            let late = page.map_or(Span(0), |page| self.trouble.weather().lateness(page, &about));
            if self.posts_twice {
                self.mail.put(now + late, named(line, whose, "delivery"), body.clone());
            }
            self.mail.put(now + late, named(line, whose, "delivery"), body);
        }
        self.posts_due();
    }

    /// Sends of a Page fare otherwise from here on; `None`: the order is about something else.
    fn mood(&mut self, order: &Order) -> anyhow::Result<Option<Done>> {
        let (label, mood) = match order {
            Order::Refuses { page, code } => (page, Some(Mood::Refuses(*code))),
            Order::Reports { page, percent } => (page, Some(Mood::Reports(*percent))),
            Order::Loses(page) => (page, Some(Mood::Loses)),
            Order::Accepts(page) => (page, None),
            Order::Holds(_) | Order::Releases { .. } | Order::RepeatsPage(_) | Order::RepeatsThing(_) => {
                return Ok(None);
            }
        };
        let page = match self.scenario.page_id(label) {
            Ok(page) => page,
            Err(why) => return Ok(Some(Err(why))),
        };
        self.node.set_mood(&page, mood);
        if let Some(Mood::Refuses((102 | 190, _))) = mood {
            let (now, dead) = (self.node.time(), What::Meta(Meta::TokenDied { page }));
            self.node.notes(|witness| witness.tell(|chronicle| chronicle.note(now, dead)))?;
        }
        Ok(Some(Ok(())))
    }

    /// Somebody else posts what was forged. What the door turns away never comes again.
    fn forges(&mut self) -> anyhow::Result<()> {
        for (name, body) in core::mem::take(&mut self.forged) {
            let signature = sign(&Secret::new("a stranger's"), &body);
            if verify(&[Secret::new("Meta's")], Some(signature.as_bytes()), &body).is_ok() {
                self.node.notes(Witness::is_forged)?;
                let now = self.node.time();
                self.mail.put(now, name, body);
                self.posts_due();
            } else {
                let now = self.node.time();
                self.node.notes(|witness| witness.turned_away(now, &body))?;
            }
        }
        Ok(())
    }

    /// Everything before this instant happens; what Meta posts at it has come.
    fn goes_to(&mut self, at: Timestamp) -> anyhow::Result<()> {
        while let Some(next) = self.mail.next_at().filter(|next| *next < at) {
            self.node.goes_to(next);
            self.posts_due();
        }
        self.node.goes_to(at);
        // Where nobody is there, the line of this instant may start the node: Meta comes after it.
        if self.node.runs() {
            self.posts_due();
        }
        for _ in 0..core::mem::take(&mut self.given_up) {
            self.node.life(Life::OutsideTurned { into: UNSUBSCRIBED.into() })?;
        }
        self.faults_end()
    }

    /// What was not taken is posted again now.
    pub(super) fn post_again(&mut self) {
        self.mail.hurries(self.node.time());
        self.posts_due();
    }

    fn posts_due(&mut self) {
        let now = self.node.time();
        while let Some(letter) = self.mail.take(now) {
            if self.node.takes(&letter.name, &letter.body) {
                self.mail.taken(&letter);
            } else {
                self.given_up += u64::from(self.mail.failed(letter, now));
            }
        }
    }

    /// Meta delivers a Page's webhooks again.
    pub(super) fn subscribes(&mut self, page: &PageId) {
        self.mail.subscribes(page);
    }
}

/// A delivery of a line.
fn named(line: &Line, whose: Option<&MachineId>, what: &str) -> Announced {
    Announced { name: format!("l{}", line.number), whose: whose.cloned(), what: what.to_owned() }
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
    let pages = pages.map(|page| Page { id: page.id.clone(), name: page.name.clone(), token: token(&page.id, 0) });
    let begins_at = scenario.begins_at;
    let options = StandInOptions::new(pages.collect(), Arc::new(move || begins_at));
    let (app_id, gives_control) = (scenario.app.clone(), scenario.take_control == Some(true));
    StandInOptions { app_id, human_agent: scenario.human_agent, gives_control, ..options }
}

/// The token that a Page got as its `nth`, from 0.
pub(super) fn token(page: &PageId, nth: u64) -> Redacted<String> {
    let more = if nth == 0 { String::new() } else { format!("-{nth}") };
    Redacted::new(format!("token-of-{page}{more}"))
}

/// The node of a scenario.
pub(super) fn config(scenario: &Scenario) -> NodeConfig {
    let page = |page: &crate::scenario::Page| {
        (page.id.clone(), PageConfig { name: page.name.clone(), token: Some(token(&page.id, 0)) })
    };
    NodeConfig {
        account: AccountId::new("sim"),
        facts: AccountFacts {
            human_agent: scenario.human_agent,
            take_control: scenario.take_control.is_some(),
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
pub(super) fn world(scenario: &Scenario, weather: &Weather) -> World {
    let mut facebook = Facebook::new(scenario.app.clone(), scenario.human_agent, Arc::new(Known::default()));
    facebook.gives_control(scenario.take_control == Some(true));
    for (who, customer) in &scenario.customers {
        if let (Some(name), Ok(page)) = (&customer.name, scenario.page_id(&who.page)) {
            facebook.call(page, customer.psid.clone(), name.clone());
        }
    }
    World { facebook, desk: ModelDesk::default(), weather: weather.clone() }
}
