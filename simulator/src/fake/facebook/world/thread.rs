//! What a page shows of one thread, and what opening it does.

use model::{AppId, Mid, PageId, Psid, Span, Timestamp};

use super::World;
use super::customer::Known;
use crate::fake::facebook::control::{Happening, What};
use crate::fake::facebook::courier::Item;
use crate::fake::facebook::limits::EDITS_MAX;
use crate::fake::facebook::state::{Choice, Line, Press, Writer};

/// How long a message may be changed or taken back, as Messenger's own client allows.
const CHANGE_MAX: Span = Span::minutes(15);

/// One thread as its customer sees it.
pub(in crate::fake::facebook) struct Thread<'a> {
    known: &'a Known,
    app: &'a AppId,
    now: Timestamp,
}

/// A thread in the list of threads.
pub(in crate::fake::facebook) struct Brief {
    /// The customer.
    pub(in crate::fake::facebook) psid: Psid,
    /// First and last name.
    pub(in crate::fake::facebook) name: Option<String>,
    /// The newest line.
    pub(in crate::fake::facebook) last: Option<(Writer, String, Timestamp)>,
    /// Whether the Page wrote something that was not read.
    pub(in crate::fake::facebook) unread: bool,
}

impl World {
    /// One thread; `None` where the Page does not know the customer.
    pub(in crate::fake::facebook) fn thread(&self, page: &PageId, psid: &Psid, now: Timestamp) -> Option<Thread<'_>> {
        let known = self.customers.get(&(page.clone(), psid.clone()))?;
        Some(Thread { known, app: &self.app, now })
    }

    /// The threads of a Page, the newest first.
    pub(in crate::fake::facebook) fn threads(&self, page: &PageId, max: usize) -> Vec<Brief> {
        let from = (page.clone(), Psid::new(""));
        let theirs = self.customers.range(from..).take_while(|((of, _), _)| of == page);
        let brief = |((_, psid), known): (&(PageId, Psid), &Known)| Brief {
            psid: psid.clone(),
            name: known.name(),
            last: known.lines.last().map(|line| (line.writer, gist(line), line.at)),
            unread: known.has_unread(),
        };
        let mut briefs: Vec<Brief> = theirs.map(brief).collect();
        briefs.sort_by_key(|brief| core::cmp::Reverse(brief.last.as_ref().map(|(_, _, at)| *at)));
        briefs.truncate(max);
        briefs
    }

    /// The customer looks at the thread: what the Page sent is read. Nothing is told where nothing is new.
    pub(in crate::fake::facebook) fn open(
        &mut self,
        page: &PageId,
        psid: &Psid,
        now: Timestamp,
    ) -> Result<Vec<Item>, String> {
        let Some(known) = self.customers.get(&(page.clone(), psid.clone())) else {
            return Err("no such customer".to_owned());
        };
        if !known.has_unread() {
            return Ok(Vec::new());
        }
        self.happen(Happening::new(page, Some(psid), What::Read { watermark: None }), now).map(|(_, items)| items)
    }

    /// The choice that a message of the Page offers: its title, and what happens on it.
    pub(in crate::fake::facebook) fn choice(
        &self,
        page: &PageId,
        psid: &Psid,
        mid: &Mid,
        number: usize,
    ) -> Option<(String, Press)> {
        let known = self.customers.get(&(page.clone(), psid.clone()))?;
        let Choice { title, press } = known.line(mid)?.choices.get(number)?;
        Some((title.clone(), press.clone()))
    }
}

impl Thread<'_> {
    /// First and last name.
    pub(in crate::fake::facebook) fn name(&self) -> Option<String> {
        self.known.name()
    }

    /// Both sides, in order.
    pub(in crate::fake::facebook) fn lines(&self) -> &[Line] {
        &self.known.lines
    }

    /// Raised by each change.
    pub(in crate::fake::facebook) fn revision(&self) -> u64 {
        self.known.revision
    }

    /// Whether the Page types just now.
    pub(in crate::fake::facebook) fn is_typed_to(&self) -> bool {
        self.known.is_typed_to(self.now)
    }

    /// Whether a line of the customer was seen by the Page.
    pub(in crate::fake::facebook) fn is_seen(&self, line: &Line) -> bool {
        Some(line.at) <= self.known.seen_at
    }

    /// Until when the Page was told of arrival and of reading.
    pub(in crate::fake::facebook) fn receipts(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.known.delivered_at, self.known.read_at)
    }

    /// Whether there is something to read.
    pub(in crate::fake::facebook) fn has_unread(&self) -> bool {
        self.known.has_unread()
    }

    /// Whether another app has the thread.
    pub(in crate::fake::facebook) fn is_elsewhere(&self) -> bool {
        self.known.owned_elsewhere(self.app, self.now).is_some()
    }

    /// Whether the customer may still change a line; taking it back has no end.
    pub(in crate::fake::facebook) fn may_edit(&self, line: &Line) -> bool {
        let fresh = self.now - line.at < CHANGE_MAX;
        line.writer == Writer::Customer && !line.unsent && line.text.is_some() && line.edits < EDITS_MAX && fresh
    }

    /// A line by its id.
    pub(in crate::fake::facebook) fn line(&self, mid: &Mid) -> Option<&Line> {
        self.known.line(mid)
    }
}

/// A line in a few words.
pub(in crate::fake::facebook) fn gist(line: &Line) -> String {
    if line.unsent {
        return "taken back".to_owned();
    }
    let text = line.text.as_deref().unwrap_or_default();
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(80).collect();
    match line.attachments.first() {
        _ if !text.is_empty() => text,
        Some(attachment) => attachment.words().to_owned(),
        None => "…".to_owned(),
    }
}
