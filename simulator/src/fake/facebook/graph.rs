//! The Graph API's side: reads a call, checks token and proof, and answers as Meta does.
//!
//! Sources: *Send API reference*, *User Profile API*, *Securing Graph API Requests*, read 2026-11-23. What may be sent when
//! is not decided here: `world` asks `oracle`.

use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use model::{Mid, PageId, Psid, Redacted};
use reqwest::Url;
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::graph_error::GraphError;
use super::state::{Choice, Press};
use super::world::{Act, Call, SenderAction, World};
use super::{Shared, StandInOptions};

/// A call's parameters, from the query and the body alike, and its token.
pub(super) struct Parameters {
    values: Map<String, Value>,
    token: Option<Redacted<String>>,
}

impl Parameters {
    /// Reads a JSON body, a form body or none; form values that look like JSON objects are read as such.
    pub(super) fn read(headers: &HeaderMap, query: &str, body: &[u8]) -> Result<Self, GraphError> {
        let mut values = pairs(query);
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("application/x-www-form-urlencoded") {
            values.extend(pairs(core::str::from_utf8(body).map_err(|_| GraphError::no_parameters())?));
        } else if !body.is_empty() {
            match serde_json::from_slice(body) {
                Ok(Value::Object(fields)) => values.extend(fields),
                Ok(_) | Err(_) => return Err(GraphError::no_parameters()),
            }
        }
        let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let token =
            bearer.or_else(|| values.get("access_token")?.as_str()).map(|token| Redacted::new(token.to_owned()));
        Ok(Self { values, token })
    }

    /// Whom a call is about: an object with an id, or the id alone.
    pub(super) fn recipient(&self) -> Option<Psid> {
        let recipient = self.values.get("recipient")?;
        id(recipient.get("id").unwrap_or(recipient)).map(Psid::new)
    }

    /// A parameter's text.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key)?.as_str()
    }
}

/// The Page that a call speaks for, by its token and proof.
pub(super) fn speaker(options: &StandInOptions, world: &World, call: &Parameters) -> Result<PageId, GraphError> {
    let token = call.token.as_ref().ok_or_else(GraphError::no_token)?;
    let page = world.page_of(token)?.id.clone();
    if options.require_proof && !call.text("appsecret_proof").is_some_and(|proof| proves(options, token, proof)) {
        return Err(GraphError::no_proof());
    }
    Ok(page)
}

/// What a POST to `messages` asks for.
pub(super) enum Asked {
    /// A message.
    Message(Box<Call>),
    /// A sign instead of one.
    Signal(Act),
}

/// A send, read from its parameters. `path` is the Page's id or `me`.
pub(super) fn read_send(page: PageId, path: &str, call: &Parameters) -> Result<Asked, GraphError> {
    if path != "me" && path != page.as_str() {
        return Err(GraphError::new(100, Some(33)));
    }
    let object = |key: &str| call.values.get(key).and_then(Value::as_object);
    let psid =
        object("recipient").and_then(|recipient| id(recipient.get("id")?)).ok_or_else(GraphError::no_parameters)?;
    let psid = Psid::new(psid);
    let message = object("message");
    if let Some(word) = call.text("sender_action") {
        // "Message and state together" (*Common Error Codes*, read 2026-11-23).
        let both = GraphError::new(100, Some(2_018_014));
        let action = if message.is_some() { Err(both) } else { sender_action(word, object("payload")) };
        return Ok(Asked::Signal(Act { page, psid, action: action? }));
    }
    let text = |key: &str| message.and_then(|message| message.get(key)?.as_str()).map(str::to_owned);
    let attached = message.and_then(|message| message.get("attachment"));
    let mut choices = quick_replies(message)?;
    let mut words = text("text");
    if let Some(template) = attached.and_then(|attached| attached.get("payload")) {
        choices.extend(buttons(template));
        words = words.or_else(|| template_text(template));
    }
    let is_template = attached.is_some_and(|attached| attached["type"] == "template");
    if let Some(attached) = attached.filter(|_| !is_template) {
        check_attachment(attached)?;
    }
    // "Up to 1000 characters" (*message_echoes*, read 2026-11-23).
    if text("metadata").is_some_and(|metadata| metadata.chars().count() > 1_000) {
        return Err(GraphError::new(100, None));
    }
    let reply_to = object("reply_to").and_then(|reply| reply.get("mid")?.as_str()).map(Mid::new);
    Ok(Asked::Message(Box::new(Call {
        page,
        psid,
        messaging_type: call.text("messaging_type").unwrap_or("RESPONSE").to_owned(),
        tag: call.text("tag").map(str::to_owned),
        text: words,
        attachment: attached.filter(|_| !is_template).and_then(attachment),
        metadata: text("metadata"),
        choices,
        reply_to,
    })))
}

