//! A running node's API, asked from the command line.
//!
//! Invariants: an answer that is none of the API's is no success; a token goes to the address that was named and nowhere
//! else (no redirects, no proxies from the environment).

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, StatusCode, Url};
use serde_json::Value;

use crate::cli::Reached;
use crate::exit::{Exit, Failure};

/// The environment variable that has a token.
const TOKEN: &str = "PAGEDESK_TOKEN";
const CONNECT: Duration = Duration::from_secs(5);
const TOTAL: Duration = Duration::from_secs(60);
/// Bytes of an answer; a longer one is none of a node.
const BODY_MAX: usize = 64 << 20;

/// A node that answers.
pub(crate) struct Node {
    client: Client,
    root: Url,
    token: Option<HeaderValue>,
}

/// Why a call came to nothing.
pub(crate) enum Refused {
    /// There is no such thing.
    Missing,
    /// Nothing is to be decided.
    Settled(String),
    /// Whatever else; nothing more is to be asked.
    Ends(Failure),
}

impl Node {
    /// Makes the client; asks nothing yet.
    pub(crate) fn of(reached: &Reached) -> Result<Self, Failure> {
        let usage = |what: String| Failure::new(Exit::Usage, what);
        let url =
            Url::parse(&reached.url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let root = url.ok_or_else(|| {
            usage(format!("{} is no address of a node", reached.url)).remedy("name one as http://127.0.0.1:8081")
        })?;
        let internal = |fault: String| Failure::new(Exit::Internal, format!("no client can be made: {fault}"));
        let client = Client::builder()
            .user_agent(concat!("pagedesk/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(messenger::tls().map_err(|fault| internal(fault.to_string()))?)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            .build()
            .map_err(|fault| internal(fault.to_string()))?;
        Ok(Self { client, root, token: token(reached)? })
    }

    /// GET of an address below `/api/v1`.
    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Refused> {
        self.call(Method::GET, path, query, None).await
    }

    /// POST of JSON to an address below `/api/v1`.
    pub(crate) async fn post(&self, path: &[&str], body: &Value) -> Result<Value, Refused> {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, Refused> {
        let mut url = self.root.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        }
        let mut request = self.client.request(method, url).query(query);
        if let Some(token) = &self.token {
            request = request.header("x-pagedesk-token", token);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let ends = |fault: reqwest::Error| Refused::Ends(self.unreachable(&fault));
        let mut answer = request.send().await.map_err(ends)?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(ends)?.filter(|_| body.len() < BODY_MAX) {
            body.extend_from_slice(&piece);
        }
        let value: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if status.is_success() && value.is_object() { Ok(value) } else { Err(self.refused(status, &value)) }
    }

    fn refused(&self, status: StatusCode, value: &Value) -> Refused {
        let (code, message) = (value["error"]["code"].as_str(), value["error"]["message"].as_str());
        let (Some(code), Some(message)) = (code, message) else {
            let what = format!("{} answers {status}, but not as a node does", self.root);
            let failure = Failure::new(Exit::Unreachable, what);
            return Refused::Ends(failure.remedy("name the address of the desk's pages and API: setting listen.desk"));
        };
        let said = format!("the node answers {code}: {message}");
        match (status, code) {
            (StatusCode::NOT_FOUND, _) => Refused::Missing,
            (StatusCode::CONFLICT, _) => Refused::Settled(message.to_owned()),
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => Refused::Ends(
                Failure::new(Exit::Configuration, said)
                    .remedy(format!("give a token in {TOKEN} or --token-file; `pagedesk token new` draws one")),
            ),
            _ if status.is_server_error() => Refused::Ends(
                Failure::new(Exit::Unreachable, said).remedy("try again in a moment; /ready names the part"),
            ),
            _ => Refused::Ends(Failure::new(Exit::Usage, said)),
        }
    }

    fn unreachable(&self, fault: &reqwest::Error) -> Failure {
        let why = if fault.is_timeout() { "it does not answer in time" } else { "nobody answers there" };
        Failure::new(Exit::Unreachable, format!("no node can be reached at {}: {why}", self.root))
            .remedy("start it with `pagedesk serve`, or name its address with --url")
    }
}

fn token(reached: &Reached) -> Result<Option<HeaderValue>, Failure> {
    let failure = |what: String| Failure::new(Exit::Configuration, what);
    let (text, place) = match &reached.token_file {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|fault| failure(format!("{} cannot be read: {fault}", path.display())))?;
            (text, path.display().to_string())
        }
        None => match std::env::var(TOKEN) {
            Ok(text) => (text, TOKEN.to_owned()),
            Err(std::env::VarError::NotPresent) => return Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => return Err(failure(format!("{TOKEN} holds no token"))),
        },
    };
    let text = text.trim();
    let value = HeaderValue::from_str(text).ok().filter(|_| !text.is_empty() && !text.contains(char::is_whitespace));
    let mut value = value.ok_or_else(|| failure(format!("{place} holds no token")))?;
    value.set_sensitive(true);
    Ok(Some(value))
}
