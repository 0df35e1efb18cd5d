//! The accept loop: connections within limits, time-outs that hyper leaves to its caller, and an end that waits for
//! the requests under way. What is answered is the service's affair.
//!
//! Invariant: a connection is in one of three places: the kernel's backlog, a permit of the semaphore, closed. A silent
//! or slow one gives its permit back by time-out.

use core::convert::Infallible;
use core::future::Future;
use core::net::IpAddr;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Sleep;

use crate::limits::Limits;
use crate::stall::Stall;

/// The process is out of sockets or memory: trying again at once would only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// An HTTP/2 connection that says nothing is asked whether it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// How many bytes it takes to tell HTTP/1 from HTTP/2: the length of HTTP/2's preface (RFC 9113 §3.4).
const PREFACE: usize = 24;

/// How a server ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// Every request under way was answered.
    Drained,
    /// This many connections were cut after `drain_max`.
    Cut(usize),
}

/// Serves until `shutdown` resolves; then accepts nothing more, finishes what is under way and returns.
pub async fn serve<S, B>(
    listener: TcpListener,
    service: S,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send,
) -> Ended
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn core::error::Error + Send + Sync>>,
{
    let builder = Arc::new(builder(&limits));
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(limits.connections_max));
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer, slot) = match select(shutdown.as_mut(), pin!(accept(&listener, &slots))).await {
            Either::Left(((), _)) => break,
            Either::Right((accepted, _)) => accepted,
        };
        while connections.try_join_next().is_some() {}
        let io = FirstBytes::new(stream, &limits);
        let connection = builder.serve_connection(io, Named { service: service.clone(), peer }).into_owned();
        let watched = graceful.watch(connection);
        connections.spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(slot);
        });
    }
    drop(listener);
    match tokio::time::timeout(limits.drain_max, graceful.shutdown()).await {
        Ok(()) => Ended::Drained,
        Err(_) => {
            while connections.try_join_next().is_some() {}
            Ended::Cut(connections.len())
        }
    }
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_max.max(8_192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_max)
        .max_header_list_size(u32::try_from(limits.header_max).unwrap_or(u32::MAX))
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(limits.header_timeout);
    builder
}

/// The other end of a request's connection, among its extensions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// A service whose requests say from which address they come.
struct Named<S> {
    service: S,
    peer: Peer,
}

impl<S: Service<Request<Incoming>>> Service<Request<Incoming>> for Named<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        self.service.call(request)
    }
}

/// The next connection, once there is a slot for it.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> (TcpStream, Peer, OwnedSemaphorePermit) {
    let slot = Arc::clone(slots).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY was not set");
                }
                return (stream, Peer(peer.ip()), slot);
            }
            Err(error) if is_peers_fault(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_peers_fault(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

/// A socket whose first bytes must come in time: until the protocol is known, no time-out of hyper runs.
struct FirstBytes {
    io: Stall<TokioIo<TcpStream>>,
    deadline: Option<Pin<Box<Sleep>>>,
    missing: usize,
}

impl FirstBytes {
    fn new(stream: TcpStream, limits: &Limits) -> Self {
        let deadline = Some(Box::pin(tokio::time::sleep(limits.header_timeout)));
        let io = Stall::new(TokioIo::new(stream), limits.write_timeout);
        Self { io, deadline, missing: PREFACE }
    }

    fn came(&mut self, bytes: usize) {
        self.missing = self.missing.saturating_sub(bytes);
        if self.missing == 0 {
            self.deadline = None;
        }
    }
}

impl Read for FirstBytes {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, mut buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        if self.deadline.is_none() {
            return Pin::new(&mut self.io).poll_read(cx, buf);
        }
        let mut first = [0; PREFACE];
        let room = buf.remaining().min(self.missing);
        let mut read = hyper::rt::ReadBuf::new(&mut first[..room]);
        let polled = Pin::new(&mut self.io).poll_read(cx, read.unfilled());
        match polled {
            Poll::Ready(result) => {
                result?;
                let filled = read.filled();
                buf.put_slice(filled);
                let bytes = filled.len();
                self.came(bytes);
                Poll::Ready(Ok(()))
            }
            Poll::Pending => match self.deadline.as_mut().map(|deadline| deadline.as_mut().poll(cx)) {
                Some(Poll::Ready(())) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
                Some(Poll::Pending) | None => Poll::Pending,
            },
        }
    }
}

impl Write for FirstBytes {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }
}
