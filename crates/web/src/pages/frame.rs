//! What every page shows or needs beside its content: who acts, since when it is true, and the marks of its forms.
//!
//! Made before anything else of a page is read, so that a page never claims to be newer than it is.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use maud::{Markup, html};
use model::Timestamp;

use crate::people::{Standing, Viewer};
use crate::site::Sources;

/// Around the content of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Frame {
    /// Who acts; `None`: somebody who is not signed in.
    pub(crate) viewer: Option<Viewer>,
    /// Whether anybody signs in here.
    pub(crate) sign_in: bool,
    /// What the page shows is at least as new as this position of the lists: its event stream begins there.
    pub(crate) position: u64,
    /// The node's clock.
    pub(crate) now: Timestamp,
    /// The address of the page, where it answers a form that was sent elsewhere.
    pub(crate) at: Option<String>,
}

impl Frame {
    pub(crate) fn of(sources: &Sources, standing: &Standing) -> Self {
        let viewer = match standing {
            Standing::Known(viewer) => Some(viewer.clone()),
            Standing::Stranger => None,
        };
        Self::around(sources, viewer)
    }

    fn around(sources: &Sources, viewer: Option<Viewer>) -> Self {
        let (sign_in, position) = (sources.people.sign_in(), sources.lists.position());
        Self { viewer, sign_in, position, now: sources.node.now(), at: None }
    }

    /// In whose name a form acts.
    pub(crate) fn by(&self) -> &str {
        self.viewer.as_ref().map_or("", |viewer| &viewer.name)
    }

    /// The mark of the session, for every form that changes something.
    pub(crate) fn csrf(&self) -> Markup {
        let csrf = self.viewer.as_ref().and_then(|viewer| viewer.csrf.as_ref());
        html! { @if let Some(csrf) = csrf { input type="hidden" name="csrf" value=(csrf) autocomplete="off"; } }
    }

    /// The mark of one showing of a form, by which the same words sent from it twice are known as one act. No browser
    /// may fill in an earlier one.
    pub(crate) fn showing(&self) -> Markup {
        showing(self.now.0.unsigned_abs())
    }
}

/// A mark of a showing that is known already.
pub(crate) fn showing(showing: u64) -> Markup {
    html! { input type="hidden" name="showing" value=(showing) autocomplete="off"; }
}

impl FromRequestParts<Arc<Sources>> for Frame {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, sources: &Arc<Sources>) -> Result<Self, Infallible> {
        // The site put it there; a request that did not pass it shows nobody.
        let viewer = parts.extensions.get::<Option<Viewer>>().cloned().flatten();
        Ok(Self::around(sources, viewer))
    }
}
