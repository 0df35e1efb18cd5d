//! The one agent of a sandbox: an invented colleague whose password is made anew at every start and told once, where the
//! addresses are told.
//!
//! Invariant: the password is kept nowhere; what runs knows its hash alone.

use journal::Entropy;
use model::Redacted;
use web::{Agent, SiteSettings};

use crate::exit::{Exit, Failure};

/// In whose name the answers go.
const NAME: &str = "Ada Osei";
/// What is typed to sign in.
const LOGIN: &str = "ada";

/// How one signs in to the agents' pages.
pub(super) struct SignIn {
    /// The login.
    pub(super) login: &'static str,
    /// The password.
    pub(super) password: Redacted<String>,
}

/// A fresh sign-in, and settings of the pages that know it. The API stays open to this machine: plays write through it.
pub(super) fn fresh(entropy: &mut dyn Entropy) -> Result<(SignIn, SiteSettings), Failure> {
    let (mut letters, mut salt) = ([0; 24], [0; 16]);
    entropy.fill(&mut letters);
    entropy.fill(&mut salt);
    let password = web::fresh_password(letters);
    let hash = web::hash_password(&password, salt).map_err(|unfit| Failure::new(Exit::Internal, unfit.to_string()))?;
    let agent = Agent::new(NAME, LOGIN, &hash).map_err(|unfit| Failure::new(Exit::Internal, unfit.to_string()))?;
    let settings = SiteSettings { agents: vec![agent], ..SiteSettings::default() };
    Ok((SignIn { login: LOGIN, password: password.into() }, settings))
}
