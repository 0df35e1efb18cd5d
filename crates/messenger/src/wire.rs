//! The body of a Send API call: what stands where in the JSON. *Send API reference*, *Quick Replies* and *Utility
//! Messages*, read 2026-11-23.
//!
//! No limit is checked here; who sends has asked before. The guide shows a template both at the top and inside `message`;
//! here it stands inside, beside the mark that comes back in the echo.

use policy::Permit;
use serde::Serialize;

use crate::{Body, Send};

/// The body of a Send API call.
#[derive(Serialize)]
pub(crate) struct Wire<'a> {
    recipient: Recipient<'a>,
    messaging_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'static str>,
    message: Message<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<ReplyTo<'a>>,
}

#[derive(Serialize)]
struct Recipient<'a> {
    id: &'a str,
}

#[derive(Serialize)]
struct ReplyTo<'a> {
    mid: &'a str,
}

#[derive(Default, Serialize)]
struct Message<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<Attachment<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<Template<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    quick_replies: Vec<QuickReply<'a>>,
    metadata: &'a str,
}

#[derive(Serialize)]
struct Attachment<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    payload: Payload<'a>,
}

#[derive(Serialize)]
struct Payload<'a> {
    url: &'a str,
}

#[derive(Serialize)]
struct QuickReply<'a> {
    content_type: &'static str,
    title: &'a str,
    payload: &'a str,
}

#[derive(Serialize)]
struct Template<'a> {
    name: &'a str,
    language: Language<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    components: Vec<Component<'a>>,
}

#[derive(Serialize)]
struct Language<'a> {
    code: &'a str,
}

#[derive(Serialize)]
struct Component<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    parameters: Vec<Parameter<'a>>,
}

#[derive(Serialize)]
struct Parameter<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    text: &'a str,
}

impl<'a> Wire<'a> {
    pub(crate) fn new(permit: &Permit, send: &'a Send) -> Self {
        let (messaging_type, tag) = permit.messaging_type().wire();
        let answered = match &send.body {
            Body::Prompt { reply_to, .. } => reply_to.as_ref(),
            Body::Text(_) | Body::Attachment { .. } | Body::Template { .. } => None,
        };
        let reply_to = answered.map(|mid| ReplyTo { mid: mid.as_str() });
        let recipient = Recipient { id: send.psid.as_str() };
        Self { recipient, messaging_type, tag, message: Message::new(&send.body, &send.metadata), reply_to }
    }
}

impl<'a> Message<'a> {
    fn new(body: &'a Body, metadata: &'a str) -> Self {
        let bare = Self { metadata, ..Self::default() };
        match body {
            Body::Text(text) => Self { text: Some(text.reveal()), ..bare },
            Body::Prompt { text, buttons, reply_to: _ } => {
                let button = |(title, payload): &'a (_, _)| QuickReply::new(title, payload);
                Self { text: Some(text.reveal()), quick_replies: buttons.iter().map(button).collect(), ..bare }
            }
            Body::Attachment { kind, url } => {
                Self { attachment: Some(Attachment { kind, payload: Payload { url: url.reveal() } }), ..bare }
            }
            Body::Template { name, language, parameters } => {
                let parameters: Vec<_> =
                    parameters.iter().map(|text| Parameter { kind: "text", text: text.reveal() }).collect();
                let filled = (!parameters.is_empty()).then_some(Component { kind: "body", parameters });
                let components = filled.into_iter().collect();
                Self { template: Some(Template { name, language: Language { code: language }, components }), ..bare }
            }
        }
    }
}

impl<'a> QuickReply<'a> {
    fn new(title: &'a model::Redacted<String>, payload: &'a model::Redacted<String>) -> Self {
        Self { content_type: "text", title: title.reveal(), payload: payload.reveal() }
    }
}
