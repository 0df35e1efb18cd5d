//! The oracle, asked about a case: the facts as what the customer did, the ways to send as Send API calls.
//!
//! The oracle goes by the calendar. A what-if is brought to it by moving everything to the first instant of its edition,
//! since within an edition only ages count. What Meta refused once inside the window after an ad did not qualify for it: such a
//! message is one like any other.

use model::{PageId, Psid, Timestamp};
use oracle::{Attached, Attempt, CustomerAction, Rejection, Seen, Sent, Template, judge, send_rules};
use policy::{Author, Carries, ContentKind, Facts, HumanAgentBase, MessagingType, Tag};

use super::Case;
use crate::chronicle::dates;

/// Every way in which a message could go out.
pub(super) const WAYS: [MessagingType; 6] = [
    MessagingType::Response,
    MessagingType::Utility,
    MessagingType::MessageTag(Tag::HumanAgent),
    MessagingType::MessageTag(Tag::ConfirmedEventUpdate),
    MessagingType::MessageTag(Tag::AccountUpdate),
    MessagingType::MessageTag(Tag::PostPurchaseUpdate),
];

/// The way for persons.
pub(super) const PERSON: MessagingType = MessagingType::MessageTag(Tag::HumanAgent);

/// What Meta would say about a case.
pub(super) struct Meta {
    case: Case,
    actions: Vec<CustomerAction>,
}

/// So many characters are as good as any greater number.
static LONG: [u8; 4_000] = [b'a'; 4_000];

impl Meta {
    /// The same case with a plain text: what Meta says where nothing is wrong with what the message carries.
    pub(super) fn of_plain_text(case: &Case) -> Self {
        let facts = Facts { carries: Carries::default(), privacy_refused_at: None, ..case.facts };
        Self::of(&Case { facts, ..*case })
    }

    pub(super) fn of(case: &Case) -> Self {
        let openers = &case.facts.openers;
        // Meta leaves open from what the seven days count after a press of a button. What the installation takes it to be is
        // asked of the oracle too.
        let counts = case.facts.human_agent_base == HumanAgentBase::Opener;
        let action = |at, is_message| CustomerAction { at, opens: true, is_message, from_ad: false };
        let from_ad = !case.facts.ad_refused;
        let by_ad = openers.ad_message_at.map(|at| CustomerAction { from_ad, ..action(at, true) });
        let pressed = openers.last_action_at.map(|at| action(at, counts));
        let wrote = openers.last_message_at.map(|at| action(at, true));
        Self { case: *case, actions: pressed.into_iter().chain(wrote).chain(by_ad).collect() }
    }

    /// The length of the guard before the end of the window after an ad, in milliseconds.
    pub(super) fn ad_guard(&self) -> i64 {
        self.case.facts.guards.human_agent.0.max(0)
    }

    /// What Meta would say to a plain answer if no message had followed an ad.
    pub(super) fn answer_without_ads(&self, at: i64) -> Result<(), Rejection> {
        self.plain(at, |action| Some(CustomerAction { from_ad: false, ..action }))
    }

    /// What Meta would say to a plain answer if the messages after ads were all that the customer did, and opened a window of
    /// their own: longer than 24 hours, at this instant's edition.
    pub(super) fn answer_by_ads(&self, at: i64) -> Result<(), Rejection> {
        let old = |action: CustomerAction| {
            let aged = CustomerAction { at: Timestamp(self.case.now.0 - 172_800_000), ..action };
            action.from_ad.then_some(aged)
        };
        // Where Meta refuses it after two days, it knows no such window.
        self.plain(self.case.now.0, old)?;
        self.plain(at, |action| action.from_ad.then_some(action))
    }

    fn plain(&self, at: i64, of: impl Fn(CustomerAction) -> Option<CustomerAction>) -> Result<(), Rejection> {
        let actions = self.actions.iter().copied().filter_map(of).collect();
        Self { case: self.case, actions }.answer(MessagingType::Response, at)
    }

    /// What Meta would say a guard's length later: to a plain answer with the guard of the window that it would rest on.
    pub(super) fn answer_late(&self, way: MessagingType) -> Result<(), Rejection> {
        let late = self.case.now.0.saturating_add(self.guard(way));
        match way {
            MessagingType::Response => self
                .answer_without_ads(late)
                .or_else(|refused| self.answer_by_ads(self.case.now.0 + self.ad_guard()).map_err(|_| refused)),
            MessagingType::MessageTag(_) | MessagingType::Utility => self.answer(way, late),
        }
    }

