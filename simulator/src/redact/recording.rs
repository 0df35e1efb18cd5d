//! Agents' comments, with the pseudonyms that the deliveries have.

use anyhow::Result;
use model::{PageId, Psid};

use super::{Gathering, Redaction};
use crate::play::recording::FactLine;

impl Gathering {
    /// Hears an agent's comment.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn fact(&mut self, line: &FactLine) -> Result<()> {
        [line.page.as_str(), line.psid.as_str()].iter().try_for_each(|id| self.id(id))?;
        [&line.by, &line.text].iter().try_for_each(|text| self.text(text))
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
}
