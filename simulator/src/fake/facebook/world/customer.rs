//! One customer of one Page: the thread, what opens windows, receipts, and who owns the thread.
//!
//! Invariant: lines and actions are bounded; the newest stay.

use model::{AppId, Mid, Span, Timestamp};
use oracle::CustomerAction;

use crate::fake::facebook::control::Referral;
use crate::fake::facebook::limits::{ACTIONS_MAX, LINES_MAX};
use crate::fake::facebook::state::{Line, Writer};

/// Control of a thread ends after so long without activity (*Conversation Routing*, read 2026-11-23).
const CONTROL: Span = Span::hours(24);
/// How long somebody types without a new sign of it.
const TYPING: Span = Span::seconds(20);

/// One customer of one Page.
#[derive(Default)]
pub(super) struct Known {
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    /// Their id on walls, once they had to have one.
    pub(super) wall_id: Option<String>,
    /// What they did lately, opening windows or not.
    pub(super) actions: Vec<CustomerAction>,
    /// Both sides of the conversation, in order.
    pub(super) lines: Vec<Line>,
    /// What the Page sent up to here has arrived.
    pub(super) delivered_at: Option<Timestamp>,
    /// What the Page sent up to here was read.
    pub(super) read_at: Option<Timestamp>,
    /// The Page has seen everything up to here.
    pub(super) seen_at: Option<Timestamp>,
    /// The Page types until then.
    pub(super) typing_until: Option<Timestamp>,
    /// Which app took the thread, and when.
    pub(super) owner: Option<(AppId, Timestamp)>,
    /// The ad that the next message follows and names.
    pub(super) came_by: Option<Referral>,
    /// The next message follows a click on an ad, whether it names it or not.
    pub(super) clicked_ad: bool,
    /// Raised by each change that a page may show.
    pub(super) revision: u64,
}

impl Known {
    pub(super) fn name(&self) -> Option<String> {
        let parts: Vec<&str> = [&self.first_name, &self.last_name].into_iter().flatten().map(String::as_str).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    /// The last word is the family name, if there is more than one word.
    pub(super) fn rename(&mut self, name: &str) {
        let (first, last) = name.trim().rsplit_once(' ').unwrap_or((name.trim(), ""));
        let part = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        (self.first_name, self.last_name) = (part(first), part(last));
    }

    /// Notes an action, and the line that shows it.
    pub(super) fn acts(&mut self, action: CustomerAction, line: Option<Line>) {
        self.actions.push(action);
        if self.actions.len() > ACTIONS_MAX {
            // The rules ask for the newest of each kind only.
            let newest = |counts: fn(&CustomerAction) -> bool| {
                self.actions.iter().copied().filter(counts).max_by_key(|action| action.at)
            };
            let kinds = [newest(|action| action.opens), newest(|a| a.is_message), newest(|a| a.from_ad)];
            self.actions = kinds.into_iter().flatten().collect();
        }
        if let Some(line) = line {
            self.says(line);
        }
    }

    /// Adds a line of anybody.
    pub(super) fn says(&mut self, line: Line) {
        if line.writer == Writer::Page {
            self.typing_until = None;
        }
        keep(&mut self.lines, line, LINES_MAX);
    }

    pub(super) fn line(&self, mid: &Mid) -> Option<&Line> {
        self.lines.iter().rev().find(|line| line.mid == *mid)
    }

    pub(super) fn line_mut(&mut self, mid: &Mid) -> Option<&mut Line> {
        self.lines.iter_mut().rev().find(|line| line.mid == *mid)
    }

    /// Whether the Page sent something that was not read yet.
    pub(super) fn has_unread(&self) -> bool {
        self.lines.iter().rev().take(LINES_MAX).any(|line| line.writer == Writer::Page && Some(line.at) > self.read_at)
    }

    /// The app that owns the thread and is not `ours`.
    pub(super) fn owned_elsewhere(&self, ours: &AppId, now: Timestamp) -> Option<&AppId> {
        let (app, since) = self.owner.as_ref()?;
        let active_at = self.actions.iter().map(|action| action.at).max().max(Some(*since))?;
        (app != ours && now - active_at < CONTROL).then_some(app)
    }

    /// Whether they ever did something that lets the Page write to them.
    pub(super) fn has_acted(&self) -> bool {
        !self.actions.is_empty()
    }

    pub(super) fn starts_typing(&mut self, now: Timestamp) {
        self.typing_until = Some(now + TYPING);
    }

    pub(super) fn is_typed_to(&self, now: Timestamp) -> bool {
        self.typing_until.is_some_and(|until| now < until)
    }
}

/// Adds to a list that drops its oldest.
pub(super) fn keep<T>(list: &mut Vec<T>, new: T, max: usize) -> u64 {
    let mut dropped = 0;
    if list.len() >= max {
        // In pieces, so that a full list is not moved for each new one.
        let some = (max / 16).max(1).min(list.len());
        list.drain(..some);
        dropped = some as u64;
    }
    list.push(new);
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_list_keeps_its_newest() {
        let mut list = Vec::new();
        let dropped: u64 = (0..100).map(|number| keep(&mut list, number, 32)).sum();
        assert!(list.len() <= 32 && list.len() as u64 + dropped == 100);
        assert_eq!(list.last(), Some(&99));
        assert!(list.is_sorted());
    }

    #[test]
    fn the_newest_action_of_each_kind_stays_however_many_follow() {
        let action = |at, is_message, from_ad| CustomerAction { at: Timestamp(at), opens: true, is_message, from_ad };
        let mut known = Known::default();
        known.acts(action(1, true, true), None);
        known.acts(action(2, true, false), None);
        (3..1_000).for_each(|at| known.acts(action(at, false, false), None));
        for kept in [action(1, true, true), action(2, true, false), action(999, false, false)] {
            assert!(known.actions.contains(&kept), "{kept:?}");
        }
        assert!(known.actions.len() <= ACTIONS_MAX);
    }

    #[test]
    fn another_app_owns_a_thread_for_a_day_after_its_last_activity() {
        let (ours, inbox) = (AppId::new("1"), AppId::new("2"));
        let day = Timestamp(86_400_000);
        let mut known = Known { owner: Some((inbox.clone(), Timestamp(0))), ..Known::default() };
        assert_eq!(known.owned_elsewhere(&ours, day - Span(1)), Some(&inbox));
        assert_eq!(known.owned_elsewhere(&ours, day), None);
        let action = CustomerAction { at: Timestamp(5), opens: true, is_message: true, from_ad: false };
        known.acts(action, None);
        assert_eq!(known.owned_elsewhere(&ours, day), Some(&inbox));
        known.owner = Some((ours.clone(), Timestamp(0)));
        assert_eq!(known.owned_elsewhere(&ours, Timestamp(1)), None);
    }
}
