//! What a node is told at its start. Reading files and flags is the binary's work.

use std::collections::BTreeMap;

use actors::Limits;
use machine::{AccountFacts, PageFacts};
use messenger::Tokens;
use model::{AccountId, PageId, Redacted, Span};

/// A node's configuration, checked.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The company.
    pub account: AccountId,
    /// Its settings.
    pub facts: AccountFacts,
    /// Its Pages.
    pub pages: BTreeMap<PageId, PageConfig>,
    /// Limits of the actors.
    pub limits: Limits,
    /// How long a graceful end may take.
    pub drain: Span,
    /// Bytes of page cache for each of the four store files.
    pub cache_bytes: usize,
}

/// A Page as configured.
#[derive(Clone, Debug)]
pub struct PageConfig {
    /// Its public name.
    pub name: String,
    /// Its access token; receiving works without one.
    pub token: Option<Redacted<String>>,
}

impl PageConfig {
    /// What the journal is told of it.
    pub fn facts(&self) -> PageFacts {
        PageFacts {
            known: true,
            name: self.name.clone(),
            token: self.token.is_some(),
            token_mark: self.token.as_ref().map(|token| mark(token.reveal())).unwrap_or_default(),
            restricted: false,
        }
    }
}

/// Tells one token from the next without storing it: 8 hex digits (FNV-1a, folded).
fn mark(token: &str) -> String {
    let hash = token
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{:08x}", (hash >> 32) ^ (hash & 0xffff_ffff))
}

/// The Pages' tokens, in memory only.
#[derive(Clone, Debug, Default)]
pub struct TokenBook(BTreeMap<PageId, Redacted<String>>);

impl TokenBook {
    /// The tokens of a configuration.
    pub fn of(pages: &BTreeMap<PageId, PageConfig>) -> Self {
        Self(pages.iter().filter_map(|(page, config)| Some((page.clone(), config.token.clone()?))).collect())
    }
}

impl Tokens for TokenBook {
    fn token(&self, page: &PageId) -> Option<Redacted<String>> {
        self.0.get(page).cloned()
    }
}
