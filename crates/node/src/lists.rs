//! The lists that pages and API show, answered by the read models.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use journal::Position;
use machine::AccountFacts;
use model::{PageId, Redacted, Timestamp};
use policy::{
    Author, Edition, Facts, Guards, MessagingType, Openers, RuleId, Verdict, ad_window_end, standard_window_end,
};
use view::{ConversationFilter, PageRow, View, ViewFault};
use web::{
    Changes, ConversationList, ConversationRow, DeadFilter, DeadList, ENDING_WITHIN, Filter, HappeningList,
    HappeningRow, LastBy, Lists, NotListed, PageName, Unavailable, Which,
};

/// The read models behind the web's lists.
pub(crate) struct ViewLists(Arc<View>);

impl ViewLists {
    pub(crate) fn new(view: Arc<View>) -> Self {
        Self(view)
    }
}

impl Lists for ViewLists {
    fn conversations(&self, filter: &Filter, after: Option<&str>, limit: usize) -> Result<ConversationList, NotListed> {
        let account = self.0.account().map_err(|fault| not_listed(&fault))?;
        let edition = account.effective_from.edition_at(filter.now);
        let wanted = wanted(filter, &account, &edition);
        let list = self.0.conversations(&wanted, after, limit).map_err(|fault| not_listed(&fault))?;
        let pages = self.0.pages().map_err(|fault| not_listed(&fault))?;
        let pages: BTreeMap<PageId, PageRow> = pages.into_iter().map(|row| (row.page.clone(), row)).collect();
        let rows = list.conversations.into_iter().map(|row| {
            let facts = facts(&row, pages.get(&row.page), &account);
            shown(row, &facts, &edition, filter.now)
        });
        Ok(ConversationList { conversations: rows.collect(), next: list.next })
    }

    fn happenings(&self, page: Option<&PageId>, after: Option<&str>, limit: usize) -> Result<HappeningList, NotListed> {
        let list = self.0.happenings(page, after, limit).map_err(|fault| not_listed(&fault))?;
        let plain = |text: Option<Redacted<String>>| text.map(Redacted::into_inner);
        let rows = list.happenings.into_iter().map(|row| HappeningRow {
            page: row.page,
            at: row.at,
            what: row.what,
            who: plain(row.who),
            text: plain(row.text),
        });
        Ok(HappeningList { happenings: rows.collect(), next: list.next })
    }

    fn dead_letters(&self, filter: &DeadFilter, after: Option<&str>, limit: usize) -> Result<DeadList, NotListed> {
        let DeadFilter { page, state, reason } = filter.clone();
        let list = self.0.dead_letters(&view::DeadFilter { page, state, reason }, after, limit);
        let view::DeadLetters { letters, next } = list.map_err(|fault| not_listed(&fault))?;
        let letters = letters.into_iter().map(|letter| (letter.machine, letter.part)).collect();
        Ok(DeadList { letters, next })
    }

    fn pages(&self) -> Result<Vec<PageName>, Unavailable> {
        let pages = self.0.pages().map_err(|fault| Unavailable(fault.to_string()))?;
        let known = pages.into_iter().filter(|page| page.known || page.conversations > 0);
        Ok(known.map(|row| PageName { page: row.page, name: row.name }).collect())
    }

    fn position(&self) -> u64 {
        self.0.position().0
    }

    fn changes_after(&self, position: u64) -> Changes {
        match self.0.changes_since(Position(position)) {
            view::Changes::Since { changed, newest } => {
                let changed = changed.into_iter().map(|changed| changed.machine).collect();
                Changes::Since { changed, newest: newest.0 }
            }
            view::Changes::Gone { newest } => Changes::Gone { newest: newest.0 },
        }
    }

    fn moved_from(&self, position: u64) -> BoxFuture<'_, ()> {
        let mut told = self.0.subscribe();
        Box::pin(async move {
            if told.wait_for(|newest| newest.0 != position).await.is_err() {
                // The view is gone, and with it whoever would wait.
                core::future::pending::<()>().await;
            }
        })
    }

    fn totals(&self) -> Result<serde_json::Value, Unavailable> {
        let totals = self.0.totals().map_err(|fault| Unavailable(fault.to_string()))?;
        serde_json::to_value(totals).map_err(|fault| Unavailable(fault.to_string()))
    }
}

fn not_listed(fault: &ViewFault) -> NotListed {
    match fault {
        ViewFault::CursorUnfit => NotListed::CursorUnfit,
        ViewFault::Storage(_) | ViewFault::Journal(_) => NotListed::Unavailable(Unavailable(fault.to_string())),
    }
}

