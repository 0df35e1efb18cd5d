//! What Meta does beside delivering, and when the node falls: bodies again, Pages held back, threads handed over, Pages
//! restricted for a while. And what others post in its name.
//!
//! Invariant: what is held is let go, what is restricted is freed, and a node that falls starts again.

use model::{Span, Timestamp};

use super::{PAGES, Plan, Profile, Said};
use crate::chance::Stream;

/// Plans what goes wrong; nothing of it where the profile is calm, but a body that comes again.
pub(super) fn plan(plan: &mut Plan) {
    repeats(plan);
    match plan.profile {
        Profile::Calm => {}
        Profile::Busy | Profile::Swarm | Profile::Lossy => holds_and_more(plan),
        Profile::Rough => {
            holds_and_more(plan);
            falls(plan);
        }
    }
}

fn repeats(plan: &mut Plan) {
    let chance = plan.chance(Stream::Meta);
    let of_a_hundred = if plan.profile == Profile::Calm { 5 } else { 15 };
    for Said { name, at, .. } in plan.said.clone() {
        if chance.percent(&format!("{name} again"), of_a_hundred) {
            let wait = chance.of(
                &format!("{name} again at"),
                &[Span(0), Span(40), Span::seconds(3), Span::minutes(20), Span::hours(25)],
            );
            // What is held back cannot be repeated yet: then the line says so and costs nothing.
            plan.at(at + wait, format!("meta repeats {name}"));
        }
    }
}

/// Somebody posts what a customer never wrote.
fn forgeries(plan: &mut Plan) {
    let chance = plan.chance(Stream::Meta);
    for Said { who, name, at } in plan.said.clone() {
        if chance.percent(&format!("{name} forged"), 4) {
            let wait = chance.span(&format!("{name} forged at"), Span(0), Span::hours(2));
            plan.at(at + wait, format!("{who} writes \"Nobody wrote this.\" forged"));
        }
    }
}

fn holds_and_more(plan: &mut Plan) {
    forgeries(plan);
    let chance = plan.chance(Stream::Meta);
    for (page, ..) in PAGES.iter().take(plan.profile.pages()) {
        let theirs: Vec<Said> = plan.said.iter().filter(|said| said.who.starts_with(page)).cloned().collect();
        let Some(first) = theirs.get(usize::try_from(chance.below(page, theirs.len() as u64)).unwrap_or(0)) else {
            continue;
        };
        if chance.percent(&format!("{page} hold"), 50) {
            let length = chance.span(&format!("{page} held"), Span::seconds(20), Span::minutes(50));
            let way = chance.of(&format!("{page} way"), &["", " together", " reversed"]);
            let from = Timestamp((first.at.0 - 2_000).max(0));
            plan.at(from, format!("meta holds {page}"));
            plan.at(from + length, format!("meta releases {page}{way}"));
        }
        if chance.percent(&format!("{page} block"), 25) {
            let from = first.at + chance.span(&format!("{page} block at"), Span(0), Span::hours(3));
            let length = chance.span(&format!("{page} blocked"), Span::minutes(1), Span::hours(6));
            plan.at(from, format!("{page} happens {{\"kind\":\"policy_enforcement\",\"action\":\"block\"}}"));
            plan.at(
                from + length,
                format!("{page} happens {{\"kind\":\"policy_enforcement\",\"action\":\"unblock\"}}"),
            );
        }
        if chance.percent(&format!("{page} hand over"), 50) {
            let who = &first.who;
            let from = first.at + chance.span(&format!("{page} passed"), Span::seconds(1), Span::minutes(20));
            let back = from + chance.span(&format!("{page} back"), Span::seconds(20), Span::hours(20));
            plan.at(from, format!("{who} happens {{\"kind\":\"pass_thread\",\"from\":\"990017\",\"to\":\"880031\"}}"));
            plan.at(back, format!("{who} happens {{\"kind\":\"take_thread\",\"from\":\"880031\",\"to\":\"990017\"}}"));
        }
    }
}

/// The node falls beside something that happens, and starts again within a minute and a half.
fn falls(plan: &mut Plan) {
    let chance = plan.chance(Stream::Meta);
    let mut after = Timestamp(0);
    let mut moments: Vec<Timestamp> = plan.lines.iter().map(|(at, _)| *at).collect();
    moments.sort_unstable();
    for fall in 0..1 + chance.below("falls", 3) {
        let about = format!("fall {fall}");
        let open: Vec<Timestamp> = moments.iter().copied().filter(|at| *at >= after && *at < plan.ends_at()).collect();
        if open.is_empty() {
            return;
        }
        let moment = chance.of(&about, &open);
        let from = moment + chance.of(&format!("{about} beside"), &[Span(0), Span(1), Span(30), Span(90), Span(900)]);
        let until = from + chance.span(&format!("{about} down"), Span(1), Span::seconds(90));
        plan.at(from, "crash".to_owned());
        plan.at(until, "restart".to_owned());
        after = until + Span(1);
    }
}