    /// The length of the guard before the end of the window of this way, in milliseconds; of the 24 hours for a plain answer.
    pub(super) fn guard(&self, way: MessagingType) -> i64 {
        let guards = &self.case.facts.guards;
        match way {
            MessagingType::Response => guards.standard.0.max(0),
            MessagingType::MessageTag(Tag::HumanAgent) => guards.human_agent.0.max(0),
            MessagingType::MessageTag(Tag::ConfirmedEventUpdate | Tag::AccountUpdate | Tag::PostPurchaseUpdate)
            | MessagingType::Utility => 0,
        }
    }

    /// Whether Meta accepts the message sent in this way at this instant.
    pub(super) fn answer(&self, way: MessagingType, at: i64) -> Result<(), Rejection> {
        self.answer_if(way, at, self.case.facts.human_agent_feature, self.case.facts.utility_feature)
    }

    /// The same, with or without the Human Agent feature and utility messages.
    pub(super) fn answer_if(
        &self,
        way: MessagingType,
        at: i64,
        human_agent_feature: bool,
        utility_feature: bool,
    ) -> Result<(), Rejection> {
        let (now, actions) = self.in_its_time(at);
        let (messaging_type, tag) = way.wire();
        let Carries { kind, size, buttons } = self.case.facts.carries;
        let attached = |kind| Some(Attached { kind, bytes: size });
        let (text, attachment) = match kind {
            ContentKind::Text => (Some(letters(size)), None),
            ContentKind::Image => (None, attached("image")),
            ContentKind::Audio => (None, attached("audio")),
            ContentKind::Video => (None, attached("video")),
            ContentKind::File => (None, attached("file")),
            ContentKind::Template => (None, None),
        };
        let attempt = Attempt {
            messaging_type,
            tag,
            text,
            attachment,
            quick_replies: buttons as usize,
            template: (kind == ContentKind::Template).then_some(Template { is_usable: true }),
            now,
            human_agent_feature,
            utility_feature,
            privacy_limited: self.is_privacy_limited(),
            controlled_elsewhere: self.case.facts.standby,
            dates: dates(&self.case.effective_from),
        };
        send_rules(&actions, &attempt)
    }

    /// Meta tells nobody for how long it refuses; what the node remembers of it, 30 days, is taken for the truth.
    fn is_privacy_limited(&self) -> bool {
        self.case.facts.privacy_refused_at.is_some_and(|at| self.case.now.0 - at.0 < 2_592_000_000)
    }

    /// What one send in this way breaks, as a judge sees it who knows who wrote.
    pub(super) fn violations(&self, way: MessagingType) -> Vec<String> {
        let (now, actions) = self.in_its_time(self.case.now.0);
        let (page, psid) = (PageId::new("1029"), Psid::new("5001"));
        let seen = |action: &CustomerAction| Seen {
            page: page.clone(),
            psid: psid.clone(),
            at: action.at,
            opens: action.opens,
            is_message: action.is_message,
            from_ad: action.from_ad,
        };
        let seen: Vec<_> = actions.iter().map(seen).collect();
        // Meta's clock is at least where the newest thing that it told of happened.
        let at = seen.iter().map(|seen| seen.at).fold(now, Timestamp::max);
        let (messaging_type, tag) = way.wire();
        let sent = Sent {
            page: page.clone(),
            psid: psid.clone(),
            at,
            messaging_type: messaging_type.to_owned(),
            tag: tag.map(str::to_owned),
            author_is_person: self.case.facts.author == Author::Agent,
        };
        judge(&seen, &[sent], &dates(&self.case.effective_from))
    }

    /// An instant and the actions, moved to where the edition is in force.
    fn in_its_time(&self, at: i64) -> (Timestamp, Vec<CustomerAction>) {
        let edition = self.case.edition();
        if !self.case.is_what_if() {
            return (Timestamp(at), self.actions.clone());
        }
        let moved = |action: &CustomerAction| {
            let age = at.saturating_sub(action.at.0);
            CustomerAction { at: Timestamp(edition.starts_at().0.saturating_sub(age)), ..*action }
        };
        (edition.starts_at(), self.actions.iter().map(moved).collect())
    }
}

/// A text of so many characters, as far as it matters.
fn letters(size: Option<u64>) -> &'static str {
    let length = size.map_or(5, |size| usize::try_from(size).unwrap_or(LONG.len()).min(LONG.len()));
    core::str::from_utf8(&LONG[..length]).expect("it is one letter over and over")
}
