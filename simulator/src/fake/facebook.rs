//! The stand-in for Facebook: Send API and profiles over HTTP, signed webhooks of every kind with retries, echoes and
//! receipts, a control API for tests in other processes, and pages on which one plays the customer.
//!
//! It states Meta's rules through `oracle` alone and asks nothing of the code it stands against; only the formula of the
//! webhooks' signature is shared. It holds everything in memory; with a file to keep it in, it knows it again at its next
//! start.
//!
//! Invariants: it never de-duplicates, a second identical POST is a second bubble; a webhook is posted again until it is
//! answered with 200; chance comes from the seed and time from the given clock (waiting alone uses tokio's); what it keeps
//! is bounded.

mod clock;
mod control;
mod conversations;
mod courier;
mod draw;
mod fault;
mod graph;
mod graph_error;
mod keep;
mod limits;
mod magic;
mod media;
mod options;
mod play;
mod rates;
mod routing;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod unposted;
mod wire;
mod world;

use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::Context as _;
use model::{Mid, PageId, Psid, Span};
use oracle::CustomerAction;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use clock::MovableClock;
pub use control::{
    AdContext, Attachment, Carried, CarryOrder, ClockOrder, Customer, CustomerAnswer, Echoed, Feed, FeedItem, Handover,
    Happened, Happening, InboxOrder, Integrity, IntegrityViolation, LeadOrder, Letting, Mention, OpenOrder, OptIn,
    Rating, Referral, Restriction, Said, Verb, WebhookOrder, What,
};
pub use fault::{FailNext, FaultOrder, Faults};
pub use keep::{Keeping, Unkept};
pub use options::{Page, Retry, StandInOptions};
pub use rates::Rates;
pub use state::{
    Author, Bubble, Choice, CommentState, CustomerState, LeadState, Line, PageState, PostState, Press, State,
    Violation, Webhooks, Writer,
};

pub(crate) use unposted::Unposted;

use clock::Clock;
use courier::{Courier, Item};
use keep::Keeper;
use media::Media;
use world::World;

/// How long open connections may finish after a stop was asked for.
const STOP_MAX: Duration = Duration::from_secs(5);

/// What every connection and task of one stand-in shares.
struct Shared {
    options: StandInOptions,
    clock: Arc<Clock>,
    world: Mutex<World>,
    courier: Arc<Courier>,
    media: Mutex<Media>,
    /// Writes the world into its file, where it has one.
    keeper: Option<Keeper>,
    /// Where it is reached, for the addresses of its own files.
    base_url: String,
    /// The world's revision, for pages that wait for a change.
    revision: watch::Sender<u64>,
    /// Pages that wait for changes now.
    streams: AtomicUsize,
    /// Whether it was told to stop.
    stopped: watch::Receiver<bool>,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("nobody panics while holding the world")
    }

    /// Hands an item to the courier, with its drawn delay and the faults that concern webhooks.
    fn deliver(&self, item: Item, delay: Duration) {
        let (late, again) = {
            let mut world = self.world();
            (world.reorder_delay(), world.duplicates_now())
        };
        if again {
            self.courier.enqueue(item.copy(), delay + late);
        }
        self.courier.enqueue(item, delay + late);
    }

    /// Changes what goes wrong; echoes that are no longer held go out.
    fn order(&self, order: FaultOrder) {
        let released = self.world().order(order);
        for item in released {
            self.deliver(item, Duration::ZERO);
        }
        self.changed();
    }

    /// Tells the pages that look that something may have changed.
    fn changed(&self) {
        let revision = self.world().revision();
        self.revision.send_replace(revision);
    }

    /// What the world was told to tell goes out, in order.
    fn tell<T>(&self, done: Result<(T, Vec<Item>), String>) -> Result<T, String> {
        let (answer, items) = done?;
        for item in items {
            self.deliver(item, Duration::ZERO);
        }
        self.changed();
        Ok(answer)
    }

    /// A customer does something; a sentence where that cannot be.
    fn act(&self, customer: Customer) -> Result<CustomerAnswer, String> {
        let now = self.clock.now();
        let done = self.world().act(customer, now);
        self.tell(done)
    }

    /// Anything happens; a sentence where it cannot.
    fn happen(&self, order: Happening) -> Result<Happened, String> {
        let now = self.clock.now();
        let done = self.world().happen(order, now);
        self.tell(done.map(|(happened, items)| {
            let items = items.into_iter().map(|item| item.about(happened.id.as_deref())).collect();
            (happened, items)
        }))
    }

    /// Does something with webhooks; a sentence where it cannot.
    fn carry(&self, order: &CarryOrder) -> Result<Carried, String> {
        let pages = match order {
            CarryOrder::Hold { pages } | CarryOrder::Release { pages, .. } => pages.as_slice(),
            CarryOrder::Repeat { page } => core::slice::from_ref(page),
            CarryOrder::RepeatOf { .. } => &[],
        };
        if let Some(unknown) = pages.iter().find(|page| !self.options.pages.iter().any(|known| known.id == **page)) {
            return Err(format!("no such Page: {unknown}"));
        }
        self.courier.carry(order)
    }

    /// The Page answers past the Send API.
    fn answer_elsewhere(&self, order: InboxOrder) -> Result<CustomerAnswer, String> {
        let now = self.clock.now();
        let done = self.world().answer_elsewhere(order, now);
        self.tell(done)
    }

    /// The customer looks at the thread; whether something was unread.
    fn open(&self, page: &PageId, psid: &Psid) -> Result<bool, String> {
        let now = self.clock.now();
        let items = self.world().open(page, psid, now)?;
        let read = !items.is_empty();
        self.tell(Ok((read, items)))
    }

    /// Moves the host's clock, where it handed one in.
    fn advance(&self, span: Span) -> Result<(), String> {
        self.clock.advance(span)?;
        self.world().touch();
        self.changed();
        Ok(())
    }

    /// Returns when no webhook waits or is under way, and the world as it is then is kept, where it is.
    async fn quiet(&self) {
        self.courier.quiet().await;
        let revision = self.world().revision();
        if let Some(keeper) = &self.keeper {
            keeper.wrote(revision).await;
        }
    }

    fn state(&self) -> State {
        self.world().state(self.clock.now(), self.courier.counts())
    }
}

