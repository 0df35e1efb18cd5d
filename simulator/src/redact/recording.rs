//! What stands beside the deliveries of a recording: agents' comments and the manifest, with the same pseudonyms.
//!
//! The manifest's title is typed by whoever makes the recording, and stays; the linter reads it, too.

use anyhow::Result;
use model::{AppId, PageId, Psid};

use super::{Gathering, Redaction};
use crate::play::recording::{FactLine, Manifest, Provenance};

impl Gathering {
    /// Hears an agent's comment.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn fact(&mut self, line: &FactLine) -> Result<()> {
        [line.page.as_str(), line.psid.as_str()].iter().try_for_each(|id| self.id(id))?;
        [&line.by, &line.text].iter().try_for_each(|text| self.text(text))
    }

    /// Hears a manifest.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn manifest(&mut self, manifest: &Manifest) -> Result<()> {
        self.id(manifest.app_id.as_str())?;
        for page in &manifest.pages {
            self.id(page.id.as_str())?;
            self.text(&page.name)?;
        }
        for customer in &manifest.customers {
            self.id(customer.page.as_str())?;
            self.id(customer.psid.as_str())?;
            self.text(&customer.name)?;
        }
        Ok(())
    }
}

impl Redaction {
    /// An agent's comment, redacted.
    ///
    /// # Errors
    /// The file of the first pass cannot be read.
    pub fn fact(&mut self, line: &FactLine) -> Result<FactLine> {
        Ok(FactLine {
            at: line.at,
            page: PageId::new(self.id(line.page.as_str())?),
            psid: Psid::new(self.id(line.psid.as_str())?),
            by: self.text(&line.by)?,
            text: self.text(&line.text)?,
            audience: line.audience,
        })
    }

    /// A manifest, redacted: what was made up is now as good as recorded.
    ///
    /// # Errors
    /// The file of the first pass cannot be read.
    pub fn manifest(&mut self, manifest: &Manifest) -> Result<Manifest> {
        let mut redacted = Manifest {
            provenance: Provenance::Recorded,
            app_id: AppId::new(self.id(manifest.app_id.as_str())?),
            ..manifest.clone()
        };
        for page in &mut redacted.pages {
            page.id = PageId::new(self.id(page.id.as_str())?);
            page.name = self.text(&page.name)?;
        }
        for customer in &mut redacted.customers {
            customer.page = PageId::new(self.id(customer.page.as_str())?);
            customer.psid = Psid::new(self.id(customer.psid.as_str())?);
            customer.name = self.text(&customer.name)?;
        }
        Ok(redacted)
    }
}
