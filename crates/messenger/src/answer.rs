//! What an HTTP answer of Meta says about a send or a reading. Pure: bytes in, outcome out.
//!
//! The order of judgement: an `error` body decides by code and subcode whatever the status is (it may ride on a 200,
//! reported from production, read 2026-11-23); then the status; then the body. What is contradictory, cut off or foreign
//! is in doubt for a send.

use model::{AppId, Mid, PageId, Redacted, Span, Timestamp};
use reqwest::StatusCode;
use serde_json::Value;

use crate::error_table::{self, Retry, Row};
use crate::{Code, Fault, Profile, SendOutcome, Sent, Usage};

/// How long to wait before reading again what was lost or garbled on the way. Short, since reading changes nothing and a
/// new task waits for the name.
const READ_AGAIN_AFTER: Span = Span::seconds(2);

/// What came back from one request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Nothing left this machine, or nobody was there: why, as [`SendOutcome::Later`] says it.
    NotReached(&'static str),
    /// The request may have arrived, the answer did not: `timeout` or `connection-lost`.
    Lost(&'static str),
    /// An answer was read to its end.
    Read {
        /// HTTP status.
        status: StatusCode,
        /// What Meta's headers say is used up.
        usage: Usage,
        /// The whole body.
        body: Vec<u8>,
    },
}

impl Answer {
    /// An answer whose body is of no use.
    pub(crate) fn unreadable(status: StatusCode) -> Self {
        Self::Read { status, usage: Usage::default(), body: Vec::new() }
    }
}

/// The parts of a Graph error that matter. Its `message` is localised and reworded, so it is not even read.
#[derive(Debug, PartialEq, Eq)]
struct GraphError {
    code: Code,
    trace: Option<String>,
}

/// The outcome of a send. `unreachable` is how long to wait where nobody was there.
pub(crate) fn of_send(answer: Answer, unreachable: Span) -> SendOutcome {
    let (status, usage, body) = match answer {
        Answer::NotReached(why) => return SendOutcome::Later { after: unreachable, code: None, why },
        Answer::Lost(why) => return SendOutcome::InDoubt { why },
        Answer::Read { status, usage, body } => (status, usage, body),
    };
    let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let mid = value.get("message_id").and_then(Value::as_str).filter(|mid| !mid.is_empty());
    match (graph_error(&value), mid) {
        (Some(error), None) => refused(error, usage.regain),
        (None, Some(mid)) if status.is_success() => SendOutcome::Sent { mid: Mid::new(mid), usage },
        _ if status.is_server_error() => SendOutcome::InDoubt { why: "server-error" },
        _ => SendOutcome::InDoubt { why: "unreadable-answer" },
    }
}

fn refused(error: GraphError, regain: Option<Span>) -> SendOutcome {
    let GraphError { code, trace } = error;
    let row = error_table::lookup(code);
    match row.retry {
        Retry::After(after) => SendOutcome::Later { after: rest(after, regain), code: Some(code), why: row.name },
        Retry::Never => SendOutcome::Failed { code, row: row.name, trace, scope: row.scope },
        Retry::Doubt => SendOutcome::InDoubt { why: row.name },
    }
}

/// The profile, or why there is none.
pub(crate) fn of_profile(answer: Answer, unreachable: Span) -> Result<Profile, Fault> {
    let again = |why| Fault::Retry { after: READ_AGAIN_AFTER, why, code: None };
    let (status, usage, body) = match answer {
        Answer::NotReached(why) => return Err(Fault::Retry { after: unreachable, why, code: None }),
        Answer::Lost(why) => return Err(again(why)),
        Answer::Read { status, usage, body } => (status, usage, body),
    };
    let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    if let Some(error) = graph_error(&value) {
        return Err(unread(error, usage.regain));
    }
    let Some(fields) = value.as_object().filter(|_| status.is_success()) else {
        return Err(again(if status.is_server_error() { "server-error" } else { "unreadable-answer" }));
    };
    let field = |key: &str| {
        let text = fields.get(key)?.as_str()?.trim();
        (!text.is_empty()).then(|| Redacted::new(text.to_owned()))
    };
    Ok(Profile { first_name: field("first_name"), last_name: field("last_name"), picture: field("profile_pic") })
}

/// What the Page sent in the one conversation that was asked for, oldest first.
pub(crate) fn of_thread(answer: Answer, page: &PageId, unreachable: Span) -> Result<Vec<Sent>, Fault> {
    let value = read(answer, unreachable)?;
    let Some(conversations) = value.get("data").and_then(Value::as_array) else {
        return Err(Fault::Retry { after: READ_AGAIN_AFTER, why: "unreadable-answer", code: None });
    };
    let messages =
        conversations.iter().filter_map(|conversation| conversation["messages"]["data"].as_array()).flatten();
    let mut sent: Vec<Sent> =
        messages.filter(|message| message["from"]["id"].as_str() == Some(page.as_str())).filter_map(sent).collect();
    // Meta tells the newest first.
    sent.reverse();
    sent.sort_by_key(|sent| sent.at);
    Ok(sent)
}

/// Whether the Page's features let an app take conversations over. Their form is not documented (read 2026-11-23): a field
/// that is true, or a word that says so.
pub(crate) fn offers_control(answer: Answer, unreachable: Span) -> Result<bool, Fault> {
    let value = read(answer, unreachable)?;
    let status = &value["messaging_feature_status"]["msgr_multi_app"];
    Ok(status.as_bool().unwrap_or_else(|| matches!(status.as_str(), Some("enabled" | "ENABLED" | "true"))))
}

/// What taking a conversation over came to: `None`: it is ours, else the row that says why not.
pub(crate) fn of_control(answer: Answer, unreachable: Span) -> Result<Option<&'static str>, Fault> {
    match read(answer, unreachable) {
        Ok(value) if value["success"] == true => Ok(None),
        Ok(_) => Err(Fault::Retry { after: READ_AGAIN_AFTER, why: "unreadable-answer", code: None }),
        Err(Fault::GiveUp { row, .. }) => Ok(Some(row)),
        Err(fault @ Fault::Retry { .. }) => Err(fault),
    }
}