/// A running stand-in. Dropping it stops it at once; [`StandIn::stop`] lets open connections finish.
pub struct StandIn {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    /// Keeps the world.
    keeps: JoinHandle<()>,
}

impl StandIn {
    /// Binds and serves on the runtime it is called on.
    ///
    /// # Errors
    /// Where the address is taken or the webhook address is no `http` address.
    pub async fn start(options: StandInOptions) -> anyhow::Result<Self> {
        let listener = listen(&options).await.with_context(|| format!("listening on {}", options.listen))?;
        let address = listener.local_addr().context("the bound address")?;
        let base_url = format!("http://{address}");
        let clock = Arc::new(Clock::new(Arc::clone(&options.clock), options.movable.clone()));
        let courier = Arc::new(Courier::new(&options, Arc::clone(&clock))?);
        let world = World::new(&options, clock.now(), &base_url);
        let mut media = Media::default();
        media.count_from(options.keeping.as_ref().and_then(Keeping::found).map_or(0, |kept| kept.uploads));
        let keeper = options.keeping.as_ref().map(|keeping| Keeper::new(keeping.path(), world.revision()));
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared {
            options,
            clock,
            revision: watch::Sender::new(world.revision()),
            world: Mutex::new(world),
            courier,
            media: Mutex::new(media),
            keeper,
            base_url,
            streams: AtomicUsize::new(0),
            stopped: stopped.clone(),
        });
        let server = tokio::spawn(server::run(listener, Arc::clone(&shared), stopped));
        let keeps = tokio::spawn(keep::keep(Arc::clone(&shared), shared.revision.subscribe()));
        Ok(Self { shared, address, stop, server, keeps })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the Graph client takes as its base address.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where webhooks go from now on.
    ///
    /// # Errors
    /// Where it is no plain `http` address.
    pub fn set_webhook(&self, url: &str) -> anyhow::Result<()> {
        self.shared.courier.set_url(url)
    }

    /// Asks the webhook address for the challenge, as Meta does when a webhook is configured.
    ///
    /// # Errors
    /// Where it does not answer 200 with the challenge, and nothing else.
    pub async fn verify_webhook(&self) -> anyhow::Result<()> {
        self.shared.courier.verify(&self.shared.options.verify_token).await
    }

    /// A customer writes a text; who is not known yet becomes a customer of the Page.
    pub fn customer_writes(&self, page: &PageId, psid: &Psid, text: &str) -> Option<Mid> {
        self.customer(Customer { text: Some(text.to_owned()), ..Customer::new(page, psid) })?.mid
    }

