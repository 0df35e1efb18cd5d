//! Redaction: a recording in which nobody can be recognised any more, and which comes to the same decisions.
//!
//! Names, texts, addresses, numbers and tokens become pseudonyms of the same form and length; who is who, what is equal and
//! which id is greater stays. What is redacted is whatever is not known to be harmless (`field`). [`lint`] looks for what
//! was forgotten. Ids keep their order, so all must be known first: [`Gathering`] hears everything once, [`Redaction`]
//! writes it. Invariant: the same things and the same [`Key`] give the same bytes.
//!
//! A recording holds no signatures: who plays it signs with a secret of its own, so there are none to make again.

mod alphabet;
mod field;
mod find;
mod form;
mod json;
mod key;
mod ledger;
pub mod lint;
mod permute;
mod recording;
mod rewrite;

use std::path::Path;

use anyhow::Result;

use ledger::{Gathered, Ledger};
use rewrite::Rewriter;

pub use key::Key;

/// The first pass: hears everything that will be redacted, in any order.
pub struct Gathering(Rewriter<Gathered>);

impl Gathering {
    /// Begins; the numbers it hears lie in a nameless file in this folder until the redaction ends.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn begin(folder: &Path, key: &Key) -> Result<Self> {
        Ok(Self(Rewriter { key: key.clone(), numbers: Gathered::begin(folder, key.clone())? }))
    }

    /// Hears the body of a delivery.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn delivery(&mut self, body: &[u8]) -> Result<()> {
        self.0.body(body).map(drop)
    }

    /// Hears a text or a name.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn text(&mut self, text: &str) -> Result<()> {
        self.0.plain(text).map(drop)
    }

    /// Hears an id.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn id(&mut self, id: &str) -> Result<()> {
        self.0.id(id).map(drop)
    }

    /// All was heard.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn finish(self) -> Result<Redaction> {
        Ok(Redaction(Rewriter { key: self.0.key, numbers: self.0.numbers.finish()? }))
    }
}

/// The second pass: pseudonyms of what was heard. Of anything else, too, but then ids are in no order.
pub struct Redaction(Rewriter<Ledger>);

impl Redaction {
    /// The body of a delivery, redacted: JSON stays the same JSON but for its strings and numbers.
    ///
    /// # Errors
    /// The file of the first pass cannot be read.
    pub fn delivery(&mut self, body: &[u8]) -> Result<Vec<u8>> {
        self.0.body(body)
    }

    /// A text or a name, redacted.
    ///
    /// # Errors
    /// The file of the first pass cannot be read.
    pub fn text(&mut self, text: &str) -> Result<String> {
        self.0.plain(text)
    }

    /// An id, redacted.
    ///
    /// # Errors
    /// The file of the first pass cannot be read.
    pub fn id(&mut self, id: &str) -> Result<String> {
        self.0.id(id)
    }
}
