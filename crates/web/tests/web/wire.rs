//! Plain HTTP/1 by hand: a test sees every byte, and can be as slow or as rude as a stranger. No client library.

use core::future::Future;
use core::net::SocketAddr;
use core::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use web::{Ended, Limits, serve};

/// What a browser says of a form's body, and of a form of our own page.
pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
pub(crate) const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

/// A server under test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Ended>,
}

impl Server {
    pub(crate) async fn start<S, B>(service: S, limits: Limits) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = core::convert::Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn core::error::Error + Send + Sync>>,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(listener, service, limits, async move {
            let _ended = stopped.await;
        }));
        Self { address, stop, task }
    }

    /// Asks the server to end; the answer comes when it has.
    pub(crate) fn stop(self) -> impl Future<Output = Ended> {
        let _running = self.stop.send(());
        async move { self.task.await.expect("the server does not panic") }
    }

    pub(crate) async fn connect(&self) -> Line {
        Line { stream: TcpStream::connect(self.address).await.expect("the server listens"), read: Vec::new() }
    }

    /// One request on a connection of its own.
    pub(crate) async fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut line = self.connect().await;
        line.send(request).await;
        line.answer().await.expect("an answer")
    }
}

/// Limits with short times, so that a test of slowness is quick.
pub(crate) fn quick(limits: Limits) -> Limits {
    Limits { header_timeout: Duration::from_millis(150), body_timeout: Duration::from_millis(150), ..limits }
}

/// A connection.
pub(crate) struct Line {
    stream: TcpStream,
    read: Vec<u8>,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Line {
    /// Sends bytes; that the server stopped listening in the middle is its good right.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _rest_unwanted = self.stream.write_all(bytes.as_ref()).await;
    }

    /// The next response, or `None` where the server closed without one.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        let end = loop {
            if let Some(at) = find(&self.read, b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8(self.read[..end].to_vec()).expect("headers are ASCII");
        let status = head[9..12].parse().expect("a status line");
        let length = value(&head, "content-length").map_or(0, |length| length.parse().expect("a number"));
        // An answer to HEAD names a length and has no body: the close ends it.
        while self.read.len() < end + length && self.more().await.is_some() {}
        let until = self.read.len().min(end + length);
        let body = self.read[end..until].to_vec();
        self.read.drain(..until);
        Some(Answer { status, head, body })
    }

    /// The head of the next response, whose body is read by [`Line::block`].
    pub(crate) async fn head(&mut self) -> Option<String> {
        loop {
            if let Some(at) = find(&self.read, b"\r\n\r\n") {
                let head = self.read.drain(..at + 4).collect();
                return Some(String::from_utf8(head).expect("headers are ASCII"));
            }
            self.more().await?;
        }
    }

    /// The next block of an event stream, which comes as one chunk; `None`: the stream has ended.
    pub(crate) async fn block(&mut self) -> Option<String> {
        loop {
            if let Some(at) = find(&self.read, b"\r\n") {
                let length = core::str::from_utf8(&self.read[..at]).expect("a length");
                let length = usize::from_str_radix(length, 16).expect("a length");
                if self.read.len() >= at + 2 + length + 2 {
                    let chunk: Vec<u8> = self.read.drain(..at + 2 + length + 2).collect();
                    let block = String::from_utf8(chunk[at + 2..at + 2 + length].to_vec()).expect("text");
                    return Some(block).filter(|block| !block.is_empty());
                }
            }
            self.more().await?;
        }
    }

    /// Reads until the server closes; true if nothing more came.
    pub(crate) async fn is_closed(&mut self) -> bool {
        self.read.is_empty() && self.more().await.is_none()
    }

    async fn more(&mut self) -> Option<()> {
        let mut chunk = [0; 4_096];
        let read = self.stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        self.read.extend_from_slice(&chunk[..read]);
        Some(())
    }
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        core::str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        value(&self.head, name)
    }
}

fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// A request with a body of known length.
pub(crate) fn post(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut request = head("POST", path, headers);
    request.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    [request.as_bytes(), body].concat()
}

/// A request without a body.
pub(crate) fn get(path: &str, headers: &[(&str, &str)]) -> String {
    bare("GET", path, headers)
}

/// A request of any method without a body.
pub(crate) fn bare(method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    head(method, path, headers) + "\r\n"
}

/// The beginning of a request; the empty line is the caller's.
pub(crate) fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: desk.example\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request
}
