//! What a pressed button of a page does. One word in the form says what; everything else is looked at without trust.
//!
//! Invariant: whatever stands in a form, the answer is a way back or a sentence; nothing here panics.

use bytes::Bytes;
use model::{AppId, Mid, PageId, Psid};

use super::form::Form;
use super::layout::Room;
use super::sign::REACTIONS;
use crate::fake::facebook::Shared;
use crate::fake::facebook::clock::read_span;
use crate::fake::facebook::control::{
    Attachment, Feed, FeedItem, Handover, Happening, InboxOrder, LeadOrder, Mention, OptIn, Rating, Referral, Said,
    Verb, What,
};
use crate::fake::facebook::limits::ID_MAX;
use crate::fake::facebook::media::LIKE;
use crate::fake::facebook::state::Press;

/// Meta's own inbox, as an app (*Conversation Routing*, read 2026-11-23).
const INBOX: &str = "263902037430900";

/// Where to go afterwards, or why nothing was done.
pub(super) type Done = Result<String, String>;

/// Does what a form asks for.
pub(super) fn carry_out(shared: &Shared, form: &Form) -> Done {
    let word = form.get("do").or_else(|| form.get("react").map(|_| "react"));
    let word = word.or_else(|| form.get("picture").map(|_| "picture")).unwrap_or("write");
    if word == "move" {
        return move_clock(shared, form);
    }
    let page = form.page().ok_or("which Page?")?;
    let deed = Deed { shared, form, page, psid: form.psid() };
    match word {
        "write" | "picture" | "like" | "place" | "odd" | "choose" | "edit" => deed.writes(word),
        "comment" | "answer" | "change-comment" | "remove-comment" | "like-comment" | "like-post" | "love-post"
        | "share" | "visit" | "post" | "like-page" | "mention" | "recommend" | "warn" => deed.on_the_wall(word),
        "lead" => deed.fills_in(),
        _ => deed.other(word),
    }
}

fn move_clock(shared: &Shared, form: &Form) -> Done {
    let span = form.get("span").unwrap_or("other");
    let text = if span == "other" { form.get("other").unwrap_or_default() } else { span };
    let span = read_span(text).ok_or("a span is a number with min, h or d, as in `90 min`")?;
    shared.advance(span)?;
    Ok(match form.page() {
        Some(page) => Room::Chat.link(&page, form.psid().as_ref()),
        None => "/".to_owned(),
    })
}

/// One form of one customer.
struct Deed<'a> {
    shared: &'a Shared,
    form: &'a Form,
    page: PageId,
    psid: Option<Psid>,
}