/// A kind that Meta knows, and an address from which it can fetch or an id that it gave (*Send a Message*, *Saving assets*,
/// *Common Error Codes*, read 2026-11-23). The stand-in gives no ids.
fn check_attachment(attached: &Value) -> Result<(), GraphError> {
    let kind = attached.get("type").and_then(Value::as_str).unwrap_or_default();
    let payload = |key: &str| attached.get("payload").and_then(|payload| payload.get(key)?.as_str());
    if !["image", "audio", "video", "file"].contains(&kind) {
        return Err(GraphError::new(100, None));
    }
    match payload("url").map(Url::parse) {
        Some(Ok(url)) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(()),
        Some(_) => Err(GraphError::new(100, Some(2_018_008))),
        None if payload("attachment_id").is_some() => Err(GraphError::new(100, Some(2_018_074))),
        None => Err(GraphError::new(100, None)),
    }
}

fn sender_action(word: &str, payload: Option<&Map<String, Value>>) -> Result<SenderAction, GraphError> {
    let field = |key: &str| payload.and_then(|payload| payload.get(key)?.as_str()).map(str::to_owned);
    let mid = || field("message_id").map(Mid::new).ok_or_else(|| GraphError::new(100, None));
    match word.to_ascii_lowercase().as_str() {
        "typing_on" => Ok(SenderAction::TypingOn),
        "typing_off" => Ok(SenderAction::TypingOff),
        "mark_seen" => Ok(SenderAction::MarkSeen),
        "react" => Ok(SenderAction::React(mid()?, field("reaction").unwrap_or_else(|| "love".to_owned()))),
        "unreact" => Ok(SenderAction::Unreact(mid()?)),
        _ => Err(GraphError::new(100, None)),
    }
}

/// At most 13, titles of 20 and payloads of 1,000 characters (*Quick replies*, read 2026-11-23). Only those of text are
/// offered; the ones for a telephone number or an address need a client of Meta.
fn quick_replies(message: Option<&Map<String, Value>>) -> Result<Vec<Choice>, GraphError> {
    let none = Vec::new();
    let list = message.and_then(|message| message.get("quick_replies")?.as_array()).unwrap_or(&none);
    if list.len() > 13 {
        return Err(GraphError::new(100, None));
    }
    let choice = |value: &Value| {
        let (title, payload) = (value.get("title")?.as_str()?, value.get("payload")?.as_str()?);
        Some((title.to_owned(), payload.to_owned()))
    };
    let choices = list.iter().filter_map(choice).map(|(title, payload)| {
        let fits = title.chars().count() <= 20 && payload.chars().count() <= 1_000;
        let choice = Choice { title, press: Press::QuickReply(payload) };
        fits.then_some(choice).ok_or_else(|| GraphError::new(100, None))
    });
    choices.collect()
}

/// Buttons of a template and of its elements, as far as a page can show them.
fn buttons(template: &Value) -> Vec<Choice> {
    let of = |value: &Value| value.get("buttons").and_then(Value::as_array).cloned().unwrap_or_default();
    let elements = template.get("elements").and_then(Value::as_array).cloned().unwrap_or_default();
    let all = of(template).into_iter().chain(elements.iter().take(10).flat_map(of));
    let choice = |button: Value| {
        let text = |key: &str| button.get(key).and_then(Value::as_str).map(str::to_owned);
        let press = match text("type")?.as_str() {
            "postback" => Press::Postback(text("payload")?),
            "web_url" => Press::Link(text("url")?),
            _ => return None,
        };
        Some(Choice { title: text("title")?, press })
    };
    all.take(30).filter_map(choice).collect()
}

