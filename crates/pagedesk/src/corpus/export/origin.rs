//! Where a store comes from, as its own journal tells: whose it is, of which app and Pages.
//!
//! Invariant: a store passes for a sandbox's only if every account in it is the sandboxes' own and no Page was ever
//! configured with another token than theirs, which opens nothing.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use ::journal::{Position, ReadOnlyJournal, StoredBatch};
use machine::account::{self, Account};
use machine::page::{self, Page};
use machine::{AccountFacts, Machine as _};
use model::{AccountId, AppId, MachineId, PageId};
use policy::Calendar;

use crate::exit::{Exit, Failure};
use crate::sandbox::scene;
use crate::store::unusable;

/// Where a store comes from.
pub(in crate::corpus) struct Origin {
    pub(in crate::corpus) app: AppId,
    pub(in crate::corpus) human_agent: bool,
    pub(in crate::corpus) effective_from: Calendar,
    /// The configured Pages with their names.
    pub(in crate::corpus) pages: BTreeMap<PageId, String>,
    /// Whether nobody but a sandbox ever wrote into it.
    pub(in crate::corpus) is_sandbox: bool,
}

/// What was found so far.
#[derive(Default)]
struct Found {
    accounts: BTreeMap<AccountId, AccountFacts>,
    pages: BTreeMap<PageId, String>,
    /// A Page has or had a token that no sandbox gives.
    is_real: bool,
}

impl Origin {
    /// Reads the journal for it.
    pub(in crate::corpus) fn of(store: &ReadOnlyJournal, dir: &Path) -> Result<Self, Failure> {
        let mut found = Found::default();
        let mut unread = None;
        for prefix in [b"a/", b"p/"] {
            let walked = store.each(prefix, Position(0)..=Position(u64::MAX), |batch| {
                let taken = batch.map_err(|fault| fault.to_string()).and_then(|batch| found.take(&batch));
                match taken {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(why) => {
                        unread = Some(why);
                        ControlFlow::Break(())
                    }
                }
            });
            walked.map_err(|fault| unusable(dir, &fault))?;
        }
        if let Some(why) = unread {
            let what = format!("whose store {} is cannot be read: {why}", dir.display());
            return Err(Failure::new(Exit::Configuration, what)
                .remedy(format!("`pagedesk journal verify --dir {}` tells what is damaged", dir.display())));
        }
        found.settle(dir)
    }
}

impl Found {
    fn take(&mut self, batch: &StoredBatch) -> Result<(), String> {
        let name = core::str::from_utf8(&batch.key).map_err(|fault| fault.to_string())?;
        let machine: MachineId = name.parse().map_err(|_| format!("{name} is no machine"))?;
        for record in batch.records.iter().map(|stored| &stored.record) {
            match &machine {
                MachineId::Account(account) => {
                    let facts = self.accounts.entry(account.clone()).or_default();
                    let event = Account::decode(record.kind, record.version, &record.body);
                    if let account::Event::Configured { facts: now } = event.map_err(|fault| fault.to_string())? {
                        *facts = now;
                    }
                }
                MachineId::Page(page) => {
                    let event = Page::decode(record.kind, record.version, &record.body);
                    if let page::Event::Configured { facts } = event.map_err(|fault| fault.to_string())? {
                        self.is_real |= facts.known
                            && facts.token_mark != scene::page(page.as_str(), &facts.name).facts().token_mark;
                        if facts.known {
                            self.pages.insert(page.clone(), facts.name);
                        } else {
                            self.pages.remove(page);
                        }
                    }
                }
                MachineId::Conversation(..) => {}
            }
        }
        Ok(())
    }

    fn settle(self, dir: &Path) -> Result<Origin, Failure> {
        let Self { accounts, pages, is_real } = self;
        if pages.is_empty() && accounts.is_empty() {
            return Err(Failure::new(Exit::NothingMatched, format!("nothing came into the store {}", dir.display())));
        }
        let is_sandbox = !is_real && accounts.keys().all(|account| account.as_str() == scene::ACCOUNT);
        let configured =
            accounts.into_values().find_map(|facts| Some((facts.app?, facts.human_agent, facts.effective_from)));
        let Some((app, human_agent, effective_from)) = configured else {
            let what = format!("{} does not tell of which app it is", dir.display());
            return Err(Failure::new(Exit::Configuration, what)
                .remedy("start its node once, so that its configuration is noted"));
        };
        Ok(Origin { app, human_agent, effective_from, pages, is_sandbox })
    }
}