    /// A customer attaches a file: `image`, `audio`, `video` or `file`.
    pub fn customer_attaches(&self, page: &PageId, psid: &Psid, kind: &str, url: &str) -> Option<Mid> {
        let attachment = Some((kind.to_owned(), url.to_owned()));
        self.customer(Customer { attachment, ..Customer::new(page, psid) })?.mid
    }

    /// A customer presses a button.
    pub fn customer_presses(&self, page: &PageId, psid: &Psid, title: &str, payload: &str) -> Option<Mid> {
        let postback = Some((title.to_owned(), payload.to_owned()));
        self.customer(Customer { postback, ..Customer::new(page, psid) })?.mid
    }

    /// A customer reads everything up to now.
    pub fn customer_reads(&self, page: &PageId, psid: &Psid) {
        self.customer(Customer { read: true, ..Customer::new(page, psid) });
    }

    /// A customer does all that is asked for, in the order text, attachment, button, reading. `None`: it cannot be, as
    /// where there is no such Page.
    pub fn customer(&self, customer: Customer) -> Option<CustomerAnswer> {
        self.shared.act(customer).ok()
    }

    /// Anything happens that Meta tells apps of.
    ///
    /// # Errors
    /// A sentence, where it cannot: no such Page, a text too long, a wall that is full.
    pub fn happen(&self, order: Happening) -> Result<Happened, String> {
        self.shared.happen(order)
    }

    /// Webhooks are kept back, let go or repeated.
    ///
    /// # Errors
    /// A sentence, where that cannot be: no such Page, nothing held, nothing to repeat.
    pub fn carry(&self, order: &CarryOrder) -> Result<Carried, String> {
        self.shared.carry(order)
    }

    /// The customer opens the thread: what the Page sent is read. Whether something was unread.
    ///
    /// # Errors
    /// Where there is no such customer.
    pub fn open(&self, page: &PageId, psid: &Psid) -> Result<bool, String> {
        self.shared.open(page, psid)
    }

    /// The Page answers a customer from its own inbox; the node hears of it by an echo without a mark.
    pub fn page_answers_elsewhere(&self, page: &PageId, psid: &Psid, text: &str) -> Option<Mid> {
        let (page, psid, text) = (page.clone(), psid.clone(), text.to_owned());
        self.shared.answer_elsewhere(InboxOrder { page, psid, text, app: None }).ok()?.mid
    }

    /// A customer did something that the node hears of from elsewhere, as in a recording that is played: it counts for
    /// the rules and shows on the page, and no webhook tells it. What has a known `mid` is ignored.
    pub fn witness(&self, page: &PageId, psid: &Psid, deed: CustomerAction, mid: Option<&Mid>, text: Option<String>) {
        self.shared.world().witness(page, psid, deed, mid, text);
        self.shared.changed();
    }

    /// Changes what goes wrong from now on.
    pub fn order(&self, order: FaultOrder) {
        self.shared.order(order);
    }

    /// Everything it knows.
    pub fn state(&self) -> State {
        self.shared.state()
    }

    /// Returns when no webhook is waiting or under way, as [`StandIn::quiet`]; what is known by then may not be kept yet.
    pub async fn carried(&self) {
        self.shared.courier.quiet().await;
    }

    /// Returns when no webhook is waiting or under way, and what is known by then is kept. Held echoes and what is kept
    /// back do not count.
    pub async fn quiet(&self) {
        self.shared.quiet().await;
    }

    /// Stops: no new connections, open ones may finish for a while, webhooks under way are dropped; the world is kept
    /// where it is.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        self.shared.courier.close();
        if tokio::time::timeout(STOP_MAX, &mut self.server).await.is_err() {
            tracing::warn!("the stand-in was stopped with connections open");
        }
        self.keeps.abort();
        let shared = Arc::clone(&self.shared);
        if tokio::task::spawn_blocking(move || keep::write_now(&shared)).await.is_err() {
            tracing::error!("what the stand-in knows was not kept at its end");
        }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.shared.courier.close();
        self.server.abort();
        self.keeps.abort();
    }
}

/// Where it was reached before, if nobody asks for a place and it is free: pages that are open find it again.
async fn listen(options: &StandInOptions) -> std::io::Result<TcpListener> {
    let before = options.keeping.as_ref().and_then(Keeping::address);
    if let Some(before) = before.filter(|before| options.listen.port() == 0 && before.ip() == options.listen.ip())
        && let Ok(listener) = TcpListener::bind(before).await
    {
        return Ok(listener);
    }
    TcpListener::bind(options.listen).await
}
