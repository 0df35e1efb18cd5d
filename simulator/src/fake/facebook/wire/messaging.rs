//! Items of `messaging` and `standby` as Meta writes them: ids as strings, times in milliseconds.
//!
//! Source: the webhook event references of the Messenger Platform, read 2026-11-23. An echo's `app_id` is a number and its
//! sides are swapped; delivery receipts have no `timestamp`; enforcement and roles have no `sender`; a postback in standby
//! has no `payload`; a line of Meta itself (`admin_text`) has no `mid`.

use std::collections::BTreeMap;

use model::{AppId, Mid, PageId, Psid, Timestamp};
use serde_json::{Map, Value, json};

use super::{attachment, number_or_text, put};
use crate::fake::facebook::control::{Attachment, Handover, OptIn, Referral, Said};

/// Who stands on both sides, and when.
#[derive(Clone, Copy)]
pub(in crate::fake::facebook) struct Between<'a> {
    pub(in crate::fake::facebook) page: &'a PageId,
    pub(in crate::fake::facebook) psid: &'a Psid,
    pub(in crate::fake::facebook) at: Timestamp,
}

impl Between<'_> {
    /// From the customer to the Page.
    fn item(self, key: &str, body: impl Into<Value>) -> String {
        let mut item = Map::new();
        item.insert("sender".to_owned(), json!({ "id": self.psid }));
        item.insert("recipient".to_owned(), json!({ "id": self.page }));
        item.insert("timestamp".to_owned(), self.at.0.into());
        item.insert(key.to_owned(), body.into());
        Value::Object(item).to_string()
    }

    /// From the Page to the customer.
    fn swapped(self, key: &str, body: impl Into<Value>) -> String {
        let sides = json!({
            "sender": { "id": self.page }, "recipient": { "id": self.psid }, "timestamp": self.at, key: body.into(),
        });
        sides.to_string()
    }

    /// To the Page, from nobody.
    fn alone(self, key: &str, body: impl Into<Value>) -> String {
        json!({ "recipient": { "id": self.page }, "timestamp": self.at, key: body.into() }).to_string()
    }

    /// A message of the customer.
    pub(in crate::fake::facebook) fn message(self, mid: &Mid, said: &Said, answers_self: bool) -> String {
        let mut message = content(mid, said.text.as_deref(), &said.attachments, self.at);
        put(&mut message, "quick_reply", said.quick_reply.as_ref().map(|payload| json!({ "payload": payload })));
        let reply = said.reply_to.as_ref().map(|mid| json!({ "mid": mid, "is_self_reply": answers_self }));
        put(&mut message, "reply_to", reply);
        put(&mut message, "referral", said.referral.as_ref().map(referral));
        let commands: Vec<Value> = said.commands.iter().map(|name| json!({ "name": name })).collect();
        put(&mut message, "commands", (!commands.is_empty()).then_some(commands));
        self.item("message", message)
    }

    /// A message of the Page, told to its apps. `app` sent it; none did where a person or Meta itself wrote.
    pub(in crate::fake::facebook) fn echo(
        self,
        mid: &Mid,
        text: Option<&str>,
        attachments: &[Attachment],
        app: Option<&AppId>,
        metadata: Option<&str>,
    ) -> String {
        let mut message = content(mid, text, attachments, self.at);
        message.insert("is_echo".to_owned(), true.into());
        put(&mut message, "app_id", app.map(|app| number_or_text(app.as_str())));
        put(&mut message, "metadata", metadata);
        self.swapped("message", message)
    }

    /// A message taken back, or one that apps may not see.
    pub(in crate::fake::facebook) fn marked(self, mid: &Mid, mark: &str) -> String {
        self.item("message", json!({ "mid": mid, mark: true }))
    }

    /// A line of Meta itself.
    pub(in crate::fake::facebook) fn admin_text(self, text: &str) -> String {
        self.item("message", json!({ "admin_text": text }))
    }

    /// A changed message.
    pub(in crate::fake::facebook) fn edit(self, mid: &Mid, text: &str, count: u32) -> String {
        self.item("message_edit", json!({ "mid": mid, "text": text, "num_edit": count }))
    }

    /// A reaction of the customer, or of the Page, or its end.
    pub(in crate::fake::facebook) fn reaction(
        self,
        mid: &Mid,
        (name, emoji): (&str, Option<&str>),
        is_undone: bool,
        by_page: bool,
    ) -> String {
        let mut reaction = Map::new();
        reaction.insert("reaction".to_owned(), name.into());
        put(&mut reaction, "emoji", emoji);
        reaction.insert("action".to_owned(), if is_undone { "unreact" } else { "react" }.into());
        reaction.insert("mid".to_owned(), mid.as_str().into());
        if by_page { self.swapped("reaction", reaction) } else { self.item("reaction", reaction) }
    }

    /// A pressed button.
    pub(in crate::fake::facebook) fn postback(
        self,
        mid: &Mid,
        title: &str,
        payload: Option<&str>,
        from: Option<&Referral>,
    ) -> String {
        let mut postback = Map::new();
        postback.insert("mid".to_owned(), mid.as_str().into());
        postback.insert("title".to_owned(), title.into());
        put(&mut postback, "payload", payload);
        put(&mut postback, "referral", from.map(referral));
        self.item("postback", postback)
    }

    /// Entered again.
    pub(in crate::fake::facebook) fn referral(self, from: &Referral) -> String {
        self.item("referral", referral(from))
    }

    /// An opt-in. One whose customer Meta does not know yet has `user_ref` for a sender, and none inside.
    pub(in crate::fake::facebook) fn opt_in(self, opt_in: &OptIn) -> String {
        match opt_in {
            OptIn::Plugin { word, user_ref: None } => self.item("optin", json!({ "ref": word })),
            OptIn::Plugin { word, user_ref: Some(user_ref) } => {
                self.alone("optin", json!({ "ref": word, "user_ref": user_ref }))
            }
            OptIn::NotificationMessages { title, payload, token, token_expires_at, status } => {
                let mut body = json!({
                    "type": "notification_messages", "payload": payload, "title": title,
                    "notification_messages_token": token, "notification_messages_timezone": "UTC",
                    "token_expiry_timestamp": token_expires_at, "user_token_status": "NOT_REFRESHED",
                });
                if let Some(status) = status {
                    body["notification_messages_status"] = status.as_str().into();
                }
                self.item("optin", body)
            }
            OptIn::OneTime { payload, token } => {
                let body = json!({ "type": "one_time_notif_req", "payload": payload, "one_time_notif_token": token });
                self.item("optin", body)
            }
        }
    }

    /// Everything up to the watermark has arrived. Without a `timestamp`, as in Meta's own example.
    pub(in crate::fake::facebook) fn delivery(self, mids: &[Mid], watermark: Timestamp) -> String {
        let mut body = Map::new();
        put(&mut body, "mids", (!mids.is_empty()).then(|| json!(mids)));
        body.insert("watermark".to_owned(), watermark.0.into());
        json!({ "sender": { "id": self.psid }, "recipient": { "id": self.page }, "delivery": body }).to_string()
    }

    /// Everything up to the watermark was read.
    pub(in crate::fake::facebook) fn read(self, watermark: Timestamp) -> String {
        self.item("read", json!({ "watermark": watermark }))
    }

    /// The thread changes hands: `pass_thread_control` or `take_thread_control`.
    pub(in crate::fake::facebook) fn handover(self, key: &str, handover: &Handover) -> String {
        let mut body = Map::new();
        body.insert("previous_owner_app_id".to_owned(), json!(handover.from));
        body.insert("new_owner_app_id".to_owned(), json!(handover.to));
        put(&mut body, "metadata", handover.metadata.clone());
        self.item(key, body)
    }

    /// An app asks for the thread.
    pub(in crate::fake::facebook) fn thread_asked(self, app: &AppId, metadata: Option<&str>) -> String {
        let mut body = Map::new();
        body.insert("requested_owner_app_id".to_owned(), app.as_str().into());
        put(&mut body, "metadata", metadata);
        self.item("request_thread_control", body)
    }

    /// The roles of apps.
    pub(in crate::fake::facebook) fn app_roles(self, roles: &BTreeMap<AppId, Vec<String>>) -> String {
        let roles: Map<String, Value> =
            roles.iter().map(|(app, roles)| (app.as_str().to_owned(), json!(roles))).collect();
        self.alone("app_roles", roles)
    }

    /// Meta warns, blocks or unblocks.
    pub(in crate::fake::facebook) fn enforcement(self, action: &str, reason: Option<&str>) -> String {
        let mut body = Map::new();
        body.insert("action".to_owned(), action.into());
        put(&mut body, "reason", reason);
        self.alone("policy_enforcement", body)
    }

    /// An account linked with a code, or unlinked.
    pub(in crate::fake::facebook) fn account_linking(self, code: Option<&str>) -> String {
        let mut body = Map::new();
        body.insert("status".to_owned(), if code.is_some() { "linked" } else { "unlinked" }.into());
        put(&mut body, "authorization_code", code);
        self.item("account_linking", body)
    }

    /// Answers of the feedback template.
    pub(in crate::fake::facebook) fn feedback(self, answers: &BTreeMap<String, String>) -> String {
        let question = |(key, answer): (&String, &String)| (key.clone(), json!({ "type": "csat", "payload": answer }));
        let questions: Map<String, Value> = answers.iter().map(question).collect();
        self.item("messaging_feedback", json!({ "feedback_screens": [{ "screen_id": 0, "questions": questions }] }))
    }

    /// A thumb on one message.
    pub(in crate::fake::facebook) fn response_feedback(self, mid: &Mid, is_good: bool) -> String {
        let words = if is_good { "Good response" } else { "Bad response" };
        self.item("response_feedback", json!({ "feedback": words, "mid": mid }))
    }
}

fn content(mid: &Mid, text: Option<&str>, attachments: &[Attachment], at: Timestamp) -> Map<String, Value> {
    let mut message = Map::new();
    message.insert("mid".to_owned(), mid.as_str().into());
    put(&mut message, "text", text);
    let attachments = attachment::list(attachments, at);
    put(&mut message, "attachments", (!attachments.is_empty()).then_some(attachments));
    message
}

fn referral(from: &Referral) -> Value {
    let mut body = json!(from);
    body["type"] = "OPEN_THREAD".into();
    body
}
