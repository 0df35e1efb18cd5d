//! Every setting there is: its section, key, kind, default and meaning. One table feeds reading, showing, the example
//! and the hint for a mistyped key.
//!
//! Nothing is read here. Invariant: a key that is not in the table is a fault, so a typing error is never silently a
//! default.

/// What a setting holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A folder or file; a relative one counts from the folder of the configuration file.
    Path,
    /// One line of text, not empty.
    Text,
    /// 1 to 64 letters, digits, dots, `-` or `_`.
    Id,
    /// A whole number from `.0` to `.1`.
    Count(u64, u64),
    /// `true` or `false`.
    Bool,
    /// A length of time as text: `500ms`, `60s`, `5m`, `24h`, `7d`, or several together.
    Duration,
    /// `IP:PORT`.
    Address,
    /// An `http` or `https` address without path.
    Url,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Never shown.
    Secret,
    /// Several of them, in any order; never shown.
    Secrets,
    /// A file that holds a secret and nothing else, a trailing newline aside.
    SecretFile,
    /// Several of them.
    SecretFiles,
    /// Some of these words, at least one.
    Words(&'static [&'static str]),
    /// Editions of the policy, each with a day.
    Days,
}

/// One setting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Setting {
    /// The table it stands in.
    pub section: &'static str,
    /// Its name there.
    pub key: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What holds where nobody says; `None`: there is no such value.
    pub default: Option<&'static str>,
    /// What it means, for people.
    pub meaning: &'static str,
}

const fn setting(
    section: &'static str,
    key: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    meaning: &'static str,
) -> Setting {
    Setting { section, key, kind, default, meaning }
}

/// A section that may stand several times: a Page.
pub(crate) const PAGE: &str = "page";
/// A section that may stand several times: somebody who signs in.
pub(crate) const AGENT: &str = "agent";
/// A section that may stand several times: a program that calls the API.
pub(crate) const TOKEN: &str = "token";

/// Whether a section may stand several times.
pub(crate) fn is_repeated(section: &str) -> bool {
    matches!(section, PAGE | AGENT | TOKEN)
}

/// The sections with a line about each.
pub(crate) const SECTIONS: [(&str, &str); 11] = [
    ("store", "Where the state lives."),
    ("listen", "The two doors."),
    ("desk", "Pages and API for people and programs."),
    ("meta", "The app at Meta."),
    ("account", "The company and how it answers."),
    ("policy", "Meta's messaging policy."),
    (PAGE, "A Facebook Page; once for each."),
    (AGENT, "Somebody who signs in to the pages; once for each. `pagedesk agent hash` makes the hash."),
    (TOKEN, "A program that calls the API; once for each. `pagedesk token new` makes one."),
    ("limits", "How much at once. The defaults suit most."),
    ("drain", "The orderly end."),
];