/// Whose a conversation is: told to its owner and to the default app alone (*Conversation Routing*, read 2026-11-23).
pub(crate) fn of_owner(answer: Answer) -> Option<AppId> {
    let value = read(answer, Span(0)).ok()?;
    let app = &value["data"][0]["thread_owner"]["app_id"];
    let id = app.as_str().map(str::to_owned).or_else(|| app.as_u64().map(|id| id.to_string()))?;
    Some(AppId::new(id)).filter(|id| !id.as_str().is_empty() && id.as_str() != "0")
}

/// A plain answer of Meta.
fn read(answer: Answer, unreachable: Span) -> Result<Value, Fault> {
    let again = |why| Fault::Retry { after: READ_AGAIN_AFTER, why, code: None };
    let (status, usage, body) = match answer {
        Answer::NotReached(why) => return Err(Fault::Retry { after: unreachable, why, code: None }),
        Answer::Lost(why) => return Err(again(why)),
        Answer::Read { status, usage, body } => (status, usage, body),
    };
    let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    match graph_error(&value) {
        Some(error) => Err(unread(error, usage.regain)),
        None if status.is_success() => Ok(value),
        None => Err(again(if status.is_server_error() { "server-error" } else { "unreadable-answer" })),
    }
}

/// A message of a thread; `None`: without what it takes to know it again.
fn sent(message: &Value) -> Option<Sent> {
    let mid = message["id"].as_str().filter(|mid| !mid.is_empty())?;
    let at = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%z", message["created_time"].as_str()?)
        .ok()?
        .to_timestamp()
        .ok()?;
    let text = message["message"].as_str().filter(|text| !text.is_empty());
    let attachments = message["attachments"]["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    Some(Sent {
        mid: Mid::new(mid),
        at: Timestamp(at.as_millisecond()),
        text: text.map(Redacted::from),
        attachments: attachments.iter().map(kind_of_file).collect(),
    })
}

/// Which of the kinds that are sent a file of a thread is, by its MIME type.
fn kind_of_file(file: &Value) -> String {
    let mime = file["mime_type"].as_str().unwrap_or_default();
    let kind = ["image", "audio", "video"].into_iter().find(|kind| mime.split('/').next() == Some(kind));
    kind.unwrap_or("file").to_owned()
}

fn unread(error: GraphError, regain: Option<Span>) -> Fault {
    let GraphError { code, trace } = error;
    let Row { name, retry, scope, .. } = *error_table::lookup(code);
    match retry {
        Retry::After(after) => Fault::Retry { after: rest(after, regain), why: name, code: Some(code) },
        // Nothing was changed by reading, so what would leave a send in doubt is merely not known here.
        Retry::Doubt => Fault::Retry { after: READ_AGAIN_AFTER, why: name, code: Some(code) },
        Retry::Never => Fault::GiveUp { code, row: name, trace, scope },
    }
}

fn rest(after: Span, regain: Option<Span>) -> Span {
    regain.map_or(after, |regain| after.max(regain))
}

