//! `GET /events`: server-sent events whose id is the position of the lists, resumed by `Last-Event-ID`. They name what
//! changed; the page then reads itself again, so that there is one rendering.
//!
//! Invariants: a stream holds nothing for its reader but where it stands, so that a slow one costs no memory; the number
//! of streams is bounded, and each ends by itself; looking at a stream keeps nobody signed in.

mod tell;

use core::time::Duration;
use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::future::{Either, select};
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use crate::asked::Asked;
use crate::fault::Fault;
use crate::lists::Lists;
use crate::people::People;
use crate::port::Node;
use crate::site::Sources;
use tell::{Event, Teller, begins};

/// Streams at once: half of the connections that the listener takes by default.
const STREAMS_MAX: usize = 512;

/// A stream says that it lives this often; proxies cut what is silent for a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Between two events: a burst of changes is told as one.
const REST: Duration = Duration::from_millis(200);

/// A stream ends after this; its page comes back, and one whose page is gone makes room.
const LASTS: Duration = Duration::from_secs(20 * 60);

/// What a browser waits before it comes back, in ms.
const RETRY: u64 = 2_000;

/// All streams.
pub(crate) struct Live {
    slots: Arc<Semaphore>,
    ended: watch::Sender<bool>,
}

impl Live {
    pub(crate) fn new() -> Self {
        Self { slots: Arc::new(Semaphore::new(STREAMS_MAX)), ended: watch::Sender::new(false) }
    }

    /// Ends all streams: the listener ends, and would wait for them.
    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Streams that are open.
    pub(crate) fn open(&self) -> usize {
        STREAMS_MAX - self.slots.available_permits()
    }
}

/// Where a page was made, for its first connection.
#[derive(Deserialize)]
pub(crate) struct After {
    after: Option<String>,
}

/// `GET /events?after`
pub(crate) async fn events(
    State(sources): State<Arc<Sources>>,
    headers: HeaderMap,
    Asked(Query(asked)): Asked<Query<After>>,
) -> Result<Response, Fault> {
    let Ok(slot) = Arc::clone(&sources.live.slots).try_acquire_owned() else {
        let sentence = "Too many pages are open at this moment. They go on without news; try again in a while.";
        return Err(Fault::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-streams", sentence));
    };
    let last = headers.get("last-event-id").map(HeaderValue::as_bytes);
    let teller = begins(last, asked.after.as_deref(), sources.lists.position());
    let stream = Stream {
        teller,
        lists: Arc::clone(&sources.lists),
        node: Arc::clone(&sources.node),
        session: sources.people.key(&headers),
        people: Arc::clone(&sources.people),
        ended: sources.live.ended.subscribe(),
        ends_at: Instant::now() + LASTS,
        rests_until: Instant::now(),
        opened: false,
        over: false,
        _slot: slot,
    };
    let blocks = stream::unfold(stream, |mut stream| async move {
        let block = stream.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(block)), stream))
    });
    let mut response = Response::new(Body::from_stream(blocks));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // nginx would hold events back until a buffer is full.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// One open page.
struct Stream {
    teller: Teller,
    lists: Arc<dyn Lists>,
    node: Arc<dyn Node>,
    people: Arc<People>,
    session: Option<[u8; 32]>,
    ended: watch::Receiver<bool>,
    ends_at: Instant,
    rests_until: Instant,
    opened: bool,
    over: bool,
    /// Given back when the stream is dropped.
    _slot: OwnedSemaphorePermit,
}

impl Stream {
    /// The next block to send; `None`: the stream ends. Asked for only when the one before has left.
    async fn next(&mut self) -> Option<String> {
        if !self.opened {
            self.opened = true;
            return Some(format!("retry: {RETRY}\n{}", self.clock().wire()));
        }
        loop {
            if self.over || *self.ended.borrow() || Instant::now() >= self.ends_at {
                return None;
            }
            if !self.people.lives(self.session.as_ref()) {
                self.over = true;
                return Some(Event::SignedOut.wire());
            }
            if Instant::now() >= self.rests_until
                && let Some(event) = self.teller.tell(self.lists.changes_after(self.teller.told()))
            {
                self.rests_until = Instant::now() + REST;
                return Some(event.wire());
            }
            if self.silence().await {
                return Some(self.clock().wire());
            }
        }
    }

    /// Waits for something to tell; true where it waited for as long as a stream may be silent.
    async fn silence(&mut self) -> bool {
        let (lists, told, rest) = (&self.lists, self.teller.told(), self.rests_until);
        let news = core::pin::pin!(async {
            tokio::time::sleep_until(rest).await;
            lists.moved_from(told).await;
        });
        let heartbeat = core::pin::pin!(tokio::time::sleep(HEARTBEAT));
        let end = core::pin::pin!(async {
            // Where nobody can end it any more the site is gone.
            let _gone = self.ended.wait_for(|ended| *ended).await;
        });
        match select(select(end, news), heartbeat).await {
            Either::Left(_) => false,
            Either::Right(_) => true,
        }
    }

    fn clock(&self) -> Event {
        Event::Clock { id: self.teller.told(), now: self.node.now() }
    }
}
