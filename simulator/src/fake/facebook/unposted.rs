//! The stand-in's world without its sockets: what happens in it comes back as the bodies that Meta posts of it.
//!
//! The same happenings, the same bodies and the same orders as over the control API; sends are not its matter. Invariant:
//! the same orders at the same times give the same bytes.

use bytes::Bytes;
use model::Timestamp;

use super::control::{CarryOrder, Happening};
use super::courier::Direct;
use super::options::StandInOptions;
use super::world::World;

/// What came of a happening.
pub(crate) struct Came {
    /// The id of what came to be or was changed.
    pub(crate) id: Option<String>,
    /// What Meta knows from now on, told or not: each item in a body by itself.
    pub(crate) known: Vec<Bytes>,
    /// What it posts now.
    pub(crate) posts: Vec<Bytes>,
}

/// The world, and a courier who hands the bodies over.
pub(crate) struct Unposted {
    world: World,
    courier: Direct,
}

impl Unposted {
    /// A world in which nothing has happened.
    pub(crate) fn new(options: &StandInOptions, began_at: Timestamp) -> Self {
        Self { world: World::new(options, began_at, "https://stand-in.invalid"), courier: Direct::default() }
    }

    /// Something happens.
    ///
    /// # Errors
    /// A sentence, where it cannot.
    pub(crate) fn happen(&mut self, order: Happening, now: Timestamp) -> Result<Came, String> {
        let (happened, items) = self.world.happen(order, now)?;
        let id = happened.id;
        let known = items.iter().map(|item| Direct::alone(item, now)).collect();
        let items = items.into_iter().map(|item| item.about(id.as_deref()));
        let posts = items.filter_map(|item| self.courier.carry(item, now)).collect();
        Ok(Came { id, known, posts })
    }

    /// Somebody else makes up what Meta never tells: the bodies, of which no courier knows.
    ///
    /// # Errors
    /// A sentence, where it cannot.
    pub(crate) fn forge(&mut self, order: Happening, now: Timestamp) -> Result<Vec<Bytes>, String> {
        let (_, items) = self.world.happen(order, now)?;
        Ok(items.iter().map(|item| Direct::alone(item, now)).collect())
    }

    /// Meta does something with its webhooks: the bodies that it posts then.
    ///
    /// # Errors
    /// A sentence, where it cannot be done.
    pub(crate) fn carry(&mut self, order: &CarryOrder, now: Timestamp) -> Result<Vec<Bytes>, String> {
        self.courier.order(order, now)
    }
}
