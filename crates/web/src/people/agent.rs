//! The agents who may sign in, as they are configured: a name, a login and the argon2id hash of a password.
//!
//! No session, no limit and no request here. Invariants: a password is never kept, shown or compared as text; a hash
//! that is too weak to be kept or too dear to be checked is refused when it is configured, not when somebody signs in.

use core::fmt;

use argon2::password_hash::phc::{PasswordHash, Salt};
use argon2::password_hash::{CustomizedPasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, Params};

/// Characters of an agent's name and of a login.
const NAME_MAX: usize = 80;

/// Bytes of a password. More is no password, and hashing takes time with each of them.
pub const PASSWORD_MAX: usize = 1_024;

/// Characters of a new password: NIST SP 800-63B-4 §3.1.1.2 asks for 8 at least and recommends 15 where nothing else is
/// asked for; read 2026-11-23.
pub const PASSWORD_MIN: usize = 10;

/// KiB of a hash: the least of OWASP's *Password Storage Cheat Sheet* for argon2id, read 2026-11-23.
const MEMORY_MIN: u32 = 7 * 1_024;

/// KiB of a hash: more would let a few attempts take the machine's memory.
const MEMORY_MAX: u32 = 256 * 1_024;

/// Passes over that memory, for the same reason.
const PASSES_MAX: u32 = 16;

/// Lanes over that memory.
const LANES_MAX: u32 = 8;

/// Somebody who answers customers.
#[derive(Clone)]
pub struct Agent {
    name: String,
    login: String,
    hash: PasswordHash,
}

/// Why an agent cannot be one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AgentUnfit {
    /// It is shown beside answers.
    #[error("a name has 1 to 80 characters, none of them a control character")]
    Name,
    /// It is typed to sign in.
    #[error("a login has 1 to 80 characters without blanks, as ada or ada@example.com")]
    Login,
    /// It is no hash of ours.
    #[error("it is no argon2id hash: `pagedesk agent hash` makes one, beginning with $argon2id$v=19$")]
    Hash,
    /// It is one, with other costs than we take.
    #[error("its costs are outside what is taken: m=7168 to m=262144, t=1 to t=16, p=1 to p=8")]
    Costs,
}

impl Agent {
    /// An agent as configured; `hash` is a PHC string.
    ///
    /// # Errors
    /// [`AgentUnfit`] says which of the three is wrong.
    pub fn new(name: &str, login: &str, hash: &str) -> Result<Self, AgentUnfit> {
        let (name, login) = (name.trim(), folded(login));
        if !is_name(name) {
            return Err(AgentUnfit::Name);
        }
        if !is_name(&login) || login.chars().any(char::is_whitespace) {
            return Err(AgentUnfit::Login);
        }
        let hash = PasswordHash::new(hash.trim()).map_err(|_| AgentUnfit::Hash)?;
        let is_argon2id = hash.algorithm.as_str() == "argon2id" && hash.version == Some(19);
        let is_whole = hash.salt.is_some() && hash.hash.as_ref().is_some_and(|hash| hash.len() >= 16);
        if !is_argon2id || !is_whole {
            return Err(AgentUnfit::Hash);
        }
        let costs = Params::try_from(&hash).map_err(|_| AgentUnfit::Costs)?;
        let fits = (MEMORY_MIN..=MEMORY_MAX).contains(&costs.m_cost())
            && costs.t_cost() <= PASSES_MAX
            && costs.p_cost() <= LANES_MAX;
        if fits { Ok(Self { name: name.to_owned(), login, hash }) } else { Err(AgentUnfit::Costs) }
    }

    /// In whose name the answers go.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is typed to sign in, folded to lower case.
    pub fn login(&self) -> &str {
        &self.login
    }

    /// Whether this is the password. Takes tens of milliseconds and megabytes: not for a runtime's worker.
    pub(crate) fn has_password(&self, password: &str) -> bool {
        Argon2::default().verify_password(password.as_bytes(), &self.hash).is_ok()
    }

