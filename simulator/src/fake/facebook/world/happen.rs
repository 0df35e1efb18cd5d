//! One happening: what it does to the thread and which webhook item tells it. Walls and leads are in `wall`.
//!
//! Invariant: an order is looked at whole before anything changes. What opens windows is stated here in plain words: a
//! message, a pressed button, a reaction, a plugin, a link into a thread that exists (*Send a Message* and policy page,
//! read 2026-11-23); not a receipt, an edit, an unsend, a reaction taken back or a click on an ad without a message.

use model::{Mid, Psid, Timestamp};
use oracle::CustomerAction;

use super::World;
use super::customer::Known;
use crate::fake::facebook::control::{Happened, Happening, OptIn, Referral, Said, What};
use crate::fake::facebook::courier::Item;
use crate::fake::facebook::limits::{ATTACHMENTS_MAX, ID_MAX, LATEST, TEXT_MAX};
use crate::fake::facebook::state::{Line, Writer};
use crate::fake::facebook::wire::{List, change, messaging::Between};

/// What comes of a happening.
pub(super) type Told = Result<(Happened, Vec<Item>), String>;

/// Whether an order can be carried out at all.
pub(super) fn check(order: &Happening) -> Result<(), String> {
    let short = |what: &str, text: &str| {
        (text.len() <= ID_MAX).then_some(()).ok_or_else(|| format!("the {what} has more than {ID_MAX} bytes"))
    };
    if order.at.is_some_and(|at| at < Timestamp(0) || at > LATEST) {
        return Err("`at` lies between 1970 and 2100, in milliseconds".to_owned());
    }
    if order.psid.as_ref().is_some_and(|psid| psid.as_str().is_empty()) {
        return Err("a psid has at least one character".to_owned());
    }
    short("psid", order.psid.as_ref().map_or("", Psid::as_str))?;
    short("name", order.name.as_deref().unwrap_or_default())?;
    let (text, attachments): (Option<&str>, usize) = match &order.what {
        What::Message(Said { text, attachments, .. }) if text.is_none() && attachments.is_empty() => {
            return Err("a message has a text or an attachment".to_owned());
        }
        What::Message(said) => (said.text.as_deref(), said.attachments.len()),
        What::Echo(echoed) => (echoed.text.as_deref(), echoed.attachments.len()),
        What::Edit { text, .. } | What::AdminText { text } => (Some(text), 0),
        What::Postback { title, .. } => (Some(title), 0),
        What::Feed(feed) => (feed.message.as_deref(), feed.photos.len()),
        What::Mention(mention) => (mention.message.as_deref(), 0),
        What::Rating(rating) => (rating.review_text.as_deref(), 0),
        What::Reaction { .. }
        | What::Unsend { .. }
        | What::Unsupported {}
        | What::Referral(_)
        | What::OptIn(_)
        | What::Linked { .. }
        | What::Unlinked {}
        | What::Feedback { .. }
        | What::ResponseFeedback { .. }
        | What::Delivered { .. }
        | What::Read { .. }
        | What::PassThread(_)
        | What::TakeThread(_)
        | What::RequestThread { .. }
        | What::AppRoles { .. }
        | What::PolicyEnforcement { .. }
        | What::Lead(_)
        | What::Integrity(_)
        | What::Elsewhere { .. }
        | What::Raw { .. } => (None, 0),
    };
    if text.is_some_and(|text| text.chars().count() > TEXT_MAX) {
        return Err(format!("the text has more than {TEXT_MAX} characters"));
    }
    if attachments > ATTACHMENTS_MAX {
        return Err(format!("there are more than {ATTACHMENTS_MAX} attachments"));
    }
    Ok(())
}

impl World {
    /// Carries an order out; what is to be told to the webhook.
    #[expect(clippy::wildcard_enum_match_arm, reason = "`Scene::play` names every kind; this one picks some")]
    pub(in crate::fake::facebook) fn happen(&mut self, order: Happening, now: Timestamp) -> Told {
        check(&order)?;
        if !self.pages.contains_key(&order.page) {
            return Err("no such Page".to_owned());
        }
        let at = order.at.unwrap_or(now);
        match &order.what {
            What::Feed(_) | What::Lead(_) | What::Mention(_) | What::Rating(_) => self.on_the_wall(order, at),
            What::AppRoles { .. }
            | What::PolicyEnforcement { .. }
            | What::Integrity(_)
            | What::Elsewhere { .. }
            | What::Raw { .. } => self.about_the_page(order, at),
            _ => self.in_the_thread(order, at, now),
        }
    }