/// What a template says in words.
fn template_text(template: &Value) -> Option<String> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let elements = template.get("elements").and_then(Value::as_array).cloned().unwrap_or_default();
    let element = |value: &Value| [text(value, "title"), text(value, "subtitle")].into_iter().flatten().collect();
    let mut lines: Vec<String> = text(template, "text").into_iter().collect();
    lines.extend(elements.iter().take(10).map(|value| {
        let parts: Vec<String> = element(value);
        parts.join("\n")
    }));
    (!lines.is_empty()).then(|| lines.join("\n\n"))
}

/// Reads a node: the Page itself or one of its customers.
pub(super) fn read_node(world: &World, page: &PageId, node: &str, call: &Parameters) -> Result<Value, GraphError> {
    let wanted = call.text("fields").unwrap_or("id,name");
    let mut answer = Map::new();
    let mut field = |key: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|_| key == "id" || wanted.split(',').any(|field| field.trim() == key)) {
            answer.insert(key.to_owned(), value.into());
        }
    };
    if node == "me" || node == page.as_str() {
        let name = world.pages().find(|known| known.id == *page).map(|known| known.name.as_str());
        field("id", Some(page.as_str()));
        field("name", name);
        if wanted.split(',').any(|field| field.trim() == "messaging_feature_status") {
            let status = json!({ "hop_v2": true, "msgr_multi_app": world.gives_control(), "ig_multi_app": false });
            answer.insert("messaging_feature_status".to_owned(), status);
        }
        return Ok(Value::Object(answer));
    }
    let (first, last) = world.names(page, &Psid::new(node)).ok_or_else(|| GraphError::new(100, Some(33)))?;
    if first.is_none() && last.is_none() {
        return Err(GraphError::new(100, Some(2_018_218)));
    }
    let whole: Vec<&str> = [first, last].into_iter().flatten().collect();
    field("name", Some(&whole.join(" ")));
    field("first_name", first);
    field("last_name", last);
    field("profile_pic", Some(&format!("https://cdn.stand-in.example/{node}.jpg")));
    field("id", Some(node));
    Ok(Value::Object(answer))
}

/// The answer to a sign that was accepted: there is no message to name.
pub(super) fn signalled(psid: &Psid) -> Value {
    json!({ "recipient_id": psid })
}

/// The answer to a send that was accepted.
pub(super) fn accepted(bubble: &super::Bubble) -> Value {
    json!({ "recipient_id": bubble.psid, "message_id": bubble.mid })
}

/// An error with its trace id.
pub(super) fn refused(shared: &Shared, error: &GraphError) -> Value {
    let trace = shared.world().trace();
    error.json(&trace)
}

fn pairs(text: &str) -> Map<String, Value> {
    let mut url = Url::parse("http://stand-in/").expect("a constant address");
    url.set_query(Some(text));
    let value = |text: &str| match text.starts_with('{').then(|| serde_json::from_str(text)) {
        Some(Ok(value)) => value,
        Some(Err(_)) | None => Value::from(text),
    };
    url.query_pairs().map(|(key, text)| (key.into_owned(), value(&text))).collect()
}

fn proves(options: &StandInOptions, token: &Redacted<String>, proof: &str) -> bool {
    let secret = options.app_secret.reveal().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("an HMAC key may have any length");
    mac.update(token.reveal().as_bytes());
    hex::decode(proof).is_ok_and(|proof| mac.verify_slice(&proof).is_ok())
}

fn id(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|number| number.to_string()))
}

fn attachment(value: &Value) -> Option<(String, String)> {
    let kind = value.get("type")?.as_str()?;
    let url = value.get("payload").and_then(|payload| payload.get("url")?.as_str()).unwrap_or_default();
    Some((kind.to_owned(), url.to_owned()))
}
