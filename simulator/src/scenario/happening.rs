//! A line of a scenario as the stand-in's control API orders it: labels become ids, names the ids that came to be.
//!
//! Decides nothing. Invariant: a line is the same order whoever plays it.

use std::collections::BTreeMap;

use model::{Mid, PageId, Psid, Span, Timestamp, in_plain_words};

use super::reference::{Meaning, Named, fill};
use super::{Act, Deed, FileKind, Happens, Line, Manner, Scenario, Thing, Who, Word};
use crate::fake::facebook::{Attachment, Happening, Referral, Said, What};

/// Meta's words for reactions and the signs they usually have (*message_reactions*, read 2026-11-23).
pub(super) const REACTIONS: [(&str, &str); 8] = [
    ("love", "❤️"),
    ("smile", "😆"),
    ("wow", "😮"),
    ("sad", "😢"),
    ("angry", "😠"),
    ("like", "👍"),
    ("dislike", "👎"),
    ("other", "🎉"),
];

/// The ids behind the names of lines, as far as they came to be.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Names(BTreeMap<Word, String>);

impl Names {
    /// What a name stands for from now on.
    pub fn give(&mut self, name: &Word, id: String) {
        self.0.insert(name.clone(), id);
    }

    /// The id behind a name.
    ///
    /// # Errors
    /// A sentence, where it never came to be.
    pub fn id(&self, name: &Word) -> Result<&str, String> {
        self.0.get(name).map(String::as_str).ok_or_else(|| format!("{name} never came to be"))
    }
}

impl Happens {
    /// From its JSON; whoever makes one has read it before.
    pub(super) fn new(json: &str) -> Self {
        Self { json: json.to_owned() }
    }

    /// As written.
    pub(super) fn as_str(&self) -> &str {
        &self.json
    }

    /// What it orders, names filled in.
    pub(super) fn what(&self, now_ms: i64, meaning: Meaning<'_>) -> Result<What, String> {
        let mut value = serde_json::from_str(&self.json).map_err(|fault| fault.to_string())?;
        fill(&mut value, now_ms, meaning)?;
        serde_json::from_value(value)
            .map_err(|fault| format!("the stand-in knows no such happening: {}", in_plain_words(&fault.to_string())))
    }
}

impl Scenario {
    /// What a line of a customer or a Page orders; `None` for agents and Meta. `now` is the stand-in's time.
    ///
    /// # Errors
    /// A sentence, where something it names never came to be.
    pub fn happening(&self, line: &Line, names: &Names, now: Timestamp) -> Result<Option<Happening>, String> {
        let (page, psid, what, manner) = match &line.deed {
            Deed::Customer { who, act, manner } => {
                let what = self.what(act, names, now - manner.late)?;
                (&who.page, Some(self.psid(who)?), what, manner)
            }
            Deed::Page { page, happens, manner } => {
                (page, None, self.filled(happens, names, now - manner.late)?, manner)
            }
            Deed::Agent { .. } | Deed::Meta(_) | Deed::Expect(_) => return Ok(None),
            Deed::Crash | Deed::Restart | Deed::Fault(_) => return Ok(None),
        };
        let Manner { late, standby, .. } = manner;
        Ok(Some(Happening {
            at: (*late > Span(0)).then(|| now - *late),
            standby: standby.then_some(true),
            ..Happening::new(&self.page_id(page)?, psid.as_ref(), what)
        }))
    }

    /// How often it happens at its time.
    pub fn times(line: &Line) -> u64 {
        match &line.deed {
            Deed::Customer { act: Act::Floods { count, .. }, .. } => *count,
            Deed::Customer { .. } | Deed::Page { .. } | Deed::Agent { .. } | Deed::Meta(_) => 1,
            Deed::Crash | Deed::Restart | Deed::Fault(_) | Deed::Expect(_) => 1,
        }
    }

    /// The id of a Page.
    ///
    /// # Errors
    /// A sentence, where no Page is called so.
    pub fn page_id(&self, page: &Word) -> Result<PageId, String> {
        self.pages.get(page).map(|page| page.id.clone()).ok_or_else(|| format!("no Page is called {page}"))
    }

