//! The Graph API over HTTPS: builds the requests, puts each on the wire once, hands the answer to `answer`.
//!
//! No meaning of an answer is decided here, except what never reached Meta at all. No redirects, no proxies from the
//! environment, no automatic retries: a request is sent once or not at all. The token goes into a sensitive header.

use core::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use model::{AppId, PageId, Psid, Redacted, Span};
use policy::Permit;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, Url};
use serde_json::json;

use crate::answer::{self, Answer};
use crate::error_table;
use crate::proof::appsecret_proof;
use crate::wire::Wire;
use crate::{BoxFuture, Control, Fault, Graph, Profile, Send, SendOutcome, Sent, Tokens, Usage};

/// The Graph API version that this client was written against: v26.0 of 2026-07-29 (read 2026-11-23).
pub const VERSION: &str = "v26.0";

/// How long to leave Meta alone after it could not be reached at all.
const UNREACHABLE_AFTER: Span = Span::seconds(5);

/// The same where something was merely to be read, and a new task waits for it.
const READ_UNREACHABLE_AFTER: Span = Span::seconds(1);

/// How often an HTTP/2 connection is asked whether it still lives.
const PING_EVERY: Duration = Duration::from_secs(20);

/// How long it may take to answer that.
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// What is asked of a thread: as much of its messages as can be read (*Conversations API*, read 2026-11-23).
const THREAD_FIELDS: &str = "messages.limit(20){id,created_time,from,message,attachments}";

/// The code that stands for "no token to call with" where the call was not even made (*no or blank token*).
const NO_TOKEN: i64 = 2500;

/// How to reach Meta.
#[derive(Clone, Debug)]
pub struct Config {
    /// Scheme and host, for the stand-in a plain `http` address.
    pub base_url: String,
    /// Pinned; an unpinned call silently moves with Meta's dashboard.
    pub version: String,
    /// Key of `appsecret_proof`; without it calls go unproved.
    pub app_secret: Option<Redacted<String>>,
    /// To resolve, connect and shake hands.
    pub connect_timeout: Duration,
    /// For a call as a whole; longer than `connect_timeout`.
    pub total_timeout: Duration,
    /// Bytes of an answer that are read; a longer one is unreadable.
    pub body_max: usize,
}

impl Default for Config {
    /// Meta itself at [`VERSION`], no secret, 5 s to connect, 30 s in all, 1 MiB.
    fn default() -> Self {
        Self {
            base_url: "https://graph.facebook.com".to_owned(),
            version: VERSION.to_owned(),
            app_secret: None,
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(30),
            body_max: 1 << 20,
        }
    }
}

/// The configuration makes no client.
#[derive(Debug, thiserror::Error)]
pub enum BuildFault {
    /// `base_url` or `version` make no address.
    #[error("`{0}` is not an http(s) address to call")]
    Address(String),
    /// A call could end in doubt while it still connects.
    #[error("total_timeout must be longer than connect_timeout")]
    Timeouts,
    /// TLS could not be set up.
    #[error("TLS could not be set up")]
    Tls(#[from] rustls::Error),
    /// The HTTP client could not be built.
    #[error("the HTTP client could not be built")]
    Client(#[source] reqwest::Error),
}

/// [`Graph`] over the network. Cheap to share; keeps its connections.
pub struct HttpGraph {
    client: reqwest::Client,
    root: Url,
    app_secret: Option<Redacted<String>>,
    body_max: usize,
    tokens: Arc<dyn Tokens>,
}

impl core::fmt::Debug for HttpGraph {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("HttpGraph").field("root", &self.root.as_str()).finish_non_exhaustive()
    }
}

impl HttpGraph {
    /// Makes the client; connects to nothing yet.
    ///
    /// # Errors
    /// [`BuildFault`] where the configuration cannot work.
    pub fn new(config: Config, tokens: Arc<dyn Tokens>) -> Result<Self, BuildFault> {
        if config.total_timeout <= config.connect_timeout {
            return Err(BuildFault::Timeouts);
        }
        let root = root(&config)?;
        let client = reqwest::Client::builder()
            .user_agent(concat!("pagedesk/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls()?)
            .https_only(root.scheme() == "https")
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .tcp_nodelay(true)
            // A connection that died unnoticed is found by a ping, not by the next message.
            .http2_keep_alive_interval(PING_EVERY)
            .http2_keep_alive_timeout(PING_TIMEOUT)
            .http2_keep_alive_while_idle(true)
            .connect_timeout(config.connect_timeout)
            .timeout(config.total_timeout)
            .build()
            .map_err(BuildFault::Client)?;
        Ok(Self { client, root, app_secret: config.app_secret, body_max: config.body_max, tokens })
    }

    /// A request with token and proof; `None` where the Page has no token that can be sent.
    fn request(&self, method: Method, page: &PageId, path: &[&str]) -> Option<RequestBuilder> {
        let token = self.tokens.token(page).filter(|token| !token.reveal().is_empty())?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.reveal())).ok()?;
        bearer.set_sensitive(true);
        let mut url = self.root.clone();
        url.path_segments_mut().expect("`root` refuses addresses without a path").extend(path);
        let request = self.client.request(method, url).header(AUTHORIZATION, bearer);
        Some(match &self.app_secret {
            Some(secret) => request.query(&[("appsecret_proof", appsecret_proof(secret, &token))]),
            None => request,
        })
    }

