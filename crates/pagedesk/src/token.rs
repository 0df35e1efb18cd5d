//! `pagedesk token new`: draws a token for a program that calls the API, and prints what the configuration keeps of it.
//!
//! Invariant: the token itself is printed once and kept nowhere; what is kept cannot be turned back into it.

use journal::Entropy as _;

use crate::assembly;
use crate::cli::{TokenCommand, TokenNew};
use crate::exit::{self, Exit, Failure};

/// Bytes of chance in a token: nobody guesses 256 bits.
const BYTES: usize = 32;

/// Carries out a command about tokens.
pub(crate) fn token(command: &TokenCommand) -> Result<Exit, Failure> {
    match command {
        TokenCommand::New(asked) => new(asked),
    }
}

fn new(asked: &TokenNew) -> Result<Exit, Failure> {
    let mut drawn = [0; BYTES];
    assembly::entropy()?.fill(&mut drawn);
    let token = hex::encode(drawn);
    exit::note(&format!(
        "the token, shown this once; the program sends it as Authorization: Bearer or X-Pagedesk-Token:\n{token}"
    ));
    exit::print(&told(asked, &token))
}

fn told(asked: &TokenNew, token: &str) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let scopes: Vec<String> = asked.scope.iter().map(|scope| quoted(scope)).collect();
    format!(
        "\n[[token]]\nname = {}\nhash = {}\nscopes = [{}]\n",
        quoted(&asked.name),
        quoted(&web::token_hash(token)),
        scopes.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_for_the_configuration_holds_the_hash_and_not_the_token() {
        let asked = TokenNew { name: "shop".to_owned(), scope: vec!["read".to_owned(), "send".to_owned()] };
        let said = told(&asked, "0123456789abcdef0123456789abcdef");
        let table: toml::Table = said.parse().expect("TOML");
        let token = &table["token"][0];
        assert_eq!(token["hash"].as_str(), Some(web::token_hash("0123456789abcdef0123456789abcdef").as_str()));
        assert_eq!(token["scopes"].as_array().map(Vec::len), Some(2));
        assert!(!toml::to_string(&table).expect("TOML").contains("0123456789abcdef0123456789abcdef"));
    }
}