/// What the view is asked for.
fn wanted(filter: &Filter, account: &AccountFacts, edition: &Edition) -> ConversationFilter {
    let ending = filter.which == Which::Ending;
    let ads_open = edition.rule_ids().any(|rule| rule == RuleId::AdWindow);
    let soon = |end: fn(&Openers, &Guards) -> Option<Timestamp>| {
        ending_soon(filter.now, |openers| end(openers, &account.guards))
    };
    ConversationFilter {
        page: filter.page.clone(),
        unanswered: ending || filter.which == Which::Unanswered,
        troubled: filter.which == Which::Failed,
        opened: ending.then(|| soon(standard_window_end)),
        by_ad: (ending && ads_open).then(|| soon(ad_window_end)),
    }
}

/// After and until when a customer must have acted, so that the window whose end is told is open and ends soon.
fn ending_soon(now: Timestamp, end: impl Fn(&Openers) -> Option<Timestamp>) -> (Timestamp, Timestamp) {
    let acted = Timestamp::default();
    let openers = Openers { last_action_at: Some(acted), last_message_at: Some(acted), ad_message_at: Some(acted) };
    let length = end(&openers).unwrap_or(acted) - acted;
    (now - length, now - length + ENDING_WITHIN)
}

/// What the policy is asked with for an agent: the same as the conversation's own page asks with.
fn facts(row: &view::ConversationRow, page: Option<&PageRow>, account: &AccountFacts) -> Facts {
    Facts {
        openers: Openers {
            last_action_at: row.last_action_at,
            last_message_at: row.last_message_at,
            ad_message_at: row.ad_message_at,
        },
        author: Author::Agent,
        tag: None,
        human_agent_feature: account.human_agent,
        human_agent_base: account.human_agent_base,
        guards: account.guards,
        restricted: page.is_some_and(|page| page.restricted),
        token: page.is_some_and(|page| page.token),
        standby: row.standby,
        ad_refused: row.ad_refused,
        // Nobody has written anything yet: a text, to which no limit applies.
        carries: policy::Carries::default(),
        privacy_refused_at: None,
        utility_feature: account.utility,
    }
}

fn shown(row: view::ConversationRow, facts: &Facts, edition: &Edition, now: Timestamp) -> ConversationRow {
    let (verdict, _) = policy::outlook(facts, now, edition);
    let window_ends_at = match verdict {
        Verdict::Permit { messaging_type: MessagingType::Response, until, .. } => Some(until),
        Verdict::Permit { .. } | Verdict::Defer { .. } | Verdict::Forbid { .. } => {
            standard_window_end(&facts.openers, &facts.guards)
        }
    };
    ConversationRow {
        window_ends_at,
        verdict,
        unanswered: row.unanswered(),
        queued: u64::from(row.parts.queued + row.parts.held + row.parts.in_flight),
        failed: u64::from(row.parts.failed),
        refused: u64::from(row.parts.refused),
        in_doubt: u64::from(row.parts.in_doubt),
        page: row.page,
        psid: row.psid,
        name: row.name.map(Redacted::into_inner),
        last_line: row.last_line.map(Redacted::into_inner),
        last_by: row.last_by.map(|by| match by {
            view::LastBy::Customer => LastBy::Customer,
            view::LastBy::Agent(name) => LastBy::Agent(name),
            view::LastBy::Outside => LastBy::Outside,
        }),
        last_activity_at: Some(row.last_activity_at),
        task: row.task,
    }
}