    /// Puts a request on the wire, once, and reads what comes back.
    async fn call(&self, request: RequestBuilder) -> Answer {
        match request.send().await {
            Ok(response) => self.read(response).await,
            Err(error) if error.is_connect() || error.is_dns() || error.is_builder() => {
                Answer::NotReached(hurdle(&error))
            }
            Err(error) if error.is_timeout() => Answer::Lost("timeout"),
            Err(_) => Answer::Lost("connection-lost"),
        }
    }

    /// Reads an answer up to the limit.
    async fn read(&self, mut response: Response) -> Answer {
        let status = response.status();
        let usage = Usage::of(response.headers());
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > self.body_max => return Answer::unreadable(status),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Answer::Read { status, usage, body },
                Err(error) if error.is_timeout() => return Answer::Lost("timeout"),
                Err(_) => return Answer::Lost("connection-lost"),
            }
        }
    }

    async fn send_once(&self, permit: Permit, send: Send) -> SendOutcome {
        let Some(request) = self.request(Method::POST, &send.page, &[send.page.as_str(), "messages"]) else {
            return no_token_to_send();
        };
        let answer = self.call(with_json(request, send_body(&permit, &send))).await;
        let outcome = answer::of_send(answer, UNREACHABLE_AFTER);
        log(&send.page, &outcome);
        outcome
    }

    async fn read_profile(&self, page: PageId, psid: Psid) -> Result<Profile, Fault> {
        let Some(request) = self.request(Method::GET, &page, &[psid.as_str()]) else {
            return Err(no_token_to_read());
        };
        let answer = self.call(request.query(&[("fields", "first_name,last_name,profile_pic")])).await;
        let profile = answer::of_profile(answer, READ_UNREACHABLE_AFTER);
        if let Err(fault) = &profile {
            tracing::info!(%page, %fault, "a customer's name and picture cannot be read");
        }
        profile
    }
}

impl HttpGraph {
    async fn read_thread(&self, page: PageId, psid: Psid) -> Result<Vec<Sent>, Fault> {
        let Some(request) = self.request(Method::GET, &page, &[page.as_str(), "conversations"]) else {
            return Err(no_token_to_read());
        };
        let asked = [("platform", "messenger"), ("user_id", psid.as_str()), ("fields", THREAD_FIELDS)];
        let thread = answer::of_thread(self.call(request.query(&asked)).await, &page, READ_UNREACHABLE_AFTER);
        if let Err(fault) = &thread {
            tracing::info!(%page, %fault, "a thread cannot be read to settle a message in doubt");
        }
        thread
    }
}

impl HttpGraph {
    async fn take(&self, page: PageId, psid: Psid) -> Result<Control, Fault> {
        let path = [page.as_str(), "take_thread_control"];
        let (Some(features), Some(request)) =
            (self.request(Method::GET, &page, &["me"]), self.request(Method::POST, &page, &path))
        else {
            return Err(no_token_to_read());
        };
        let features = self.call(features.query(&[("fields", "messaging_feature_status")])).await;
        let reason = if answer::offers_control(features, READ_UNREACHABLE_AFTER)? {
            let body = json!({ "recipient": { "id": psid.as_str() }, "metadata": "pagedesk" }).to_string();
            match answer::of_control(self.call(with_json(request, body.into_bytes())).await, READ_UNREACHABLE_AFTER)? {
                None => return Ok(Control::Taken),
                Some(row) => row,
            }
        } else {
            "not-offered"
        };
        let owner = self.owner(&page, &psid).await;
        tracing::info!(%page, reason, "another app has a conversation, and Meta does not let it be taken over");
        Ok(Control::Denied { reason: reason.to_owned(), owner })
    }

    /// Whose a conversation is, as far as Meta tells.
    async fn owner(&self, page: &PageId, psid: &Psid) -> Option<AppId> {
        let request = self.request(Method::GET, page, &[page.as_str(), "thread_owner"])?;
        answer::of_owner(self.call(request.query(&[("recipient", psid.as_str())])).await)
    }
}

