//! The world as it is kept: everything that a stand-in must know again when it is started again beside the same node.
//!
//! Not in it: Pages and secrets, which are told at each start; faults that were ordered, but for what Meta blocked;
//! uploads and webhooks under way. Invariants: what is kept is bounded, the newest stays; no id is drawn from it, so that
//! none is given twice.

use std::collections::BTreeSet;

use model::{AppId, PageId, Psid, Timestamp};
use oracle::CustomerAction;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::World;
use super::customer::Known;
use super::offer::{Ad, Form, Offer};
use crate::fake::facebook::control::Referral;
use crate::fake::facebook::state::{Bubble, LeadState, Line, PostState, Violation};

/// A world as it is kept.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(in crate::fake::facebook) struct Kept {
    /// The stand-in's time when it was kept.
    pub(in crate::fake::facebook) now: Timestamp,
    /// Where the stand-in was reached; its own files lie there.
    pub(in crate::fake::facebook) base_url: String,
    /// Of the whole world.
    pub(in crate::fake::facebook) revision: u64,
    /// Uploads so far, which were numbered.
    pub(in crate::fake::facebook) uploads: u64,
    customers: Vec<Customer>,
    posts: Vec<PostState>,
    offers: Vec<Offered>,
    leads: Vec<LeadState>,
    bubbles: Vec<Bubble>,
    violations: Vec<Violation>,
    forgotten: u64,
    sends_asked: u64,
    restricted: BTreeSet<PageId>,
}

/// A customer of a Page. Typing and the like is not kept.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Customer {
    page: PageId,
    psid: Psid,
    first_name: Option<String>,
    last_name: Option<String>,
    wall_id: Option<String>,
    actions: Vec<Action>,
    lines: Vec<Line>,
    delivered_at: Option<Timestamp>,
    read_at: Option<Timestamp>,
    seen_at: Option<Timestamp>,
    owner: Option<(AppId, Timestamp)>,
    came_by: Option<Referral>,
    #[serde(default)]
    clicked_ad: bool,
}

/// What a customer did, as the rules ask for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Action {
    at: Timestamp,
    opens: bool,
    is_message: bool,
    from_ad: bool,
}

/// What a Page's ad and form are known by; their words are the program's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Offered {
    page: PageId,
    ad: String,
    ad_post: String,
    form: String,
}

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(in crate::fake::facebook) struct Bounds {
    /// Customers, those of the newest lines.
    pub(in crate::fake::facebook) customers: usize,
    /// Lines of each, and messages of all Pages for each.
    pub(in crate::fake::facebook) lines: usize,
}

impl Bounds {
    /// Half of everything.
    pub(in crate::fake::facebook) fn halved(self) -> Self {
        Self { customers: self.customers / 2, lines: self.lines.div_ceil(2) }
    }
}

impl World {
    /// The world as it is kept.
    pub(in crate::fake::facebook) fn kept(&self, bounds: Bounds, now: Timestamp, base_url: &str) -> Kept {
        let mut known: Vec<_> = self.customers.iter().collect();
        known.sort_by_key(|(_, known)| core::cmp::Reverse(known.lines.last().map(|line| line.at)));
        known.truncate(bounds.customers);
        let bubbles = newest(&self.bubbles, bounds.lines.saturating_mul(bounds.customers.max(1)));
        let violations = newest(&self.violations, bounds.lines);
        let left_out = self.bubbles.len() - bubbles.len() + self.violations.len() - violations.len();
        let offered = |(page, offer): (&PageId, &Offer)| Offered {
            page: page.clone(),
            ad: offer.ad.id.clone(),
            ad_post: offer.ad.post_id.clone(),
            form: offer.form.id.clone(),
        };
        Kept {
            now,
            base_url: base_url.to_owned(),
            revision: self.revision,
            uploads: 0,
            customers: known.into_iter().map(|(key, known)| customer(key, known, bounds.lines)).collect(),
            posts: self.posts.values().flatten().cloned().collect(),
            offers: self.offers.iter().map(offered).collect(),
            leads: self.leads.clone(),
            bubbles: bubbles.to_vec(),
            violations: violations.to_vec(),
            forgotten: self.forgotten + left_out as u64,
            sends_asked: self.sends_asked,
            restricted: self.faults.restricted.clone(),
        }
    }