impl Deed<'_> {
    fn happen(&self, psid: Option<&Psid>, what: What) -> Result<(Option<Psid>, Option<String>), String> {
        let name = self.form.own("name");
        let order = Happening { name, ..Happening::new(&self.page, psid, what) };
        self.shared.happen(order).map(|happened| (happened.psid, happened.id))
    }

    /// Happens in the thread; the way back to it.
    fn in_thread(&self, what: What) -> Done {
        let (psid, _) = self.happen(self.psid.as_ref(), what)?;
        Ok(Room::Chat.link(&self.page, psid.as_ref()))
    }

    fn customer(&self) -> Result<&Psid, String> {
        self.psid.as_ref().ok_or_else(|| "which customer?".to_owned())
    }

    fn mid(&self) -> Result<Mid, String> {
        self.form.mid("mid").ok_or_else(|| "which message?".to_owned())
    }

    fn text(&self) -> Result<String, String> {
        self.form.own("text").ok_or_else(|| "there is no text".to_owned())
    }

    fn writes(&self, word: &str) -> Done {
        match word {
            "choose" => self.chooses(),
            "edit" => self.changes(),
            "odd" => self.in_thread(What::Unsupported {}),
            "like" => self.says(None, vec![self.like()]),
            "place" => self.says(None, vec![Attachment::Location { lat: 53.541_86, long: 9.983_87 }]),
            "picture" => {
                let name = self.form.get("picture").unwrap_or_default();
                let known = crate::fake::facebook::media::picture(name).ok_or("there is no such picture")?;
                drop(known);
                let url = format!("{}/play/picture/{name}.png", self.shared.base_url);
                self.says(None, vec![Attachment::Image { url }])
            }
            _ => {
                let file = self.form.file().map(|file| self.upload(file)).transpose()?;
                let text = self.form.own("text");
                let mut attachments: Vec<Attachment> = text.as_deref().and_then(preview).into_iter().collect();
                match (text, file) {
                    (None, None) => Err("there is neither a text nor a file".to_owned()),
                    (None, Some(file)) => self.says(None, vec![file]),
                    (text, None) => self.says(text, attachments),
                    (text, Some(file)) => {
                        attachments.push(file);
                        self.says(text, attachments)
                    }
                }
            }
        }
    }

    fn says(&self, text: Option<String>, attachments: Vec<Attachment>) -> Done {
        let reply_to = self.form.mid("reply_to");
        self.in_thread(What::Message(Said { text, attachments, reply_to, ..Said::default() }))
    }

    fn like(&self) -> Attachment {
        Attachment::Sticker { url: format!("{}/play/picture/like.png", self.shared.base_url), sticker_id: LIKE.0 }
    }

    fn upload(&self, bytes: Bytes) -> Result<Attachment, String> {
        let kept = self.shared.media.lock().expect("nobody panics while holding the files").keep(bytes);
        let (name, kind) = kept?;
        Ok(Attachment::from_pair(kind, &format!("{}/play/file/{name}", self.shared.base_url)))
    }

    /// A quick reply is a message with a payload, a button a postback.
    fn chooses(&self) -> Done {
        let (psid, mid) = (self.customer()?, self.mid()?);
        let number = self.form.get("number").and_then(|number| number.parse().ok()).ok_or("which choice?")?;
        let choice = self.shared.world().choice(&self.page, psid, &mid, number);
        let (title, press) = choice.ok_or("that choice is gone")?;
        match press {
            Press::QuickReply(payload) => {
                let said = Said { text: Some(title), quick_reply: Some(payload), ..Said::default() };
                self.in_thread(What::Message(said))
            }
            Press::Postback(payload) => self.in_thread(What::Postback { title, payload, referral: None }),
            Press::Link(_) => Err("a link is opened by the browser".to_owned()),
        }
    }

    fn changes(&self) -> Done {
        let (psid, mid, text) = (self.customer()?, self.mid()?, self.text()?);
        let now = self.shared.clock.now();
        let may = {
            let world = self.shared.world();
            let thread = world.thread(&self.page, psid, now);
            thread.is_some_and(|thread| thread.line(&mid).is_some_and(|line| thread.may_edit(line)))
        };
        if !may {
            return Err("a message can be changed five times, within a quarter of an hour".to_owned());
        }
        self.in_thread(What::Edit { mid, text })
    }

    fn other(&self, word: &str) -> Done {
        match word {
            "press" => {
                let (title, payload) = ("Get started".to_owned(), "GET_STARTED".to_owned());
                self.in_thread(What::Postback { title, payload, referral: None })
            }
            "react" => self.reacts(),
            "unsend" => self.in_thread(What::Unsend { mid: self.mid()? }),
            "good" | "bad" => self.in_thread(What::ResponseFeedback { mid: self.mid()?, good: word == "good" }),
            "enter" => {
                let word = Some("from-the-website".to_owned());
                let referral = Referral { word, source: "SHORTLINK".to_owned(), ..Referral::default() };
                self.in_thread(What::Referral(referral))
            }
            "ad" => {
                let referral = self.shared.world().offer(&self.page).map(|offer| offer.ad.referral());
                self.in_thread(What::Referral(referral.ok_or("the Page has no ad")?))
            }
            "optin" => self.in_thread(What::OptIn(OptIn::Plugin { word: "Newsletter".to_owned(), user_ref: None })),
            "link" => self.in_thread(What::Linked { authorization_code: "invented-code".to_owned() }),
            "inbox" => {
                let (psid, text) = (self.customer()?.clone(), self.text()?);
                self.shared.answer_elsewhere(InboxOrder { page: self.page.clone(), psid, text, app: None })?;
                Ok(Room::Chat.link(&self.page, self.psid.as_ref()))
            }
            "take" => self.in_thread(What::TakeThread(self.handover(true))),
            "give" => self.in_thread(What::PassThread(self.handover(false))),
            "notice" => {
                let text = "The assistant has handed this conversation to a person.".to_owned();
                self.in_thread(What::AdminText { text })
            }
            "block" | "unblock" => {
                let reason = (word == "block").then(|| "Too many messages that nobody asked for.".to_owned());
                self.happen(None, What::PolicyEnforcement { action: word.to_owned(), reason })?;
                Ok(Room::Chat.link(&self.page, self.psid.as_ref()))
            }
            _ => Err("no page has such a button".to_owned()),
        }
    }

    /// The same sign twice takes it back.
    fn reacts(&self) -> Done {
        let (psid, mid) = (self.customer()?, self.mid()?);
        let name = self.form.get("react").unwrap_or_default();
        let sign = REACTIONS.iter().find(|(known, _)| *known == name).map(|(_, sign)| *sign);
        let sign = sign.ok_or("there is no such reaction")?;
        let now = self.shared.clock.now();
        let before = {
            let world = self.shared.world();
            let thread = world.thread(&self.page, psid, now).ok_or("no such customer")?;
            thread.line(&mid).ok_or("that message is gone")?.reaction.clone()
        };
        let undo = before.as_deref() == Some(sign);
        let (reaction, emoji) = (name.to_owned(), Some(sign.to_owned()));
        self.in_thread(What::Reaction { mid, reaction, emoji, undo, by_page: false })
    }

    /// Between the node's app and Meta's inbox.
    fn handover(&self, to_inbox: bool) -> Handover {
        let (ours, inbox) = (self.shared.options.app_id.clone(), AppId::new(INBOX));
        let (from, to) = if to_inbox { (ours, inbox) } else { (inbox, ours) };
        Handover { from: Some(from), to: Some(to), metadata: Some("by hand".to_owned()) }
    }

    fn on_the_wall(&self, word: &str) -> Done {
        let psid = self.customer()?;
        let id = |key: &str| self.form.own(key).filter(|id| id.len() <= ID_MAX);
        let (post_id, comment_id) = (id("post"), id("comment"));
        let feed = |item, verb| Feed { post_id: post_id.clone(), ..Feed::new(item, verb) };
        let on_comment = |verb| Feed { comment_id: comment_id.clone(), ..feed(FeedItem::Comment, verb) };
        let reacts = |kind: &str| Feed { reaction_type: Some(kind.to_owned()), ..feed(FeedItem::Reaction, Verb::Add) };
        let what = match word {
            "comment" => What::Feed(Feed { message: Some(self.text()?), ..feed(FeedItem::Comment, Verb::Add) }),
            "answer" => What::Feed(Feed {
                message: Some(self.text()?),
                parent_id: comment_id.clone(),
                ..feed(FeedItem::Comment, Verb::Add)
            }),
            "change-comment" => What::Feed(Feed { message: Some(self.text()?), ..on_comment(Verb::Edited) }),
            "remove-comment" => What::Feed(on_comment(Verb::Remove)),
            "like-comment" => What::Feed(Feed { comment_id: comment_id.clone(), ..reacts("like") }),
            "like-post" => What::Feed(reacts("like")),
            "love-post" => What::Feed(reacts("love")),
            "like-page" => What::Feed(Feed::new(FeedItem::Like, Verb::Add)),
            "share" => {
                let link = post_id.as_ref().map(|post| format!("{}/wall?post={post}", self.shared.base_url));
                What::Feed(Feed { link, ..Feed::new(FeedItem::Share, Verb::Add) })
            }
            "visit" => What::Feed(Feed { message: Some(self.text()?), ..Feed::new(FeedItem::Post, Verb::Add) }),
            "post" => What::Feed(Feed {
                message: Some(self.text()?),
                by_page: true,
                ..Feed::new(FeedItem::Status, Verb::Add)
            }),
            "mention" => What::Mention(Mention {
                item: "post".to_owned(),
                verb: Verb::Add,
                post_id: None,
                comment_id: None,
                message: Some(self.text()?),
            }),
            _ => What::Rating(Rating {
                item: "rating".to_owned(),
                verb: Verb::Add,
                open_graph_story_id: None,
                review_text: Some(self.text()?),
                recommended: Some(word == "recommend"),
                stars: None,
                comment_id: None,
                message: None,
                reaction_type: None,
            }),
        };
        self.happen(Some(psid), what)?;
        Ok(Room::Wall.link(&self.page, Some(psid)))
    }

    fn fills_in(&self) -> Done {
        let answered = self.form.starting_with("q_").filter(|(_, value)| !value.is_empty());
        let short = |text: &str| text.chars().take(ID_MAX).collect::<String>();
        let answers: std::collections::BTreeMap<_, _> =
            answered.take(20).map(|(key, value)| (short(key), vec![short(value)])).collect();
        if answers.is_empty() {
            return Err("the form is empty".to_owned());
        }
        self.happen(self.psid.as_ref(), What::Lead(LeadOrder { answers, ..LeadOrder::default() }))?;
        Ok(format!("{}&sent=yes", Room::Lead.link(&self.page, self.psid.as_ref())))
    }
}

/// Meta adds the preview of a link that stands in a text (*messages*, read 2026-11-23).
fn preview(text: &str) -> Option<Attachment> {
    let link = text.split_whitespace().find(|word| word.starts_with("https://") || word.starts_with("http://"))?;
    Some(Attachment::Fallback { url: Some(link.to_owned()), title: Some(link.to_owned()) })
}
