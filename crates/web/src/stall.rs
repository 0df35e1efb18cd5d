//! A socket that gives up a reader who takes nothing. hyper waits for ever until a socket takes more bytes, so that a
//! silent reader would keep its connection and what is written to it.
//!
//! Invariant: a write that is pending for the whole time-out without a byte taken is an error, which ends the connection.

use core::future::Future as _;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::time::Sleep;

/// A socket whose writes must get on.
pub(crate) struct Stall<I> {
    io: I,
    timeout: Duration,
    /// Runs while a write is pending.
    waits: Option<Pin<Box<Sleep>>>,
}

impl<I> Stall<I> {
    pub(crate) const fn new(io: I, timeout: Duration) -> Self {
        Self { io, timeout, waits: None }
    }

    fn watched<T>(&mut self, polled: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.waits = None;
            return polled;
        }
        let timeout = self.timeout;
        let waits = self.waits.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        match waits.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<I: Read + Unpin> Read for Stall<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<I: Write + Unpin> Write for Stall<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(cx, buf);
        self.watched(polled, cx)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_flush(cx);
        self.watched(polled, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_shutdown(cx);
        self.watched(polled, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.watched(polled, cx)
    }
}

#[cfg(test)]
mod tests {
    use hyper_util::rt::TokioIo;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_takes_nothing_is_given_up_and_a_slow_one_is_not() {
        let (ours, mut theirs) = tokio::io::duplex(8);
        let mut stall = Stall::new(TokioIo::new(ours), Duration::from_secs(30));
        let mut write = async || core::future::poll_fn(|cx| Pin::new(&mut stall).poll_write(cx, &[7; 8])).await;
        assert_eq!(write().await.expect("there is room"), 8);
        let slow = tokio::spawn(async move {
            tokio::time::advance(Duration::from_secs(29)).await;
            let mut taken = [0; 8];
            tokio::io::AsyncReadExt::read_exact(&mut theirs, &mut taken).await.expect("it is there");
            theirs
        });
        assert_eq!(write().await.expect("room came in time"), 8);
        let _theirs = slow.await.expect("no panic");
        assert_eq!(write().await.expect_err("nobody reads").kind(), io::ErrorKind::TimedOut);
    }
}
