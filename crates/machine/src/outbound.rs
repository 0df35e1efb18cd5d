//! The outbound queue that machines share: parts in order, one in flight, each with a state that never lies.
//!
//! Nothing here asks the policy or sends; it keeps what was decided.

mod content;
mod part;
mod queue;
mod source;
mod split;

pub use content::{Button, ButtonRefusal, Content, PAYLOAD_MAX, TITLE_MAX};
pub use part::{Part, PartId, PartState};
pub use queue::Queue;
pub use source::{ScriptCall, Source};
pub use split::{TEXT_CHARACTERS_MAX, split};