    /// The id of a customer on their Page.
    ///
    /// # Errors
    /// A sentence, where nobody is called so.
    pub fn psid(&self, who: &Who) -> Result<Psid, String> {
        self.customers.get(who).map(|customer| customer.psid.clone()).ok_or_else(|| format!("nobody is called {who}"))
    }

    fn filled(&self, happens: &Happens, names: &Names, now: Timestamp) -> Result<What, String> {
        happens.what(now.0, &mut |named| match named {
            Named::Word(word) => match self.pages.get(word) {
                Some(page) => Ok(Some(page.id.as_str().to_owned())),
                None => names.id(word).map(|id| Some(id.to_owned())),
            },
            Named::Who(who) => Ok(self.customers.get(who).map(|customer| customer.psid.as_str().to_owned())),
        })
    }

    fn what(&self, act: &Act, names: &Names, now: Timestamp) -> Result<What, String> {
        let mid = |thing: &Thing| match thing {
            Thing::Named(name) => names.id(name).map(Mid::new),
            Thing::Literal(id) => Ok(Mid::new(id)),
        };
        Ok(match act {
            Act::Writes { text, reply_to } => What::Message(Said {
                text: Some(text.clone()),
                reply_to: reply_to.as_ref().map(mid).transpose()?,
                ..Said::default()
            }),
            Act::Floods { text, count: _ } => What::Message(Said { text: Some(text.clone()), ..Said::default() }),
            Act::Picks { title, payload } => {
                What::Message(Said { text: Some(title.clone()), quick_reply: Some(payload.clone()), ..Said::default() })
            }
            Act::Attaches { kind, url, text } => What::Message(Said {
                text: text.clone(),
                attachments: vec![Attachment::from_pair(kind.name(), url)],
                ..Said::default()
            }),
            Act::Presses { title, payload } => {
                What::Postback { title: title.clone(), payload: payload.clone(), referral: None }
            }
            Act::Reacts { reaction, emoji, to, undo } => {
                let usual = REACTIONS.iter().find(|(name, _)| name == reaction).map(|(_, sign)| (*sign).to_owned());
                let emoji = emoji.clone().or(usual);
                What::Reaction { mid: mid(to)?, reaction: reaction.clone(), emoji, undo: *undo, by_page: false }
            }
            Act::Edits { of, text } => What::Edit { mid: mid(of)?, text: text.clone() },
            Act::Unsends { of } => What::Unsend { mid: mid(of)? },
            Act::Reads => What::Read { watermark: None },
            Act::EntersByAd { id, word } => What::Referral(Referral {
                word: word.clone(),
                source: "ADS".to_owned(),
                ad_id: Some(id.clone()),
                ..Referral::default()
            }),
            Act::EntersByLink { word } => What::Referral(Referral {
                word: Some(word.clone()),
                source: "SHORTLINK".to_owned(),
                ..Referral::default()
            }),
            Act::Happens(happens) => self.filled(happens, names, now)?,
        })
    }
}

impl FileKind {
    /// Every kind by its word.
    pub(super) const ALL: [Self; 4] = [Self::Image, Self::Audio, Self::Video, Self::File];

    /// As Meta and a scenario write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::File => "file",
        }
    }
}

/// Whether a happening needs no customer.
pub(super) fn is_of_a_page(what: &What) -> bool {
    match what {
        What::AppRoles { .. }
        | What::PolicyEnforcement { .. }
        | What::Feed(_)
        | What::Lead(_)
        | What::Mention(_)
        | What::Rating(_)
        | What::Integrity(_)
        | What::Elsewhere { .. }
        | What::Raw { .. } => true,
        What::Message(_)
        | What::Postback { .. }
        | What::Reaction { .. }
        | What::Edit { .. }
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
        | What::Echo(_)
        | What::AdminText { .. }
        | What::PassThread(_)
        | What::TakeThread(_)
        | What::RequestThread { .. } => false,
    }
}