    /// Takes up what was kept. Pages that are new have what a Page begins with.
    pub(in crate::fake::facebook) fn resume(&mut self, kept: Kept) {
        // Higher than any that a browser saw, so that none takes what it has for the newest.
        self.revision = kept.revision + 1;
        for customer in kept.customers {
            let key = (customer.page.clone(), customer.psid.clone());
            self.customers.insert(key, known(customer, self.revision));
        }
        for Offered { page, ad, ad_post, form } in kept.offers {
            let Some(offer) = self.offers.get_mut(&page) else { continue };
            offer.ad = Ad { id: ad, post_id: ad_post, ..offer.ad.clone() };
            offer.form = Form { id: form, ..offer.form.clone() };
            // Its posts follow; what was on the wall before this start was never shown.
            self.posts.insert(page, Vec::new());
        }
        for post in kept.posts {
            self.posts.entry(post.page.clone()).or_default().push(post);
        }
        self.leads = kept.leads;
        self.bubbles = kept.bubbles;
        self.violations = kept.violations;
        self.forgotten = kept.forgotten;
        self.sends_asked = kept.sends_asked;
        self.faults.restricted = kept.restricted;
    }
}

impl Kept {
    /// The same for a stand-in that is reached elsewhere: addresses of its own files lead there.
    pub(in crate::fake::facebook) fn moved_to(self, base_url: &str) -> Self {
        if self.base_url == base_url {
            return self;
        }
        let from = format!("{}/play/", self.base_url);
        let mut value = serde_json::to_value(self).expect("plain fields with text keys");
        lead(&mut value, &from, &format!("{base_url}/play/"));
        serde_json::from_value(value).expect("it was made from one, and texts stayed texts")
    }
}

fn lead(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) => {
            if let Some(rest) = text.strip_prefix(from) {
                *text = format!("{to}{rest}");
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| lead(value, from, to)),
        Value::Object(fields) => fields.values_mut().for_each(|value| lead(value, from, to)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn newest<T>(list: &[T], max: usize) -> &[T] {
    &list[list.len().saturating_sub(max)..]
}

fn customer((page, psid): &(PageId, Psid), known: &Known, lines_max: usize) -> Customer {
    let action = |action: &CustomerAction| Action {
        at: action.at,
        opens: action.opens,
        is_message: action.is_message,
        from_ad: action.from_ad,
    };
    Customer {
        page: page.clone(),
        psid: psid.clone(),
        first_name: known.first_name.clone(),
        last_name: known.last_name.clone(),
        wall_id: known.wall_id.clone(),
        actions: known.actions.iter().map(action).collect(),
        lines: newest(&known.lines, lines_max).to_vec(),
        delivered_at: known.delivered_at,
        read_at: known.read_at,
        seen_at: known.seen_at,
        owner: known.owner.clone(),
        came_by: known.came_by.clone(),
        clicked_ad: known.clicked_ad,
    }
}

fn known(customer: Customer, revision: u64) -> Known {
    let action = |Action { at, opens, is_message, from_ad }| CustomerAction { at, opens, is_message, from_ad };
    Known {
        first_name: customer.first_name,
        last_name: customer.last_name,
        wall_id: customer.wall_id,
        actions: customer.actions.into_iter().map(action).collect(),
        lines: customer.lines,
        delivered_at: customer.delivered_at,
        read_at: customer.read_at,
        seen_at: customer.seen_at,
        typing_until: None,
        owner: customer.owner,
        came_by: customer.came_by,
        clicked_ad: customer.clicked_ad,
        revision,
    }
}
