//! Server-sent events: the bubbles of one conversation and the list of all, again after each change.
//!
//! An event's id is the conversation's revision; a browser that comes back with one it knows is told only what changed
//! since. Invariants: there is a limit of streams; none outlives the stand-in.

use core::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE};
use hyper::{HeaderMap, Response, StatusCode};
use model::{PageId, Psid};
use tokio::sync::watch;

use super::chat::{aside, live};
use crate::fake::facebook::Shared;
use crate::fake::facebook::limits::STREAMS_MAX;
use crate::fake::facebook::server::{Answer, plain};

/// Silence after which a comment is sent, so that both ends see whether the other is there.
const ALIVE: Duration = Duration::from_secs(15);

/// Listens to one conversation.
pub(super) fn answer(shared: &Arc<Shared>, headers: &HeaderMap, page: PageId, psid: Psid) -> Answer {
    if live(shared, &page, &psid).is_none() {
        return plain(StatusCode::NOT_FOUND, "no such customer");
    }
    if shared.streams.fetch_add(1, Ordering::Relaxed) >= STREAMS_MAX {
        shared.streams.fetch_sub(1, Ordering::Relaxed);
        return plain(StatusCode::SERVICE_UNAVAILABLE, "too many pages are open");
    }
    let known = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let listener = Listener {
        changes: shared.revision.subscribe(),
        stopped: shared.stopped.clone(),
        place: Place(Arc::clone(shared)),
        page,
        psid,
        known,
        shown: None,
        beside: None,
    };
    let frames = stream::unfold(listener, |mut listener| async move {
        let text = listener.next().await?;
        Some((Ok::<_, Infallible>(Frame::data(Bytes::from(text))), listener))
    });
    let answer = Response::builder().header(CONTENT_TYPE, "text/event-stream").header(CACHE_CONTROL, "no-store");
    answer.body(StreamBody::new(frames).boxed_unsync()).expect("constant headers are valid")
}

/// A counted stream; its place is free again when it goes.
struct Place(Arc<Shared>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Listener {
    place: Place,
    changes: watch::Receiver<u64>,
    stopped: watch::Receiver<bool>,
    page: PageId,
    psid: Psid,
    /// The revision that the browser came back with.
    known: Option<u64>,
    /// What was sent last.
    shown: Option<String>,
    /// The list of conversations that was sent last; the page came with one.
    beside: Option<String>,
}

impl Listener {
    /// The next piece of text; `None` where the stand-in stops.
    async fn next(&mut self) -> Option<String> {
        loop {
            if *self.stopped.borrow() {
                return None;
            }
            // Marked before looking, so that a change in between is seen by the next wait.
            self.changes.mark_unchanged();
            let (revision, bubbles) = live(&self.place.0, &self.page, &self.psid)?;
            let text = bubbles.into_string();
            let list = aside(&self.place.0, &self.page, &self.psid).into_string();
            let mut events = String::new();
            // Somebody who types stops without a change of the conversation, so the text itself is compared.
            if self.shown.as_ref() != Some(&text) {
                let is_known = self.shown.is_none() && self.known == Some(revision);
                let news = if is_known { ": up to date\n\n".to_owned() } else { event(revision, "thread", &text) };
                events.push_str(&news);
                self.shown = Some(text);
            }
            if self.beside.as_ref() != Some(&list) {
                events.push_str(&event(revision, "side", &list));
                self.beside = Some(list);
            }
            if !events.is_empty() {
                return Some(events);
            }
            let stop = core::pin::pin!(self.stopped.wait_for(|stopped| *stopped));
            let change = core::pin::pin!(tokio::time::timeout(ALIVE, self.changes.changed()));
            match futures_util::future::select(stop, change).await {
                futures_util::future::Either::Left(_) => return None,
                futures_util::future::Either::Right((Ok(Ok(())), _)) => {}
                futures_util::future::Either::Right((Ok(Err(_)), _)) => return None,
                futures_util::future::Either::Right((Err(_), _)) => return Some(": still here\n\n".to_owned()),
            }
        }
    }
}

/// One event; each line of its text has a `data:` of its own.
fn event(id: u64, name: &str, text: &str) -> String {
    let mut event = format!("id: {id}\nevent: {name}\n");
    // A carriage return would end a line too.
    for line in text.split(['\n', '\r']) {
        event.push_str("data: ");
        event.push_str(line);
        event.push('\n');
    }
    event.push('\n');
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_end_an_event_early() {
        assert_eq!(
            event(7, "thread", "a\n\nb\r\nc"),
            "id: 7\nevent: thread\ndata: a\ndata: \ndata: b\ndata: \ndata: c\n\n"
        );
    }
}