    /// How long that takes, beside other agents' hashes.
    pub(crate) fn cost(&self) -> u64 {
        let costs = Params::try_from(&self.hash).ok();
        costs.map_or(0, |costs| u64::from(costs.m_cost()) * u64::from(costs.t_cost()))
    }
}

/// Neither login nor hash is anybody's business.
impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A login as it is compared: nobody remembers how theirs was written.
pub(crate) fn folded(login: &str) -> String {
    login.trim().to_lowercase()
}

fn is_name(text: &str) -> bool {
    (1..=NAME_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// The hash of a new password as a PHC string: argon2id, 19 MiB, two passes. `salt` is fresh chance.
///
/// # Errors
/// A password with fewer than [`PASSWORD_MIN`] characters or more than [`PASSWORD_MAX`] bytes.
pub fn hash_password(password: &str, salt: [u8; 16]) -> Result<String, PasswordUnfit> {
    if password.chars().count() < PASSWORD_MIN || password.len() > PASSWORD_MAX {
        return Err(PasswordUnfit);
    }
    let salt = Salt::new(&salt).expect("16 bytes are a salt");
    let hash = Argon2::default()
        .hash_password_customized(password.as_bytes(), &salt, Some("argon2id"), Some(19), Params::default())
        .expect("a password within the limits can be hashed with the default costs");
    Ok(hash.to_string())
}

/// A password for somebody who signs in where nobody chose one, made from fresh chance: 120 bits, without letters that
/// look like others.
pub fn fresh_password(chance: [u8; 24]) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    chance.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

/// A password that is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a password has at least 10 characters and at most 1024 bytes")]
pub struct PasswordUnfit;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_password_opens_for_that_password_alone() {
        let hash = hash_password("quay side bakery", [7; 16]).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let ada = Agent::new(" Ada ", " Ada@Example.COM ", &format!("{hash}\n")).unwrap();
        assert_eq!((ada.name(), ada.login()), ("Ada", "ada@example.com"));
        assert!(ada.has_password("quay side bakery"));
        for wrong in ["", "quay side baker", "quay side bakery ", "Quay side bakery"] {
            assert!(!ada.has_password(wrong), "{wrong:?}");
        }
        assert!(!format!("{ada:?}").contains("argon2"));
        assert_ne!(hash, hash_password("quay side bakery", [8; 16]).unwrap());
    }

    #[test]
    fn a_fresh_password_holds_five_bits_a_letter_and_is_taken() {
        let chance: [u8; 24] = core::array::from_fn(|nth| nth as u8 * 11);
        let password = fresh_password(chance);
        assert_ne!(password, fresh_password([7; 24]));
        assert!(password.len() == 24 && password.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{password}");
        assert!(hash_password(&password, [0; 16]).is_ok());
    }

    #[test]
    fn a_password_has_a_length() {
        assert!(hash_password("too short", [0; 16]).is_err());
        assert!(hash_password(&"x".repeat(PASSWORD_MAX + 1), [0; 16]).is_err());
    }

    #[test]
    fn what_cannot_sign_in_is_refused_when_it_is_configured() {
        let hash = hash_password("quay side bakery", [7; 16]).unwrap();
        let of = |name: &str, login: &str, hash: &str| Agent::new(name, login, hash).err();
        assert_eq!(of("", "ada", &hash), Some(AgentUnfit::Name));
        assert_eq!(of("A\u{7}da", "ada", &hash), Some(AgentUnfit::Name));
        assert_eq!(of("Ada", "a da", &hash), Some(AgentUnfit::Login));
        for odd in ["", "quay side bakery", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=19456,t=2,p=1"] {
            assert_eq!(of("Ada", "ada", odd), Some(AgentUnfit::Hash), "{odd}");
        }
        assert_eq!(of("Ada", "ada", &hash.replace("argon2id", "argon2i")), Some(AgentUnfit::Hash));
        for costs in ["m=1024,t=2,p=1", "m=4194304,t=2,p=1", "m=19456,t=400,p=1"] {
            let other = hash.replace("m=19456,t=2,p=1", costs);
            assert_eq!(of("Ada", "ada", &other), Some(AgentUnfit::Costs), "{costs}");
        }
    }
}