impl Graph for HttpGraph {
    fn send(&self, permit: Permit, send: Send) -> BoxFuture<'_, SendOutcome> {
        Box::pin(self.send_once(permit, send))
    }

    fn profile(&self, page: PageId, psid: Psid) -> BoxFuture<'_, Result<Profile, Fault>> {
        Box::pin(self.read_profile(page, psid))
    }

    fn thread(&self, page: PageId, psid: Psid) -> BoxFuture<'_, Result<Vec<Sent>, Fault>> {
        Box::pin(self.read_thread(page, psid))
    }

    fn take_control(&self, page: PageId, psid: Psid) -> BoxFuture<'_, Result<Control, Fault>> {
        Box::pin(self.take(page, psid))
    }
}

/// A request with this JSON as its body.
fn with_json(request: RequestBuilder, body: Vec<u8>) -> RequestBuilder {
    request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body)
}

/// Why nobody was reached, in one stable word.
fn hurdle(error: &reqwest::Error) -> &'static str {
    if error.is_dns() {
        return "name-unknown";
    }
    if error.is_timeout() {
        return "connect-timeout";
    }
    error.source().and_then(cause).unwrap_or("unreachable")
}

/// What an error, or one that it holds, says by its type.
fn cause(error: &(dyn core::error::Error + 'static)) -> Option<&'static str> {
    if error.is::<rustls::Error>() {
        return Some("tls");
    }
    let inside = error.downcast_ref::<std::io::Error>().and_then(|fault| {
        let kind = fault.kind();
        if kind == std::io::ErrorKind::ConnectionRefused {
            Some("connection-refused")
        } else if kind == std::io::ErrorKind::TimedOut {
            Some("connect-timeout")
        } else {
            // What it wraps is not its source: that is the source of what it wraps.
            fault.get_ref().and_then(|inner| cause(inner))
        }
    });
    inside.or_else(|| error.source().and_then(cause))
}

/// `{base_url}/{version}`, checked.
fn root(config: &Config) -> Result<Url, BuildFault> {
    let refused = || BuildFault::Address(config.base_url.clone());
    let mut url = Url::parse(&config.base_url).map_err(|_| refused())?;
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
        return Err(refused());
    }
    if !is_version(&config.version) {
        return Err(BuildFault::Address(format!("{}/{}", config.base_url, config.version)));
    }
    url.path_segments_mut().map_err(|()| refused())?.pop_if_empty().push(&config.version);
    Ok(url)
}

/// `v26.0` and the like.
fn is_version(text: &str) -> bool {
    text.strip_prefix('v').and_then(|rest| rest.split_once('.')).is_some_and(|(major, minor)| {
        [major, minor].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// TLS 1.2 and 1.3 on ring, with Mozilla's roots built in: the binary needs no files of the system.
///
/// # Errors
/// The library refuses its own protocols.
pub fn tls() -> Result<rustls::ClientConfig, rustls::Error> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn no_token_to_send() -> SendOutcome {
    let row = error_table::lookup((NO_TOKEN, None));
    SendOutcome::Failed { code: (NO_TOKEN, None), row: row.name, trace: None, scope: row.scope }
}

fn no_token_to_read() -> Fault {
    let row = error_table::lookup((NO_TOKEN, None));
    Fault::GiveUp { code: (NO_TOKEN, None), row: row.name, trace: None, scope: row.scope }
}

/// One line per call that did not simply work; fields only, none of them personal.
fn log(page: &PageId, outcome: &SendOutcome) {
    match outcome {
        SendOutcome::Sent { mid: _, usage: _ } => tracing::debug!(%page, "sent"),
        SendOutcome::Later { after, code, why } => {
            let code = code.map_or_else(|| "none".to_owned(), error_table::in_words);
            // When it is tried again is decided elsewhere, and told there.
            tracing::debug!(%page, after_ms = after.0, code, why, "Meta takes no message now");
        }
        SendOutcome::Failed { code, row, trace, scope } => {
            tracing::warn!(%page, code = error_table::in_words(*code), row, trace, %scope, "a message was refused by Meta");
        }
        SendOutcome::InDoubt { why } => tracing::warn!(%page, why, "nobody knows whether a message was sent"),
    }
}

/// The body of a Send API call, byte for byte as [`HttpGraph`] puts it on the wire. For who watches without a network.
pub fn send_body(permit: &Permit, send: &Send) -> Vec<u8> {
    serde_json::to_vec(&Wire::new(permit, send)).expect("a message is plain text")
}
