//! Plants the defect that `PAGEDESK_SABOTAGE` or `--sabotage` names, to see that whoever watches the rules notices. Built
//! with the feature `sabotage` alone, which nothing that ships has.

use ::sabotage::{Defect, plant, planted};

use crate::exit::{Exit, Failure};

const VARIABLE: &str = "PAGEDESK_SABOTAGE";

/// Plants what the environment names, if it names one.
///
/// # Errors
/// A name that no defect has.
pub(crate) fn from_environment() -> Result<(), Failure> {
    let Some(name) = std::env::var_os(VARIABLE).filter(|name| !name.is_empty()) else { return Ok(()) };
    let name = name.to_string_lossy();
    by_name(&name, &format!("{VARIABLE}={name}"))
}

/// Plants what the command line names, if it names one, in place of what the environment named.
///
/// # Errors
/// A name that no defect has.
pub(crate) fn from_argument(name: Option<&str>) -> Result<(), Failure> {
    name.map_or(Ok(()), |name| by_name(name, &format!("--sabotage {name}")))
}

fn by_name(name: &str, said: &str) -> Result<(), Failure> {
    let Some(defect) = Defect::by_code(name) else {
        let what = format!("{said} names no planted defect");
        let names: Vec<_> = Defect::all().map(Defect::code).collect();
        return Err(Failure::new(Exit::Usage, what).remedy(format!("name one of {}", names.join(", "))));
    };
    plant(Some(defect));
    Ok(())
}

/// What stands before a command that shall have the same defect.
pub(crate) fn prefix() -> String {
    planted().map(|defect| format!("{VARIABLE}={} ", defect.code())).unwrap_or_default()
}