/// All settings, in the order in which they are shown.
pub(crate) const SETTINGS: [Setting; 60] = [
    setting("store", "dir", Kind::Path, None, "Folder of the store; made if it is missing."),
    setting(
        "store",
        "cache_mib",
        Kind::Count(1, 65_536),
        Some("32"),
        "Page cache of each of the store's files, in MiB.",
    ),
    setting("listen", "webhook", Kind::Address, Some("0.0.0.0:8080"), "Where Meta delivers, behind a proxy with TLS."),
    setting("listen", "desk", Kind::Address, Some("127.0.0.1:8081"), "Where people and programs look."),
    setting("listen", "body_max_mib", Kind::Count(1, 16), Some("8"), "Longest delivery, in MiB."),
    setting(
        "listen",
        "connections_max",
        Kind::Count(1, 1_000_000),
        Some("4096"),
        "Connections of the webhook at once.",
    ),
    setting(
        "desk",
        "api_token",
        Kind::Secret,
        None,
        "Opens the API; at least 16 characters, as `openssl rand -hex 16` prints them. Closed without, once agents sign in.",
    ),
    setting("desk", "api_token_file", Kind::SecretFile, None, "The same, from a file."),
    setting(
        "desk",
        "agent_name",
        Kind::Text,
        Some("Agent"),
        "In whose name the pages answer while nobody signs in, and the API where a caller does not say.",
    ),
    setting(
        "desk",
        "https",
        Kind::Bool,
        Some("false"),
        "Browsers come by https, through a proxy that sets X-Forwarded-For.",
    ),
    setting("desk", "session_idle", Kind::Duration, Some("12h"), "Who does nothing for so long is signed out."),
    setting("desk", "session_at_most", Kind::Duration, Some("7d"), "Whoever signed in so long ago signs in again."),
    setting("meta", "app_id", Kind::Id, None, "The app's id."),
    setting(
        "meta",
        "app_secrets",
        Kind::Secrets,
        None,
        "App secrets; several while one is being replaced, the new one first.",
    ),
    setting("meta", "app_secret_files", Kind::SecretFiles, None, "The same, from files."),
    setting("meta", "verify_tokens", Kind::Secrets, None, "What Meta shows when the webhook is set up."),
    setting("meta", "verify_token_files", Kind::SecretFiles, None, "The same, from files."),
    setting("meta", "graph_url", Kind::Url, Some("https://graph.facebook.com"), "The Graph API."),
    setting("meta", "version", Kind::Id, Some(messenger::VERSION), "Its version, pinned."),
    setting("account", "id", Kind::Id, Some("main"), "Never change it: the journal knows the account by it."),
    setting("account", "name", Kind::Text, Some("pagedesk"), "The company's name."),
    setting("account", "new_task_if_none_active", Kind::Bool, Some("true"), "Off: one task per conversation for ever."),
    setting("account", "human_agent", Kind::Bool, Some("false"), "Whether Meta granted the Human Agent feature."),
    setting("account", "utility_templates", Kind::Bool, Some("false"), "Whether Meta granted utility templates."),
    setting(
        "account",
        "take_control",
        Kind::Bool,
        Some("false"),
        "Whether an agent's answer takes a conversation over from another app, where Meta lets it.",
    ),
    setting(
        "account",
        "human_agent_base",
        Kind::Choice(&["message", "opener"]),
        Some("message"),
        "From which action of the customer its seven days count.",
    ),
    setting("account", "guard_standard", Kind::Duration, Some("60s"), "Safety distance before the end of 24 hours."),
    setting(
        "account",
        "guard_human_agent",
        Kind::Duration,
        Some("5m"),
        "Safety distance before the end of seven days.",
    ),
    setting("account", "profiles", Kind::Bool, Some("true"), "Whether Meta is asked for customers' names."),
    setting("account", "gather", Kind::Duration, Some("5s"), "How long a new task waits for the customer's name."),
    setting("account", "doubt", Kind::Duration, Some("10m"), "How long an unclear send waits for its echo."),
    setting(
        "policy",
        "effective_from",
        Kind::Days,
        None,
        "Editions that are in force from another day on than their name says, as { \"2020-01-15\" = \"2020-03-04\" }.",
    ),
    setting(PAGE, "id", Kind::Id, None, "The Page's id."),
    setting(PAGE, "name", Kind::Text, None, "The Page's name."),
    setting(
        PAGE,
        "token",
        Kind::Secret,
        None,
        "The Page's access token; without one the Page receives and cannot send.",
    ),
    setting(PAGE, "token_file", Kind::SecretFile, None, "The same, from a file."),
    setting(AGENT, "name", Kind::Text, None, "In whose name the answers go."),
    setting(AGENT, "login", Kind::Text, None, "What is typed to sign in: a short name or an e-mail address."),
    setting(AGENT, "password_hash", Kind::Secret, None, "What `pagedesk agent hash` printed."),
    setting(AGENT, "password_hash_file", Kind::SecretFile, None, "The same, from a file."),
    setting(TOKEN, "name", Kind::Id, None, "In whose name its messages go; idempotency keys count per name."),
    setting(TOKEN, "hash", Kind::Secret, None, "What `pagedesk token new` printed of it."),
    setting(TOKEN, "secret", Kind::Secret, None, "The token itself instead; at least 16 characters."),
    setting(TOKEN, "secret_file", Kind::SecretFile, None, "The same, from a file."),
    setting(TOKEN, "scopes", Kind::Words(&["read", "send", "resolve", "admin"]), None, "What it may do."),
    setting(
        "limits",
        "conversation_credit",
        Kind::Count(1, 1_024),
        Some("8"),
        "Work of one conversation that is not durable.",
    ),
    setting("limits", "page_items_max", Kind::Count(16, 10_000_000), Some("16384"), "Items of one Page in memory."),
    setting("limits", "items_max", Kind::Count(16, 100_000_000), Some("32768"), "Items of all Pages in memory."),
    setting("limits", "resident_max", Kind::Count(1, 1_000_000), Some("512"), "Conversations of one Page in memory."),
    setting(
        "limits",
        "residents_max",
        Kind::Count(1, 10_000_000),
        Some("12288"),
        "Conversations of all Pages in memory.",
    ),
    setting("limits", "idle", Kind::Duration, Some("5m"), "A conversation without work for so long is let go."),
    setting("limits", "failures_max", Kind::Count(1, 100), Some("5"), "Failures on one item before it is set aside."),
    setting("limits", "sends_max", Kind::Count(1, 1_024), Some("32"), "Calls to Meta at once, per Page."),
    setting(
        "limits",
        "tracker_calls_max",
        Kind::Count(1, 16_384),
        Some("256"),
        "Calls to the tracker at once, per Page.",
    ),
    setting(
        "limits",
        "sends_per_second",
        Kind::Count(1, 40),
        Some("20"),
        "Sends per second, per Page; above 40 Meta stops a Page.",
    ),
    setting(
        "limits",
        "usage_max",
        Kind::Count(1, 100),
        Some("90"),
        "Percent of Meta's limits, by its usage headers, from which on a Page's messages rest.",
    ),
    setting("limits", "shards", Kind::Count(1, 256), Some("4"), "Supervisors of Pages."),
    setting("drain", "at_most", Kind::Duration, Some("30s"), "How long an orderly end may take."),
    setting(
        "listen",
        "desk_connections_max",
        Kind::Count(1, 1_000_000),
        Some("1024"),
        "Connections of the desk at once.",
    ),
    setting("desk", "cache_mib", Kind::Count(1, 65_536), Some("32"), "Page cache of the desk's file, in MiB."),
];

/// The setting of this name.
pub(crate) fn find(section: &str, key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.section == section && setting.key == key)
}

/// The settings of a section, in order.
pub(crate) fn of_section(section: &str) -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(move |setting| setting.section == section)
}

/// The word among `known` that was probably meant.
pub(crate) fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.map(|word| (distance(typed, word), word)).min()?;
    (near.0 <= typed.chars().count().max(3) / 3).then_some(near.1)
}

/// Letters to insert, drop or replace to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_stands_in_a_known_section_and_only_once() {
        let mut names: Vec<(&str, &str)> = SETTINGS.iter().map(|setting| (setting.section, setting.key)).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SETTINGS.len());
        for (section, _) in names {
            assert!(SECTIONS.iter().any(|(known, _)| *known == section), "{section}");
        }
    }

    #[test]
    fn a_typing_error_finds_its_word_and_nonsense_finds_none() {
        let keys = || of_section("listen").map(|setting| setting.key);
        assert_eq!(nearest("webhok", keys()), Some("webhook"));
        assert_eq!(nearest("connection_max", keys()), Some("connections_max"));
        assert_eq!(nearest("colour", keys()), None);
    }
}
