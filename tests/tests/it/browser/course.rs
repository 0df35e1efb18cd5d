//! How one step of the course is made: by the customer's hand on the stand-in's pages, or ordered past them.

use std::time::Duration;

use anyhow::Context as _;
use it::facts::Facts;
use it::rig::{APP_SECRET, token};
use it::wait::eventually;
use model::{PageId, Psid};
use serde_json::{Value, json};
use simulator::fake::facebook::{Happening, What};
use webhook::signature::{Secret, sign};

use super::kinds::{kinds_of, told};
use super::{PAGE, Scene};

/// Longest wait for what the journal tells.
const TOLD_MAX: Duration = Duration::from_secs(20);

/// What a customer does on the stand-in's pages. Lines are named by their text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hand {
    /// Writes.
    Says(&'static str),
    /// Answers one line in particular: which, and how.
    Replies(&'static str, &'static str),
    /// Changes a line: which, and into what.
    Changes(&'static str, &'static str),
    /// Takes a line back.
    TakesBack(&'static str),
    /// Reacts to a line, or takes that back.
    Reacts(&'static str),
    /// Says that an answer was good.
    FindsGood(&'static str),
    /// Sends a picture that is there.
    Picture,
    /// Sends a file of their own.
    File,
    /// Sends the small Like.
    Like,
    /// Says where they are.
    Place,
    /// Chooses what the Page offers.
    Chooses(&'static str, &'static str),
    /// Presses a button of the menu with more to do; what it is told as.
    Does(&'static str, &'static str),
    /// The Page's inbox answers.
    Inbox(&'static str),
    /// Writes a comment under the Page's post.
    Comments(&'static str),
    /// Does something with that comment, in words.
    WithComment(&'static str, &'static str, &'static [&'static str]),
    /// Writes something on the wall, or does something with the post.
    OnWall(&'static str, &'static str, &'static [&'static str]),
    /// Clicks the ad.
    Ad,
    /// Fills in the lead form.
    Lead,
}

/// What a step is.
#[derive(Clone, Debug)]
enum Deed {
    /// By hand.
    Hand(Hand),
    /// Ordered, because the pages have no button for it.
    Order(Box<Happening>),
    /// The Page's app sends something that its agents cannot.
    Send(Value),
}

/// One step, and where it shows.
#[derive(Clone, Debug)]
pub(super) struct Step {
    deed: Deed,
    /// A line of the agent's page.
    line: Option<String>,
    /// A readable line of the Page's journal.
    told: Option<&'static str>,
    /// The state of the composer after it.
    composer: Option<&'static str>,
}

impl Step {
    fn new(deed: Deed) -> Self {
        Self { deed, line: None, told: None, composer: None }
    }

    pub(super) fn hand(hand: Hand) -> Self {
        Self::new(Deed::Hand(hand))
    }

    pub(super) fn order(psid: &str, what: What) -> Self {
        Self::new(Deed::Order(Box::new(Happening::new(&PageId::new(PAGE), Some(&Psid::new(psid)), what))))
    }

    pub(super) fn send(psid: &str, message: &Value) -> Self {
        Self::new(Deed::Send(json!({ "recipient": { "id": psid }, "messaging_type": "RESPONSE", "message": message })))
    }

    /// It shows as this line of the agent's page.
    pub(super) fn shows(self, line: &str) -> Self {
        Self { line: Some(line.to_owned()), ..self }
    }

    /// It is told by this line of the Page's journal.
    pub(super) fn tells(self, line: &'static str) -> Self {
        Self { told: Some(line), ..self }
    }

    /// The composer is in this state after it.
    pub(super) fn composes(self, state: &'static str) -> Self {
        Self { composer: Some(state), ..self }
    }

    fn kinds(&self) -> Vec<String> {
        match &self.deed {
            Deed::Hand(hand) => hand.kinds().iter().map(|kind| (*kind).to_owned()).collect(),
            Deed::Order(order) => kinds_of(&order.what),
            Deed::Send(_) => vec!["what echo".to_owned(), "what delivered".to_owned(), "what read".to_owned()],
        }
    }

    async fn happens(&self, scene: &Scene) -> anyhow::Result<()> {
        match &self.deed {
            Deed::Hand(hand) => hand.moves(scene).await.with_context(|| format!("{hand:?}"))?,
            Deed::Order(order) => drop(scene.happens(&scene.later(order)).await?),
            Deed::Send(message) => sends(scene, message).await?,
        }
        Ok(())
    }

    async fn is_seen(&self, scene: &Scene) -> anyhow::Result<()> {
        if let Some(line) = &self.line {
            scene.desk.shows(line).await?;
        }
        if let Some(state) = self.composer {
            scene.desk.composes(state).await?;
        }
        Ok(())
    }
}

/// Steps that happen one after the other, and are looked at together.
pub(super) struct Act(pub(super) Vec<Step>);

impl Act {
    /// All of it happens.
    pub(super) async fn happens(&self, scene: &Scene) -> anyhow::Result<()> {
        for step in &self.0 {
            step.happens(scene).await?;
        }
        Ok(())
    }

    /// Waits until all of it is to be seen, once.
    pub(super) async fn shows(&self, scene: &Scene) -> anyhow::Result<()> {
        for step in &self.0 {
            step.is_seen(scene).await?;
        }
        for line in self.0.iter().filter_map(|step| step.told) {
            let mut facts = Facts::default();
            let heard = eventually(TOLD_MAX, || {
                let heard = scene.stage.follow(&mut facts).is_ok() && told(&facts, line) > 0;
                core::future::ready(heard)
            });
            anyhow::ensure!(heard.await, "the journal does not tell “{line}”");
            assert_eq!(told(&facts, line), 1, "{line}");
        }
        let trouble = scene.messenger.trouble().await?;
        anyhow::ensure!(trouble.is_empty(), "the customer's page complains: {trouble}");
        Ok(())
    }

    /// Both.
    pub(super) async fn plays(&self, scene: &Scene) -> anyhow::Result<()> {
        self.happens(scene).await?;
        self.shows(scene).await
    }

    /// Every kind in it.
    pub(super) fn kinds(&self) -> Vec<String> {
        self.0.iter().flat_map(Step::kinds).collect()
    }
}

impl Hand {
    /// What it comes to, as the stand-in names it.
    fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Says(text) if text.contains("https://") => &["what message", "attachment fallback"],
            Self::Says(_) | Self::Replies(..) => &["what message"],
            Self::Changes(..) => &["what edit"],
            Self::TakesBack(_) => &["what unsend"],
            Self::Reacts(_) => &["what reaction"],
            Self::FindsGood(_) => &["what response_feedback"],
            Self::Picture => &["what message", "attachment image"],
            Self::File => &["what message", "attachment file"],
            Self::Like => &["what message", "attachment sticker"],
            Self::Place => &["what message", "attachment location"],
            Self::Chooses(_, "postback") => &["what postback"],
            Self::Chooses(..) => &["what message"],
            Self::Does(_, told) => match told {
                "postback" => &["what postback"],
                "referral" => &["what referral"],
                "opt-in" => &["what opt_in", "opt-in plugin"],
                "linked" => &["what linked"],
                "unsupported" => &["what unsupported"],
                "take" => &["what take_thread"],
                "pass" => &["what pass_thread"],
                "notice" => &["what admin_text"],
                "policy" => &["what policy_enforcement"],
                other => unreachable!("no button is told as {other}"),
            },
            Self::Inbox(_) => &["what echo"],
            Self::Comments(_) => &["what feed", "item comment", "verb add"],
            Self::WithComment(.., kinds) | Self::OnWall(.., kinds) => kinds,
            Self::Ad => &["what referral"],
            Self::Lead => &["what lead"],
        }
    }

    async fn moves(self, scene: &Scene) -> anyhow::Result<()> {
        const POST: &str = "article.post:has(img) > form.row";
        const REACT: &str = "article.post:has(img) > form.inline";
        const COMMENT: &str = "div.comment details.answer form";
        const OWN: &str = "details.card.fold form:has(textarea)";
        const LIKE: &str = "details.card.fold form:not(:has(textarea))";
        let one = &scene.messenger;
        match self {
            Self::Says(text) => one.says(text).await?,
            Self::Replies(line, text) => {
                one.follows(line, "Reply").await?;
                one.sends("#write", &[("text", text)], "button.send").await?;
            }
            Self::Changes(line, text) => {
                one.follows(line, "Change").await?;
                one.sends("#write", &[("text", text)], "button.send").await?;
            }
            Self::TakesBack(line) => one.does_with(line, "do", "unsend").await?,
            Self::Reacts(line) => one.does_with(line, "react", "love").await?,
            Self::FindsGood(line) => one.does_with(line, "do", "good").await?,
            Self::Picture => one.attaches("picture", "bicycle").await?,
            Self::File => {
                let file = scene.stage.dir().join("order.txt");
                std::fs::write(&file, "two bells\n")?;
                one.sends_file(&file.to_string_lossy()).await?;
            }
            Self::Like => one.click("#write button.like").await?,
            Self::Place => one.attaches("do", "place").await?,
            Self::Chooses(title, _) => one.chooses(title).await?,
            Self::Does(button, _) => one.does(button).await?,
            Self::Inbox(text) => {
                one.sends("#more form:has(input[name=text])", &[("text", text)], "button[value=inbox]").await?
            }
            Self::Comments(text) => {
                one.walks_to("/wall").await?;
                one.sends(POST, &[("text", text)], "button[value=comment]").await?;
            }
            Self::WithComment(name, "", _) => one.sends(COMMENT, &[], &button(name)).await?,
            Self::WithComment(name, text, _) => one.sends(COMMENT, &[("text", text)], &button(name)).await?,
            Self::OnWall(name @ ("like-post" | "love-post" | "share"), ..) => {
                one.sends(REACT, &[], &button(name)).await?
            }
            Self::OnWall(name, "", _) => one.sends(LIKE, &[], &button(name)).await?,
            Self::OnWall(name, text, _) => one.sends(OWN, &[("text", text)], &button(name)).await?,
            Self::Ad => {
                one.walks_to("/ad").await?;
                one.sends("article.post form", &[], "button[value=ad]").await?;
            }
            Self::Lead => {
                one.walks_to("/lead").await?;
                one.sends("form.card", &[("q_email", "mara@example.org")], "button[value=lead]").await?;
                one.walks_to("/").await?;
            }
        }
        Ok(())
    }
}

/// The button of a form by what it stands for.
fn button(name: &str) -> String {
    format!("button[value={name}]")
}

/// Sends under the Page's token, as its app does.
async fn sends(scene: &Scene, message: &Value) -> anyhow::Result<()> {
    let token = token(PAGE);
    let proof = sign(&Secret::new(APP_SECRET.as_bytes()), token.as_bytes());
    let proof = proof.trim_start_matches("sha256=");
    let url = format!("{}/v26.0/me/messages?access_token={token}&appsecret_proof={proof}", scene.stage.stand_in_url);
    let answer = scene.stage.caller.post_json(&url, message, None).await?;
    anyhow::ensure!(answer.status == 200, "{}", answer.text());
    Ok(())
}