#[cfg(test)]
mod tests {
    use model::Span;
    use policy::{DeferReason, ForbidReason, Tag};
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_000_000_000);

    /// What the list says of a customer who wrote so long ago.
    fn said(ago: Span, standby: bool, page: Option<&PageRow>, account: &AccountFacts) -> Verdict {
        let at = NOW - ago;
        let row =
            json!({ "page": "1029", "psid": "5001", "last_action_at": at, "last_message_at": at, "standby": standby });
        let row: view::ConversationRow = serde_json::from_value(row).expect("a row of the view");
        let facts = facts(&row, page, account);
        shown(row, &facts, &account.effective_from.edition_at(NOW), NOW).verdict
    }

    #[test]
    fn the_list_asks_the_policy_with_what_is_known_of_thread_page_and_account() {
        let page = |restricted: bool, token: bool| -> PageRow {
            let row = json!({ "page": "1029", "known": true, "token": token, "restricted": restricted });
            serde_json::from_value(row).expect("a row of the view")
        };
        let (well, plain) = (page(false, true), AccountFacts::default());
        let granted = AccountFacts { human_agent: true, ..AccountFacts::default() };
        let permits =
            |verdict, wanted| matches!(verdict, Verdict::Permit { messaging_type, .. } if messaging_type == wanted);
        assert!(permits(said(Span::hours(1), false, Some(&well), &plain), MessagingType::Response));
        let person = MessagingType::MessageTag(Tag::HumanAgent);
        assert!(permits(said(Span::days(2), false, Some(&well), &granted), person));
        let forbid = |reason| Verdict::Forbid { reason };
        assert_eq!(said(Span::days(2), false, Some(&well), &plain), forbid(ForbidReason::HumanAgentNotGranted));
        assert_eq!(said(Span::days(8), false, Some(&well), &granted), forbid(ForbidReason::WindowClosed));
        assert_eq!(said(Span::hours(1), true, Some(&well), &granted), forbid(ForbidReason::Standby));
        for (page, wanted) in [
            (Some(page(true, true)), DeferReason::PageRestricted),
            (Some(page(false, false)), DeferReason::NeedsReconnect),
            (None, DeferReason::NeedsReconnect),
        ] {
            let verdict = said(Span::hours(1), false, page.as_ref(), &plain);
            assert!(matches!(verdict, Verdict::Defer { reason, .. } if reason == wanted), "{verdict:?}");
        }
    }

    #[test]
    fn a_window_after_an_ad_is_shown_whole_until_meta_refuses() {
        let ends_at = |refused: bool| {
            let at = NOW - Span::hours(1);
            let row = json!({ "page": "1029", "psid": "5001", "last_action_at": at, "last_message_at": at,
                "ad_message_at": at, "ad_refused": refused });
            let row: view::ConversationRow = serde_json::from_value(row).expect("a row of the view");
            let page = json!({ "page": "1029", "known": true, "token": true, "restricted": false });
            let page: PageRow = serde_json::from_value(page).expect("a row of the view");
            let facts = facts(&row, Some(&page), &AccountFacts::default());
            let shown = shown(row, &facts, policy::edition_at(NOW), NOW);
            assert!(matches!(shown.verdict, Verdict::Permit { until, .. } if Some(until) == shown.window_ends_at));
            shown.window_ends_at.expect("it is open") - at
        };
        assert_eq!(ends_at(false), Span(604_500_000));
        assert_eq!(ends_at(true), Span(86_340_000));
    }

    #[test]
    fn a_window_that_ends_soon_is_open_now_and_closed_within_three_hours() {
        let now = Timestamp(1_795_000_000_000);
        let (after, until) = ending_soon(now, |openers| standard_window_end(openers, &Guards::default()));
        let end = |at| {
            let openers = Openers { last_action_at: Some(at), last_message_at: None, ad_message_at: None };
            standard_window_end(&openers, &Guards::default()).unwrap()
        };
        assert_eq!(end(after), now, "the last instant at which it is closed");
        assert_eq!(end(until), now + ENDING_WITHIN);
        assert_eq!(until - after, Span::hours(3));
    }

    #[test]
    fn of_two_windows_the_one_that_ends_last_decides_whether_the_end_is_near() {
        let account = AccountFacts::default();
        let listed = |now: Timestamp, wrote: Span, by_ad: Option<Span>, refused: bool| {
            let row = json!({ "page": "1029", "psid": "5001", "last_action_at": now - wrote, "last_message_at": now - wrote,
                "last_by": "customer", "last_said_at": now - wrote, "ad_message_at": by_ad.map(|ago| now - ago),
                "ad_refused": refused });
            let row: view::ConversationRow = serde_json::from_value(row).expect("a row of the view");
            assert!(row.unanswered());
            let filter = Filter { page: None, which: Which::Ending, now };
            wanted(&filter, &account, &account.effective_from.edition_at(now)).matches(&row)
        };
        let less = |span: Span, by: Span| Span(span.0 - by.0);
        let (day, week) =
            (less(Span::hours(24), account.guards.standard), less(Span::days(7), account.guards.human_agent));
        let hours = |span: Span, n: i64| less(span, Span::hours(n));
        for (wrote, by_ad, refused, soon) in [
            (hours(day, 2), None, false, true),
            (hours(day, 4), None, false, false),
            (day, None, false, false),
            (hours(day, 2), Some(hours(day, 2)), false, false),
            (hours(day, 2), Some(hours(day, 2)), true, true),
            (Span::days(6), Some(hours(week, 2)), false, true),
            (Span::days(6), Some(hours(week, 2)), true, false),
            (Span::days(6), Some(week), false, false),
            (hours(day, 2), Some(week), false, true),
            (hours(day, 9), Some(hours(week, 2)), false, false),
        ] {
            assert_eq!(listed(NOW, wrote, by_ad, refused), soon, "{wrote:?} {by_ad:?} {refused}");
        }
        let before = account.effective_from.edition_at(NOW).starts_at() - Span(1);
        assert!(listed(before, hours(day, 2), Some(hours(day, 2)), false), "no edition knew it then");
        assert!(!listed(before, Span::days(6), Some(hours(week, 2)), false));
    }
}
