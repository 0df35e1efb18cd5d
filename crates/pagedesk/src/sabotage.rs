//! Plants the defect that `PAGEDESK_SABOTAGE` names, to see that whoever watches the rules notices. Built with the feature
//! `sabotage` alone, which nothing that ships has.

use policy::sabotage::{Defect, plant, planted};

use crate::exit::{Exit, Failure};

const VARIABLE: &str = "PAGEDESK_SABOTAGE";

/// Plants what the environment names, if it names one.
///
/// # Errors
/// A name that no defect has.
pub(crate) fn from_environment() -> Result<(), Failure> {
    let Some(name) = std::env::var_os(VARIABLE).filter(|name| !name.is_empty()) else { return Ok(()) };
    let named = Defect::ALL.into_iter().find(|defect| name == defect.code());
    let Some(defect) = named else {
        let what = format!("{VARIABLE}={} names no planted defect", name.to_string_lossy());
        let names: Vec<_> = Defect::ALL.into_iter().map(Defect::code).collect();
        return Err(Failure::new(Exit::Usage, what).remedy(format!("name one of {}", names.join(", "))));
    };
    plant(Some(defect));
    Ok(())
}

/// What stands before a command that shall have the same defect.
pub(crate) fn prefix() -> String {
    planted().map(|defect| format!("{VARIABLE}={} ", defect.code())).unwrap_or_default()
}