/// The error of a Graph answer, if it is one that can be told: an `error` with a code.
fn graph_error(value: &Value) -> Option<GraphError> {
    let error = value.get("error")?;
    let code = number(error.get("code")?)?;
    let subcode = error.get("error_subcode").and_then(number);
    let trace = error.get("fbtrace_id").and_then(Value::as_str).map(|trace| trace.chars().take(64).collect());
    Some(GraphError { code: (code, subcode), trace })
}

/// A whole number, also where it came as text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    const UNREACHABLE: Span = Span::seconds(5);

    fn sent(status: u16, body: &str) -> SendOutcome {
        of_send(read(status, None, body), UNREACHABLE)
    }

    fn read(status: u16, regain: Option<Span>, body: &str) -> Answer {
        let status = StatusCode::from_u16(status).expect("a status");
        Answer::Read { status, usage: Usage { regain, ..Usage::default() }, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_conversation_is_taken_only_where_the_features_and_meta_say_so() {
        let offers = |body| offers_control(read(200, None, body), UNREACHABLE);
        assert_eq!(offers(r#"{"messaging_feature_status":{"hop_v2":true,"msgr_multi_app":true}}"#), Ok(true));
        assert_eq!(offers(r#"{"messaging_feature_status":{"msgr_multi_app":"enabled"}}"#), Ok(true));
        for without in ["{}", r#"{"messaging_feature_status":{"msgr_multi_app":false,"ig_multi_app":true}}"#] {
            assert_eq!(offers(without), Ok(false), "{without}");
        }
        let taken = |status, body| of_control(read(status, None, body), UNREACHABLE);
        assert_eq!(taken(200, r#"{"success":true}"#), Ok(None));
        assert_eq!(taken(400, r#"{"error":{"code":27}}"#), Ok(Some("no-default-app")));
        for (status, body, reason) in [(200, "{}", "unreadable-answer"), (502, "<html>", "server-error")] {
            assert!(matches!(taken(status, body), Err(Fault::Retry { why, .. }) if why == reason), "{body}");
        }
        assert!(matches!(of_control(Answer::Lost("timeout"), UNREACHABLE), Err(Fault::Retry { why: "timeout", .. })));
    }

    #[test]
    fn whose_a_conversation_is_may_stay_untold() {
        const INBOX: &str = "263902037430900";
        let owner = |body| of_owner(read(200, None, body)).map(|app| app.as_str().to_owned());
        assert_eq!(owner(r#"{"data":[{"thread_owner":{"app_id":"263902037430900"}}]}"#).as_deref(), Some(INBOX));
        assert_eq!(owner(r#"{"data":[{"thread_owner":{"app_id":990018}}]}"#).as_deref(), Some("990018"));
        for untold in [r#"{"data":[]}"#, r#"{"data":[{"thread_owner":{"app_id":""}}]}"#, "<html>"] {
            assert_eq!(owner(untold), None, "{untold}");
        }
    }

    #[test]
    fn a_message_id_on_a_success_is_sent() {
        let sent_as = |mid| SendOutcome::Sent { mid: Mid::new(mid), usage: Usage::default() };
        assert_eq!(sent(200, r#"{"recipient_id":"5","message_id":"m_1"}"#), sent_as("m_1"));
        assert_eq!(sent(200, r#"{"message_id":"m_1","attachment_id":"9"}"#), sent_as("m_1"));
    }

    #[test]
    fn what_neither_refuses_nor_confirms_is_in_doubt() {
        let unreadable = SendOutcome::InDoubt { why: "unreadable-answer" };
        let server = SendOutcome::InDoubt { why: "server-error" };
        for (status, body, outcome) in [
            (200, "", &unreadable),
            (200, "<html>", &unreadable),
            (200, "{}", &unreadable),
            (200, "[]", &unreadable),
            (200, r#"{"message_id":""}"#, &unreadable),
            (200, r#"{"message_id":7}"#, &unreadable),
            (200, r#"{"recipient_id":"5"}"#, &unreadable),
            (200, r#"{"error":"no"}"#, &unreadable),
            (200, r#"{"error":{"message":"no code"}}"#, &unreadable),
            (200, r#"{"message_id":"m_1","error":{"code":100}}"#, &unreadable),
            (302, "", &unreadable),
            (403, "<html>denied by a gateway</html>", &unreadable),
            (404, r#"{"message_id":"m_1"}"#, &unreadable),
            (500, "", &server),
            (502, "<html>", &server),
            (503, r#"{"message_id":"m_1"}"#, &server),
        ] {
            assert_eq!(&sent(status, body), outcome, "{status} {body}");
        }
    }

    #[test]
    fn an_error_body_decides_whatever_the_status_is() {
        let body = r#"{"error":{"message":"whatever","type":"OAuthException","code":10,"error_subcode":2018278,"fbtrace_id":"Abc"}}"#;
        for status in [200, 400, 403, 500] {
            let failed = SendOutcome::Failed {
                code: (10, Some(2_018_278)),
                row: "window-closed",
                trace: Some("Abc".to_owned()),
                scope: Scope::Conversation,
            };
            assert_eq!(sent(status, body), failed, "{status}");
        }
    }

    #[test]
    fn the_words_of_an_error_decide_nothing() {
        let body = |words: &str| format!(r#"{{"error":{{"message":"{words}","code":100,"error_subcode":2018001}}}}"#);
        assert_eq!(sent(400, &body("(#190) token expired")), sent(400, &body("Kein passender Nutzer")));
    }

    #[test]
    fn codes_count_as_text_too() {
        let failed = sent(400, r#"{"error":{"code":"190","error_subcode":"463"}}"#);
        assert!(
            matches!(failed, SendOutcome::Failed { code: (190, Some(463)), row: "token-invalid", .. }),
            "{failed:?}"
        );
    }

    #[test]
    fn a_code_nobody_knows_failed_and_is_never_sent() {
        let failed = sent(400, r#"{"error":{"code":987654,"error_subcode":3}}"#);
        let expected =
            SendOutcome::Failed { code: (987_654, Some(3)), row: "unknown-error", trace: None, scope: Scope::Part };
        assert_eq!(failed, expected);
    }

    #[test]
    fn an_answer_that_came_after_the_sending_is_in_doubt() {
        let outcome = sent(400, r#"{"error":{"code":1,"error_subcode":1357046}}"#);
        assert_eq!(outcome, SendOutcome::InDoubt { why: "sent-answer-garbled" });
    }

    #[test]
    fn a_limit_waits_as_long_as_meta_asks_but_never_shorter_than_the_table() {
        let limit = r#"{"error":{"code":80006}}"#;
        let waits = |regain| {
            let outcome = of_send(read(400, regain, limit), UNREACHABLE);
            let SendOutcome::Later { after, code: Some((80_006, None)), .. } = outcome else { panic!("{outcome:?}") };
            after
        };
        let table = waits(None);
        assert_eq!(waits(Some(Span(1))), table);
        assert_eq!(waits(Some(Span::hours(3))), Span::hours(3));
    }

    #[test]
    fn a_profile_is_read_as_far_as_it_goes() {
        let profile = |body| of_profile(read(200, None, body), UNREACHABLE).expect("a profile");
        let full =
            profile(r#"{"first_name":"Ada","last_name":" Byron ","profile_pic":"https://cdn.example/p","id":"5"}"#);
        assert_eq!(full.name().map(Redacted::into_inner).as_deref(), Some("Ada Byron"));
        assert_eq!(full.picture.map(Redacted::into_inner).as_deref(), Some("https://cdn.example/p"));
        assert_eq!(profile("{}"), Profile::default());
        assert_eq!(profile(r#"{"first_name":"","last_name":null}"#), Profile::default());
    }

    #[test]
    fn a_profile_that_cannot_be_read_says_what_to_do() {
        let fault = |status, body: &str| of_profile(read(status, None, body), UNREACHABLE).expect_err("a fault");
        for (code, row) in [(2_018_218, "no-profile"), (2_018_247, "profile-permission-missing")] {
            let fault = fault(400, &format!(r#"{{"error":{{"code":{code}}}}}"#));
            assert!(matches!(fault, Fault::GiveUp { row: name, .. } if name == row), "{fault:?}");
        }
        let as_subcode = fault(400, r#"{"error":{"code":100,"error_subcode":2018218}}"#);
        assert!(matches!(as_subcode, Fault::GiveUp { row: "no-profile", .. }), "{as_subcode:?}");
        for (status, body) in [(500, ""), (200, "[]"), (200, "nonsense"), (400, r#"{"error":{"code":2}}"#)] {
            assert!(matches!(fault(status, body), Fault::Retry { .. }), "{status} {body}");
        }
    }

    #[test]
    fn what_never_arrived_is_tried_again() {
        let why = "connection-refused";
        let later = SendOutcome::Later { after: UNREACHABLE, code: None, why };
        assert_eq!(of_send(Answer::NotReached(why), UNREACHABLE), later);
        assert_eq!(of_send(Answer::Lost("timeout"), UNREACHABLE), SendOutcome::InDoubt { why: "timeout" });
        let fault = of_profile(Answer::NotReached(why), UNREACHABLE);
        assert_eq!(fault, Err(Fault::Retry { after: UNREACHABLE, why, code: None }));
    }
}