    /// What concerns no customer.
    #[expect(clippy::wildcard_enum_match_arm, reason = "`Scene::play` names every kind; this one picks some")]
    fn about_the_page(&mut self, order: Happening, at: Timestamp) -> Told {
        let Happening { page, psid, standby, what, .. } = order;
        let nobody = Psid::new("");
        let between = Between { page: &page, psid: &nobody, at };
        let list = if standby == Some(true) { List::Standby } else { List::Messaging };
        let (list, text) = match what {
            What::AppRoles { roles } => (list, between.app_roles(&roles)),
            What::PolicyEnforcement { action, reason } => {
                match action.as_str() {
                    "block" => drop(self.faults.restricted.insert(page.clone())),
                    "unblock" => drop(self.faults.restricted.remove(&page)),
                    _ => {}
                }
                (list, between.enforcement(&action, reason.as_deref()))
            }
            What::Integrity(integrity) => {
                let restricts = integrity.restrictions.iter().any(|restriction| {
                    restriction.feature.to_lowercase().contains("messag")
                        && restriction.status.eq_ignore_ascii_case("active")
                });
                if restricts {
                    self.faults.restricted.insert(page.clone());
                } else {
                    self.faults.restricted.remove(&page);
                }
                (List::Changes, change::integrity(&integrity, at))
            }
            What::Elsewhere { object, id, changes } => (List::Whole, change::elsewhere(&object, &id, &changes, at)),
            What::Raw { list, item } => (List::of(&list), item.to_string()),
            _ => return Err("this is not about a Page alone".to_owned()),
        };
        self.revision += 1;
        Ok((Happened { psid, id: None, at }, vec![Item::new(&page, list, text)]))
    }

    /// What stands between one customer and the Page.
    fn in_the_thread(&mut self, order: Happening, at: Timestamp, now: Timestamp) -> Told {
        let Happening { page, psid, name, standby, what, .. } = order;
        let psid = psid.unwrap_or_else(|| self.psid());
        let (mid, ours) = (self.mid(), self.app.clone());
        let known = self.meet(&page, &psid, name.as_deref())?;
        if known.owned_elsewhere(&ours, now).is_none() {
            // Control that has ended does not come back with the next message.
            known.owner = None;
        }
        let aside = standby.unwrap_or(known.owner.is_some());
        let mut list = if aside { List::Standby } else { List::Messaging };
        if standby.is_none() && matches!(what, What::PassThread(_) | What::TakeThread(_) | What::RequestThread { .. }) {
            list = List::Messaging;
        }
        let scene = Scene { known, mid, between: Between { page: &page, psid: &psid, at }, is_standby: aside };
        let (id, text) = scene.play(what).ok_or("this is not about a thread")?;
        let item = Item::new(&page, list, text);
        Ok((Happened { psid: Some(psid), id: id.map(|mid| mid.as_str().to_owned()), at }, vec![item]))
    }
}

/// One customer, about to do something.
struct Scene<'a> {
    known: &'a mut Known,
    /// The id of what comes to be.
    mid: Mid,
    between: Between<'a>,
    is_standby: bool,
}

