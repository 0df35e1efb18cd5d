//! A client of the Send API that others wrote, as bots use it, against the stand-in: the npm package
//! `messaging-api-messenger`.
//!
//! Installed at test time by npm from the lock in `tests/third-party`, which names versions and hashes; nothing of it lies in
//! the repository, and none of its install scripts runs. Invariant: where node, npm or the registry cannot be had the test
//! fails and says what is missing.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use actors::Clock as _;
use anyhow::{Context as _, ensure};
use it::http::Caller;
use it::rig::{APP_SECRET, PAGES, stand_in_page};
use model::{PageId, Psid};
use node::SystemClock;
use serde_json::{Value, json};
use simulator::fake::facebook::{Customer, StandIn, StandInOptions};
use tokio::process::Command;

use crate::turn;

/// What is installed, and the script that uses it.
const FILES: [&str; 3] = ["package.json", "package-lock.json", "client.cjs"];

/// Longest time for npm, and for the client.
const AT_MOST: Duration = Duration::from_secs(120);

#[tokio::test]
async fn a_client_that_others_wrote_talks_to_the_stand_in() {
    let _turn = turn().await;
    let folder = installed().await.unwrap();
    let (page, psid) = (PageId::new(PAGES[0]), Psid::new("5001"));
    let options = StandInOptions {
        app_secret: APP_SECRET.into(),
        ..StandInOptions::new(vec![stand_in_page(PAGES[0])], Arc::new(|| SystemClock.now()))
    };
    let token = options.pages[0].token.reveal().clone();
    let stand_in = StandIn::start(options).await.unwrap();
    let name = Some("Mara Lindqvist".to_owned());
    stand_in.customer(Customer { name, text: Some("Hello?".to_owned()), ..Customer::new(&page, &psid) });

    let args = ["client.cjs", &stand_in.base_url(), &token, APP_SECRET, psid.as_str(), "5999"];
    let told: Value = serde_json::from_slice(&run("node", &args, &folder).await.unwrap().stdout).unwrap();
    let state = stand_in.state();
    let sent = |name: &str| {
        let mid = told[name]["messageId"].as_str().unwrap_or_else(|| panic!("{name}: {told}"));
        assert_eq!(told[name]["recipientId"], "5001", "{name}");
        state.bubbles.iter().find(|bubble| bubble.mid.as_str() == mid).unwrap_or_else(|| panic!("{name}: {mid}"))
    };
    assert_eq!(sent("text").text.as_deref(), Some("Good morning!"));
    let picture = ("image".to_owned(), "https://pictures.example/bread.png".to_owned());
    assert_eq!((sent("picture").attachment.as_ref(), &sent("picture").text), (Some(&picture), &None));
    assert_eq!(sent("replies").text.as_deref(), Some("Which one?"));
    assert_eq!(sent("fullText").text.as_deref().map(|text| text.chars().count()), Some(2_000));
    assert_eq!(state.bubbles.len(), 4, "what was refused reached nobody");
    let thread = format!("{}/?page={page}&psid={psid}", stand_in.base_url());
    let shown = Caller::default().get(&thread).await.unwrap().text();
    assert!(shown.contains(">Rye</button>") && shown.contains(">Wheat</button>"), "{shown}");

    assert_eq!(told["sign"], json!({ "recipientId": "5001" }), "a sign has no message");
    let profile = &told["profile"];
    assert_eq!((&profile["name"], &profile["id"]), (&json!("Mara Lindqvist"), &json!("5001")));
    assert_eq!((&profile["firstName"], &profile["lastName"]), (&json!("Mara"), &json!("Lindqvist")));
    assert!(profile["profilePic"].as_str().is_some_and(|picture| picture.starts_with("https://")), "{profile}");

    for (name, code, subcode) in [
        ("longText", 100, None),
        ("manyReplies", 100, None),
        ("longTitle", 100, None),
        ("scheme", 100, Some(2_018_008)),
        ("both", 100, None),
        ("nothing", 100, Some(2_018_034)),
        ("retiredTag", 100, None),
        ("stranger", 100, Some(2_018_001)),
    ] {
        assert_eq!(told[name], json!({ "refused": [code, subcode] }), "{name}");
    }
    stand_in.stop().await;
}

/// The folder with the package in it: of this lock, or freshly installed.
async fn installed() -> anyhow::Result<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("third-party");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("third-party");
    fs::create_dir_all(&folder)?;
    for file in FILES {
        fs::copy(source.join(file), folder.join(file)).with_context(|| format!("copying {file}"))?;
    }
    let (lock, done) = (fs::read(source.join("package-lock.json"))?, folder.join("installed.json"));
    if fs::read(&done).ok().as_ref() != Some(&lock) {
        run("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"], &folder).await?;
        fs::write(&done, &lock)?;
    }
    Ok(folder)
}

/// Runs a program in a folder to its good end.
async fn run(program: &str, args: &[impl AsRef<OsStr>], folder: &Path) -> anyhow::Result<Output> {
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).kill_on_drop(true);
    let output =
        tokio::time::timeout(AT_MOST, command.output()).await.with_context(|| format!("{program} takes too long"))?;
    let output = output.with_context(|| {
        format!("{program} does not start: install Debian's packages nodejs and npm (apt-get install nodejs npm)")
    })?;
    ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(output)
}
