//! What a sandbox's node is told: invented Pages, tokens and secrets, or those a recording needs.
//!
//! Nothing in here opens anything real: the Graph API is the stand-in on the same machine.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use actors::Limits;
use machine::AccountFacts;
use model::{AccountId, AppId, PageId, Redacted, Span};
use node::{MovableClock, NodeConfig, PageConfig};
use policy::Calendar;
use simulator::play::recording::Manifest;
use simulator::scenario::Scenario;
use web::{IngressSettings, SiteSettings};

use crate::assembly::{self, Assembly, Doors};

/// The Page of an invented bakery.
pub(super) const BAKERY: &str = "104000000000017";
/// The Page of an invented shop for bicycles.
pub(super) const BICYCLES: &str = "104000000000023";

/// Page cache of each file; a sandbox is small.
const CACHE_BYTES: usize = 16 << 20;

/// The account of every sandbox.
pub(crate) const ACCOUNT: &str = "sandbox";

/// A Page as sandboxes configure it: with a token that opens nothing.
pub(crate) fn page(id: &str, name: &str) -> PageConfig {
    PageConfig { name: name.to_owned(), token: Some(Redacted::new(format!("sandbox-token-{id}"))) }
}

/// Who and what there is.
pub(crate) struct Scene {
    /// The app at the stand-in.
    pub app_id: AppId,
    /// Signs deliveries.
    pub app_secret: Redacted<String>,
    /// Shown when the webhook is set up.
    pub verify_token: Redacted<String>,
    /// Whether the app has the Human Agent feature.
    pub human_agent: bool,
    /// From which day on each edition of the policy is in force.
    pub effective_from: Calendar,
    /// The Pages.
    pub pages: BTreeMap<PageId, PageConfig>,
}

impl Scene {
    /// Two invented Pages.
    pub(crate) fn invented() -> Self {
        let pages = [(BAKERY, "Quayside Bakery"), (BICYCLES, "Harbour Bicycles")];
        Self::with("990017", true, pages.into_iter())
    }

    /// What a recording needs.
    pub(crate) fn of(manifest: &Manifest) -> Self {
        let pages = manifest.pages.iter().map(|page| (page.id.as_str(), page.name.as_str()));
        let scene = Self::with(manifest.app_id.as_str(), manifest.human_agent, pages);
        Self { effective_from: manifest.effective_from, ..scene }
    }

    /// What a scenario needs.
    pub(crate) fn of_script(scenario: &Scenario) -> Self {
        let pages = scenario.pages.values().map(|page| (page.id.as_str(), page.name.as_str()));
        Self::with(scenario.app.as_str(), scenario.human_agent, pages)
    }

    fn with<'a>(app_id: &str, human_agent: bool, pages: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let page = |(id, name): (&str, &str)| (PageId::new(id), page(id, name));
        Self {
            app_id: AppId::new(app_id),
            app_secret: "sandbox-app-secret".into(),
            verify_token: "sandbox-verify-token".into(),
            human_agent,
            effective_from: Calendar::default(),
            pages: pages.map(page).collect(),
        }
    }

    /// What a node is put together from, with Meta at `graph_url` and pages as `site` says.
    pub(crate) fn assembly(
        self,
        dir: PathBuf,
        clock: MovableClock,
        doors: Doors,
        graph_url: String,
        site: SiteSettings,
    ) -> Assembly {
        let facts = AccountFacts {
            human_agent: self.human_agent,
            effective_from: self.effective_from,
            app: Some(self.app_id),
            ..AccountFacts::default()
        };
        Assembly {
            dir,
            desk_cache_bytes: CACHE_BYTES,
            node: NodeConfig {
                account: AccountId::new(ACCOUNT),
                facts,
                pages: self.pages,
                limits: Limits::default(),
                drain: Span::seconds(10),
                cache_bytes: CACHE_BYTES,
            },
            graph: messenger::Config {
                base_url: graph_url,
                app_secret: Some(self.app_secret.clone()),
                ..messenger::Config::default()
            },
            clock: Arc::new(clock),
            doors,
            ingress: IngressSettings {
                secrets: assembly::secrets(&[self.app_secret]),
                verify_tokens: assembly::secrets(&[self.verify_token]),
            },
            ingress_limits: web::Limits::ingress(),
            site,
            site_limits: web::Limits::site(),
        }
    }
}