impl Scene<'_> {
    /// The id of what came to be or was changed, and the item.
    /// `None`: it happens elsewhere.
    fn play(mut self, what: What) -> Option<(Option<Mid>, String)> {
        let (between, at) = (self.between, self.between.at);
        Some(match what {
            What::Message(said) => self.message(said),
            What::Postback { title, payload, referral } => {
                let line = Line { text: Some(title.clone()), ..Line::new(Writer::Customer, self.mid.clone(), at) };
                self.known.acts(opens(at, false), Some(line));
                self.known.clicked_ad |= referral.as_ref().is_some_and(is_ad);
                let payload = (!self.is_standby).then_some(payload.as_str());
                let text = between.postback(&self.mid, &title, payload, referral.as_ref());
                (Some(self.mid), text)
            }
            What::Reaction { mid, reaction, emoji, undo, by_page } => {
                if let Some(line) = self.known.line_mut(&mid).filter(|_| !by_page) {
                    line.reaction = (!undo).then(|| emoji.clone().unwrap_or_else(|| reaction.clone()));
                }
                if !undo && !by_page {
                    self.known.acts(opens(at, false), None);
                }
                let text = between.reaction(&mid, (&reaction, emoji.as_deref()), undo, by_page);
                (Some(mid), text)
            }
            What::Edit { mid, text } => {
                let mut count = 1;
                if let Some(line) = self.known.line_mut(&mid) {
                    line.edits = line.edits.saturating_add(1);
                    line.text = Some(text.clone());
                    count = line.edits;
                }
                let item = between.edit(&mid, &text, count);
                (Some(mid), item)
            }
            What::Unsend { mid } => {
                if let Some(line) = self.known.line_mut(&mid) {
                    line.unsent = true;
                }
                let item = between.marked(&mid, "is_deleted");
                (Some(mid), item)
            }
            What::Unsupported {} => {
                let shown = Some("(something that Messenger does not show to Pages)".to_owned());
                let line = Line { text: shown, ..Line::new(Writer::Customer, self.mid.clone(), at) };
                let from_ad = core::mem::take(&mut self.known.clicked_ad);
                self.known.acts(CustomerAction { from_ad, ..opens(at, true) }, Some(line));
                let item = between.marked(&self.mid, "is_unsupported");
                (Some(self.mid), item)
            }
            What::Referral(from) => self.enters(&from),
            What::OptIn(opt_in) => {
                if matches!(opt_in, OptIn::Plugin { .. }) {
                    self.known.acts(opens(at, false), None);
                }
                let is_stop = matches!(&opt_in, OptIn::NotificationMessages { status: Some(status), .. } if status.starts_with("STOP"));
                let answer = if is_stop { "no" } else { "yes" };
                self.notes(&format!("You said {answer} to messages of this Page."));
                (None, between.opt_in(&opt_in))
            }
            What::Linked { authorization_code } => {
                self.notes("You linked your account at the Page’s site.");
                (None, between.account_linking(Some(&authorization_code)))
            }
            What::Unlinked {} => {
                self.notes("You unlinked your account.");
                (None, between.account_linking(None))
            }
            What::Feedback { answers } => {
                self.notes("You answered the Page’s questions.");
                (None, between.feedback(&answers))
            }
            What::ResponseFeedback { mid, good } => {
                let item = between.response_feedback(&mid, good);
                (Some(mid), item)
            }
            What::Delivered { mids, watermark } => {
                let watermark = watermark.unwrap_or(at);
                self.known.delivered_at = self.known.delivered_at.max(Some(watermark));
                (None, between.delivery(&mids, watermark))
            }
            What::Read { watermark } => {
                let watermark = watermark.unwrap_or(at);
                self.known.delivered_at = self.known.delivered_at.max(Some(watermark));
                self.known.read_at = self.known.read_at.max(Some(watermark));
                (None, between.read(watermark))
            }
            What::Echo(echoed) => {
                let line = Line {
                    text: echoed.text.clone(),
                    attachments: echoed.attachments.clone(),
                    ..Line::new(Writer::Page, self.mid.clone(), at)
                };
                self.known.says(line);
                let (app, mark) = (echoed.app.as_ref(), echoed.metadata.as_deref());
                let item = between.echo(&self.mid, echoed.text.as_deref(), &echoed.attachments, app, mark);
                (Some(self.mid), item)
            }
            What::AdminText { text } => {
                self.notes(&text);
                (None, between.admin_text(&text))
            }
            What::PassThread(handover) => {
                self.known.owner = handover.to.clone().map(|app| (app, at));
                self.notes("The conversation was passed on to another app.");
                (None, between.handover("pass_thread_control", &handover))
            }
            What::TakeThread(handover) => {
                self.known.owner = handover.to.clone().map(|app| (app, at));
                self.notes("Another app took the conversation.");
                (None, between.handover("take_thread_control", &handover))
            }
            What::RequestThread { app, metadata } => (None, between.thread_asked(&app, metadata.as_deref())),
            What::AppRoles { .. }
            | What::PolicyEnforcement { .. }
            | What::Integrity(_)
            | What::Elsewhere { .. }
            | What::Raw { .. }
            | What::Feed(_)
            | What::Lead(_)
            | What::Mention(_)
            | What::Rating(_) => return None,
        })
    }

    fn message(self, mut said: Said) -> (Option<Mid>, String) {
        let at = self.between.at;
        if said.referral.is_none() {
            said.referral = self.known.came_by.take();
        }
        let from_ad = core::mem::take(&mut self.known.clicked_ad) || said.referral.as_ref().is_some_and(is_ad);
        let answered = said.reply_to.as_ref().and_then(|mid| self.known.line(mid));
        let answers_self = answered.is_some_and(|line| line.writer == Writer::Customer);
        let line = Line {
            text: said.text.clone(),
            attachments: said.attachments.clone(),
            reply_to: said.reply_to.clone(),
            ..Line::new(Writer::Customer, self.mid.clone(), at)
        };
        if said.quick_reply.is_some() {
            // One choice is enough: Messenger takes the others away.
            self.known.lines.iter_mut().for_each(|line| line.choices.retain(|choice| !choice.is_quick()));
        }
        self.known.acts(CustomerAction { from_ad, ..opens(at, true) }, Some(line));
        let item = self.between.message(&self.mid, &said, answers_self);
        (Some(self.mid), item)
    }

    /// By an ad nothing opens until they write; a link opens a thread that exists.
    fn enters(mut self, from: &Referral) -> (Option<Mid>, String) {
        let is_new = self.known.lines.is_empty();
        if is_ad(from) {
            let ad = from.ads_context_data.as_ref().and_then(|ad| ad.ad_title.as_deref());
            self.notes(
                &ad.map_or("You came here from an ad.".to_owned(), |ad| format!("You came here from the ad “{ad}”.")),
            );
            (self.known.came_by, self.known.clicked_ad) = (Some(from.clone()), true);
        } else {
            self.notes("You came here by a link.");
            if !is_new {
                self.known.acts(opens(self.between.at, false), None);
            }
        }
        (None, self.between.referral(from))
    }

    /// A line of nobody.
    fn notes(&mut self, text: &str) {
        let line = Line { text: Some(text.to_owned()), ..Line::new(Writer::Meta, self.mid.clone(), self.between.at) };
        self.known.says(line);
    }
}

fn is_ad(from: &Referral) -> bool {
    from.source == "ADS"
}

fn opens(at: Timestamp, is_message: bool) -> CustomerAction {
    CustomerAction { at, opens: true, is_message, from_ad: false }
}
