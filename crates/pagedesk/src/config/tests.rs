//! Configuration as a whole: the example works, every fault is found with its line, what is shown hides secrets.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use actors::Limits;

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Faults and warnings without the folder's own name.
    fn load(&self, text: &str, outside: &Outside) -> Result<Loaded, String> {
        self.write("pagedesk.toml", text, 0o600);
        load(&self.0.path().join("pagedesk.toml"), outside).map_err(|faults| {
            let lines: Vec<String> = faults.iter().map(|fault| self.short(&fault.to_string())).collect();
            lines.join("\n")
        })
    }

    fn short(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.path().display()), "")
    }
}

fn outside(environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Outside {
    let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    Outside { environment: own(environment).into_iter().collect(), flags: own(flags) }
}

const SMALL: &str = r#"
[store]
dir = "state"
[meta]
app_id = "990017"
app_secrets = ["s3cret-one-of-two", "s3cret-two-of-two"]
verify_tokens = ["v3rify"]
[[page]]
id = "104000000000017"
name = "Quayside Bakery"
token = "t0ken"
"#;

#[test]
fn a_small_file_is_enough_and_the_rest_has_defaults() {
    let folder = Folder::new();
    let config = folder.load(SMALL, &Outside::default()).unwrap().config;
    assert_eq!(config.store.dir, folder.0.path().join("state"));
    assert_eq!(config.listen.webhook, "0.0.0.0:8080".parse().unwrap());
    assert_eq!(config.listen.body_max, 8 << 20);
    assert_eq!(config.meta.app_secrets.len(), 2);
    assert_eq!(config.pages[&PageId::new("104000000000017")].token, Some("t0ken".into()));
    let expected = AccountFacts { app: Some(AppId::new("990017")), ..AccountFacts::default() };
    assert_eq!(config.facts, expected);
    assert_eq!(format!("{:?}", config.limits), format!("{:?}", Limits::default()));
}

#[test]
fn what_is_shown_of_a_path_means_the_same_in_whatever_file_it_is_put() {
    let text = SMALL.replace("dir = \"", "dir = \"rel/");
    let shown = |file: &Path| {
        let said = outside(&[], &[("meta.app_secret_files", "over/there")]);
        let said = Said::gather(Some((file, &text)), &said).unwrap();
        show::effective(&read::read(&said)).parse::<toml::Table>().unwrap()
    };
    let here = std::env::current_dir().unwrap();
    for (file, folder) in [("conf/pagedesk.toml", "conf"), ("pagedesk.toml", ""), ("/etc/pagedesk.toml", "/etc")] {
        let table = shown(Path::new(file));
        let dir = Path::new(table["store"]["dir"].as_str().unwrap());
        assert!(dir.is_absolute() && dir.starts_with(here.join(folder).join("rel")), "{}", dir.display());
        // Flags count from where the program runs.
        assert_eq!(table["meta"]["app_secret_files"][0].as_str(), here.join("over/there").to_str());
    }
}

#[test]
fn what_is_shown_of_a_name_can_be_put_into_a_file_whatever_it_holds() {
    let folder = Folder::new();
    let name = "\u{301}Quay\u{200b}side \"x\" \\ # = \u{1f6b2}";
    let said = outside(&[("PAGEDESK__DESK__AGENT_NAME", name), ("PAGEDESK__ACCOUNT__NAME", name)], &[]);
    let shown = folder.load(SMALL, &said).unwrap().effective;
    let table: toml::Table = shown.parse().unwrap_or_else(|fault| panic!("{fault}\n{shown}"));
    assert_eq!((table["desk"]["agent_name"].as_str(), table["account"]["name"].as_str()), (Some(name), Some(name)));
}

#[test]
fn every_fault_is_found_at_once_with_its_line() {
    let folder = Folder::new();
    folder.write("empty", "\n", 0o600);
    let text = r#"# A file with much to mend.
[listen]
webhok = "0.0.0.0:80"
desk = "0.0.0.0:8081"
body_max_mib = "8"
connections_max = 0

[desk]
agent_name = ""

[meta]
app_secrets = ["", "x"]
verify_token_files = ["missing", "empty"]
graph_url = "graph.facebook.com/v1"

[account]
human_agent = "yes"
human_agent_base = "comment"
guard_standard = "60"
gather = 5

[[page]]
id = "1 2"
name = "Quayside Bakery"
tokn = "t0ken"

[[page]]
id = "23"
name = "Harbour Bicycles"
token = "t0ken"
token_file = "missing"

[[page]]
id = "23"

[limit]
shards = 4
"#;
    insta::assert_snapshot!(folder.load(text, &Outside::default()).unwrap_err());
}

#[test]
fn a_file_that_is_no_toml_names_its_lines() {
    let folder = Folder::new();
    insta::assert_snapshot!(folder.load("[store\ndir = 'x'\nkey = = 1\n", &Outside::default()).unwrap_err());
}

#[test]
fn a_missing_file_says_how_to_begin() {
    let faults = load(Path::new("/nowhere/pagedesk.toml"), &Outside::default()).unwrap_err();
    assert_eq!(faults.len(), 1);
    let text = faults[0].to_string();
    assert!(text.starts_with("/nowhere/pagedesk.toml: ") && text.contains("pagedesk config example"), "{text}");
}

#[test]
fn environment_wins_over_the_file_and_flags_win_over_both() {
    let folder = Folder::new();
    let said = outside(
        &[
            ("PAGEDESK__LISTEN__WEBHOOK", "127.0.0.1:1"),
            ("PAGEDESK__LISTEN__BODY_MAX_MIB", "2"),
            ("PAGEDESK__META__VERIFY_TOKENS", "0123, 0456"),
            ("PAGEDESK__ACCOUNT__HUMAN_AGENT", "true"),
            ("PAGEDESK_LOG", "json"),
        ],
        &[("listen.webhook", "127.0.0.1:2")],
    );
    let loaded = folder.load(SMALL, &said).unwrap();
    assert_eq!(loaded.config.listen.webhook.port(), 2);
    assert_eq!(loaded.config.listen.body_max, 2 << 20);
    assert!(loaded.config.facts.human_agent);
    let tokens: Vec<&str> = loaded.config.meta.verify_tokens.iter().map(|token| token.reveal().as_str()).collect();
    assert_eq!(tokens, ["0123", "0456"]);
}

#[test]
fn faults_outside_the_file_name_variable_and_flag() {
    let folder = Folder::new();
    let said = outside(
        &[
            ("PAGEDESK__LISTEN__DESK", "nowhere"),
            ("PAGEDESK__STORES__DIR", "x"),
            ("PAGEDESK__Stores__Cache_MiB", "8"),
            ("PAGEDESK__LIMIT", "8"),
        ],
        &[("listen.webhok", "127.0.0.1:2"), ("drains.at_most", "5s")],
    );
    insta::assert_snapshot!(folder.load(SMALL, &said).unwrap_err());
}

#[test]
fn what_is_shown_names_origins_and_hides_secrets() {
    let folder = Folder::new();
    let said = outside(&[("PAGEDESK__LISTEN__BODY_MAX_MIB", "2")], &[("desk.api_token", "0pen-sesame-0pen")]);
    let shown = folder.short(&folder.load(SMALL, &said).unwrap().effective);
    for secret in ["s3cret", "v3rify", "t0ken", "0pen-sesame"] {
        assert!(!shown.contains(secret), "{secret}");
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_secret_comes_from_its_file_without_the_newline_and_an_open_file_is_warned_of() {
    let folder = Folder::new();
    folder.write("token", " t0ken with spaces \n", 0o600);
    folder.write("secret", "s3cret-of-the-app\r\n", 0o644);
    let text = SMALL
        .replace("token = \"t0ken\"", "token_file = \"token\"")
        .replace("app_secrets = [\"s3cret-one-of-two\", \"s3cret-two-of-two\"]", "app_secret_files = [\"secret\"]");
    let loaded = folder.load(&text, &Outside::default()).unwrap();
    assert_eq!(loaded.config.pages[&PageId::new("104000000000017")].token, Some(" t0ken with spaces ".into()));
    assert_eq!(loaded.config.meta.app_secrets, ["s3cret-of-the-app".into()]);
    let warnings: Vec<String> = loaded.warnings.iter().map(|warning| folder.short(&warning.to_string())).collect();
    assert_eq!(warnings, ["pagedesk.toml:6: everybody on this machine can read secret: chmod o-r it"]);
}

#[test]
fn the_desk_is_open_to_other_machines_only_where_agents_sign_in() {
    let folder = Folder::new();
    let open = outside(&[], &[("listen.desk", "0.0.0.0:8081")]);
    let fault = folder.load(SMALL, &open).unwrap_err();
    assert!(fault.starts_with("--set listen.desk: `listen.desk` can be reached from other machines"), "{fault}");
    let guarded = outside(&[], &[("listen.desk", "0.0.0.0:8081"), ("desk.api_token", "0pen-sesame-0pen")]);
    assert!(folder.load(SMALL, &guarded).is_err(), "a token guards the API alone");
    let hash = web::hash_password("quay side bakery", [1; 16]).unwrap();
    let agent = |login: &str| format!("\n[[agent]]\nname = \"Ada\"\nlogin = \"{login}\"\npassword_hash = \"{hash}\"\n");
    let text = format!("{SMALL}{}", agent("ada"));
    let loaded = folder.load(&text, &open).unwrap();
    assert_eq!((loaded.config.desk.agents.len(), loaded.warnings.len()), (1, 1));
    assert!(!loaded.effective.contains("argon2"), "{}", loaded.effective);
    let safe = outside(&[], &[("listen.desk", "0.0.0.0:8081"), ("desk.https", "true")]);
    assert!(folder.load(&text, &safe).unwrap().warnings.is_empty());
    let fault = folder.load(&format!("{text}{}", agent("ADA")), &open).unwrap_err();
    assert!(fault.contains("the login ADA is configured twice, first at "), "{fault}");
    let fault = folder.load(&text.replace("$argon2id", "$argon2d"), &open).unwrap_err();
    assert!(fault.contains("`agent[0]` cannot sign in: it is no argon2id hash"), "{fault}");
    let fault = folder.load(&format!("{SMALL}\n[[agent]]\nname = \"Ada\"\nlogin = \"ada\"\n"), &open).unwrap_err();
    assert!(fault.contains("`agent[0].password_hash` is missing"), "{fault}");
    let proxied = outside(&[], &[("desk.https", "true")]);
    assert!(folder.load(SMALL, &proxied).is_err(), "a proxy opens it too");
}

#[test]
fn faults_of_one_kind_hide_none_of_another() {
    let folder = Folder::new();
    folder.write("short", "tiny\n", 0o600);
    let text = r#"[store]
dir = "state"
[meta]
app_id = "990017"
app_secrets = [
  "sixteen-letters-",
  "cut-off",
]
app_secret_files = ["short"]
verify_tokens = ["v3rify"]
[desk]
api_token = "short"
[[page]]
id = "1x"
name = "Quayside Bakery"
[[page]]
id = "23"
[[page]]
id = "23"
name = "Harbour Bicycles"
[[agent]]
name = "Ada Osei"
login = "ada"
password_hash = "secret"
[[agent]]
name = "Ada Osei"
login = "ADA"
[[agent]]
login = "bo"
password_hash_file = "missing"
"#;
    insta::assert_snapshot!(folder.load(text, &Outside::default()).unwrap_err());
}

#[test]
fn a_list_outside_the_file_is_written_with_commas_or_as_in_it() {
    let folder = Folder::new();
    let secrets = |value: &str| {
        let loaded = folder.load(SMALL, &outside(&[], &[("meta.app_secrets", value)]))?;
        Ok::<_, String>(loaded.config.meta.app_secrets.iter().map(|secret| secret.reveal().clone()).collect::<Vec<_>>())
    };
    let both = ["sixteen-letters-".to_owned(), "another-sixteen-".to_owned()];
    assert_eq!(secrets("sixteen-letters-, another-sixteen-").unwrap(), both);
    assert_eq!(secrets("[\"sixteen-letters-\", 'another-sixteen-']").unwrap(), both);
    for broken in ["[\"sixteen-letters-\", another-sixteen-]", "[\"sixteen-letters-\"", "[1, 2]"] {
        let said = "--set meta.app_secrets: `meta.app_secrets` must be a list of texts, none of them empty, with commas between them";
        assert_eq!(secrets(broken).unwrap_err(), said, "{broken}");
    }
    for section in ["page.0", "page[0]", "page"] {
        let fault = folder.load(SMALL, &outside(&[], &[(&format!("{section}.id"), "5")])).unwrap_err();
        assert!(fault.contains("Pages are named in the configuration file alone: write [[page]] there"), "{fault}");
    }
}

#[test]
fn the_example_loads_once_its_secrets_are_there() {
    let folder = Folder::new();
    for name in ["app-secret", "verify-token", "page-104000000000017"] {
        folder.write(name, "sixteen-letters-\n", 0o600);
    }
    let text = example().replace("/etc/pagedesk/", "");
    let loaded = folder.load(&text, &Outside::default()).unwrap();
    assert_eq!(loaded.config.pages.len(), 1);
    // With every comment that is a setting switched on it still holds: the example's defaults are the defaults.
    let on: Vec<String> = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(setting) if setting.contains(" = ") && !setting.contains('…') => setting.to_owned(),
            _ => line.to_owned(),
        })
        .collect();
    let all = folder.load(&on.join("\n"), &Outside::default()).unwrap();
    assert_eq!(format!("{:?}", all.config), format!("{:?}", loaded.config));
}

#[test]
fn a_page_said_in_the_environment_is_named_in_full() {
    let folder = Folder::new();
    let fault = folder.load(SMALL, &outside(&[("PAGEDESK__PAGE__TOKEN", "t")], &[])).unwrap_err();
    let said = "PAGEDESK__PAGE__TOKEN: Pages are named in the configuration file alone: write [[page]] there, once for each Page";
    assert_eq!(fault, said);
}

#[test]
fn a_token_is_named_once_and_has_a_hash_or_a_long_secret_and_scopes() {
    let folder = Folder::new();
    let hash = web::token_hash("0pen-sesame-0pen");
    let token = |name: &str, rest: &str| format!("\n[[token]]\nname = \"{name}\"\n{rest}\n");
    let fit = format!(
        "{SMALL}{}{}",
        token("shop", &format!("hash = \"{hash}\"\nscopes = [\"send\"]")),
        token("wiki", "secret = \"0pen-sesame-0pen\"\nscopes = [\"read\", \"send\"]"),
    );
    let loaded = folder.load(&fit, &Outside::default()).unwrap();
    assert_eq!(format!("{:?}", loaded.config.desk.tokens), "[API token \"shop\", API token \"wiki\"]");
    assert!(loaded.effective.contains("scopes = [\"read\", \"send\"]"), "{}", loaded.effective);
    assert!(!loaded.effective.contains("sesame") && !loaded.effective.contains(&hash), "{}", loaded.effective);
    let unfit = [
        token("shop", "scopes = [\"send\"]"),
        token("shop", "secret = \"short\"\nscopes = [\"send\"]"),
        token("mill", &format!("hash = \"{hash}\"\nsecret = \"0pen-sesame-0pen\"\nscopes = [\"send\"]")),
        token("pier", &format!("hash = \"{}\"\nscopes = [\"send\"]", &hash[..20])),
        token("quay", &format!("hash = \"{hash}\"\nscopes = [\"write\"]")),
        token("dock", &format!("hash = \"{hash}\"\nscopes = []")),
        token("api", &format!("hash = \"{hash}\"\nscopes = [\"send\"]")),
    ];
    insta::assert_snapshot!(folder.load(&format!("{SMALL}{}", unfit.concat()), &Outside::default()).unwrap_err());
}

#[test]
fn an_api_token_that_can_be_guessed_is_refused_wherever_it_stands() {
    let folder = Folder::new();
    let fault = folder.load(SMALL, &outside(&[], &[("desk.api_token", "x")])).unwrap_err();
    assert!(fault.starts_with("--set desk.api_token: `desk.api_token` is short enough to be guessed"), "{fault}");
    assert!(fault.contains("at least 16 characters, as `openssl rand -hex 16`"), "{fault}");
    folder.write("token", "fifteen-letters\n", 0o600);
    let file = folder.0.path().join("token").display().to_string();
    let fault = folder.load(SMALL, &outside(&[], &[("desk.api_token_file", &file)])).unwrap_err();
    assert!(fault.starts_with("--set desk.api_token_file: `desk.api_token_file` is short"), "{fault}");
    assert!(!fault.contains("fifteen"), "a secret is never quoted: {fault}");
    folder.write("token", "sixteen-letters-\n", 0o600);
    assert!(folder.load(SMALL, &outside(&[], &[("desk.api_token_file", &file)])).is_ok());
}

#[test]
fn a_guard_is_shorter_than_its_window() {
    let folder = Folder::new();
    for (key, most, least) in [("guard_standard", "23h59m", "24h"), ("guard_human_agent", "6d23h", "7d")] {
        let key = format!("account.{key}");
        assert!(folder.load(SMALL, &outside(&[], &[(&key, most)])).is_ok(), "{key}");
        let fault = folder.load(SMALL, &outside(&[], &[(&key, least)])).unwrap_err();
        assert!(fault.starts_with(&format!("--set {key}: `{key}` is ")), "{fault}");
        assert!(fault.contains("nothing could ever be sent"), "{fault}");
    }
}

#[test]
fn what_belongs_to_meta_must_look_like_it() {
    let folder = Folder::new();
    let said = |flags: &[(&str, &str)]| folder.load(SMALL, &outside(&[], flags));
    for (key, value, fault) in [
        ("meta.version", "26.0", "`meta.version` must be a version of the Graph API, as v26.0, not \"26.0\""),
        ("meta.version", "v26", "`meta.version` must be"),
        ("meta.app_id", "my-app", "`meta.app_id` must be the number that Meta shows for the app, not \"my-app\""),
        (
            "meta.app_secrets",
            "sixteen-letters-, short",
            "`meta.app_secrets` holds a secret of fewer than 16 characters",
        ),
        ("meta.graph_url", "http://graph.example", "`meta.graph_url` http://graph.example would send tokens"),
    ] {
        let found = said(&[(key, value)]).unwrap_err();
        assert!(found.starts_with(&format!("--set {key}: {fault}")), "{found}");
        assert_eq!(found.lines().count(), 1, "{found}");
        assert!(!found.contains("short,") && !found.contains("sixteen"), "a secret is never quoted: {found}");
    }
    for url in ["http://127.0.0.1:9/", "http://localhost:9", "http://[::1]:9", "http://[::1]", "https://graph.example"]
    {
        assert!(said(&[("meta.graph_url", url)]).is_ok(), "{url}");
    }
    assert!(said(&[("meta.version", "v9.0")]).is_ok());
}

#[test]
fn outside_the_file_nobody_is_told_to_write_quotes() {
    let folder = Folder::new();
    let flags = [
        ("account.id", "a b"),
        ("account.gather", "5"),
        ("account.human_agent_base", "comment"),
        ("listen.desk", "nowhere"),
        ("meta.graph_url", "graph"),
        ("desk.agent_name", ""),
    ];
    let fault = folder.load(SMALL, &outside(&[], &flags)).unwrap_err();
    assert!(!fault.contains("in quotes"), "{fault}");
    assert!(fault.contains("a length of time, as 500ms, 60s, 5m or 24h"), "{fault}");
}

#[test]
fn a_file_with_secrets_in_it_that_others_can_read_is_warned_of() {
    let folder = Folder::new();
    let warnings = |text: &str, mode: u32| {
        folder.write("open.toml", text, mode);
        let loaded = load(&folder.0.path().join("open.toml"), &Outside::default()).unwrap();
        loaded.warnings.iter().map(|warning| folder.short(&warning.to_string())).collect::<Vec<String>>()
    };
    assert_eq!(warnings(SMALL, 0o600), Vec::<String>::new());
    for mode in [0o640, 0o604] {
        let said = warnings(SMALL, mode);
        assert!(said[0].starts_with("open.toml: others on this machine can read this file"), "{said:?}");
        assert_eq!(said.len(), 1);
    }
    folder.write("secret", "sixteen-letters-", 0o600);
    folder.write("verify", "v3rify", 0o600);
    let by_file = SMALL
        .replace("app_secrets = [\"s3cret-one-of-two\", \"s3cret-two-of-two\"]", "app_secret_files = [\"secret\"]")
        .replace("verify_tokens = [\"v3rify\"]", "verify_token_files = [\"verify\"]")
        .replace("token = \"t0ken\"", "token_file = \"verify\"");
    assert_eq!(warnings(&by_file, 0o644), Vec::<String>::new());
}
