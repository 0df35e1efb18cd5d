//! From a fact set in which the two disagree to the least one in which they disagree in the same way, or in a worse one.
//!
//! Greedy: the first simpler neighbour that still disagrees is taken, until there is none. Ends, since every step lowers
//! [`cost`].

use model::{Span, Timestamp};
use policy::{
    Author, Calendar, Carries, ContentKind, Edition, EditionId, Facts, Guards, HumanAgentBase, Openers, editions,
};

use super::{Case, Difference, compare};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Ages from the simplest on.
const AGES: [i64; 12] =
    [HOUR, 2 * DAY, 8 * DAY, DAY, DAY - 1, DAY + 1, 7 * DAY, 7 * DAY - 1, 7 * DAY + 1, 0, 30 * DAY, -HOUR];

/// Guards from the simplest on.
const GUARDS: [i64; 6] = [0, 60_000, 300_000, HOUR, DAY, 1];

/// The least fact set that shows such a difference or a worse one, with the difference in it.
pub fn shrink(drawn: &Case, difference: &Difference) -> (Case, Difference) {
    let (mut least, mut shown) = (*drawn, difference.clone());
    loop {
        let simpler = neighbours(&least).into_iter().filter(|next| cost(next) < cost(&least));
        let next = simpler.filter_map(|next| {
            let difference = compare(&next).err()?;
            (difference.how <= shown.how).then_some((next, difference))
        });
        match next.min_by_key(|(next, _)| cost(next)) {
            Some((next, difference)) => (least, shown) = (next, difference),
            None => return (least, shown),
        }
    }
}

/// What could be simpler about a case, one thing at a time; where two things hang together, both.
fn neighbours(case: &Case) -> Vec<Case> {
    let mut next = flags(case);
    next.extend(case.effective_from.editions().iter().flat_map(|edition| instants(case, edition)));
    next.extend(named(case));
    next.extend(guards(case));
    next.extend(openers(case));
    next
}

fn flags(case: &Case) -> Vec<Case> {
    let facts = case.facts;
    let healthy = [
        Facts { author: Author::Agent, ..facts },
        Facts { tag: None, ..facts },
        Facts { human_agent_feature: true, ..facts },
        Facts { human_agent_base: HumanAgentBase::Message, ..facts },
        Facts { restricted: false, ..facts },
        Facts { token: true, ..facts },
        Facts { standby: false, ..facts },
        Facts { ad_refused: false, ..facts },
        Facts { carries: Carries::default(), ..facts },
        Facts { carries: Carries { size: None, ..facts.carries }, ..facts },
        Facts { carries: Carries { buttons: 0, ..facts.carries }, ..facts },
        Facts { carries: Carries { kind: ContentKind::Text, ..facts.carries }, ..facts },
        Facts { privacy_refused_at: None, ..facts },
        Facts { privacy_refused_at: Some(case.now), ..facts },
        Facts { utility_feature: false, ..facts },
    ]
    .map(|facts| Case { facts, ..*case });
    let in_force = case.effective_from.edition_at(case.now).id();
    healthy.into_iter().chain([Case { edition: in_force, ..*case }]).collect()
}

/// The same on days that are as named: at the same instant, and as long after the start of its edition.
fn named(case: &Case) -> [Case; 2] {
    let named = Case { effective_from: Calendar::AS_NAMED, ..*case };
    let later = named.edition().starts_at() - case.edition().starts_at();
    [named, at(&named, case.now + later, case.edition)]
}

/// Other guards: alone, with the customer's actions moved along so that the edge stays where it is, with an action at a simple
/// age.
fn guards(case: &Case) -> Vec<Case> {
    let Facts { guards, openers, .. } = case.facts;
    let Openers { last_action_at: action, last_message_at: message, ad_message_at: ad } = openers;
    let with_ad = |guards: Guards, last_action_at, last_message_at, ad_message_at| {
        let openers = Openers { last_action_at, last_message_at, ad_message_at };
        Case { facts: Facts { guards, openers, ..case.facts }, ..*case }
    };
    let with = |guards, action, message| with_ad(guards, action, message, ad);
    let mut next = Vec::new();
    for guard in GUARDS.map(Span) {
        next.push(with(Guards { standard: guard, human_agent: guard }, action, message));
        for (longer, guards) in [
            (guards.standard.0 - guard.0, Guards { standard: guard, ..guards }),
            (guards.human_agent.0 - guard.0, Guards { human_agent: guard, ..guards }),
        ] {
            let along = |at: Option<Timestamp>| at.map(|at| at - Span(longer));
            next.push(with(guards, action, message));
            next.push(with_ad(guards, along(action), along(message), along(ad)));
            for at in AGES.map(|age| Some(case.now - Span(age))) {
                next.push(with(guards, action, at));
                next.push(with(guards, at, message));
                next.push(with_ad(guards, action, message, at.filter(|_| ad.is_some())));
            }
        }
    }
    next
}

/// Other actions: one, both the same, both.
fn openers(case: &Case) -> Vec<Case> {
    let Openers { last_action_at: action, last_message_at: message, ad_message_at: ad } = case.facts.openers;
    let with_ad = |last_action_at, last_message_at, ad_message_at| {
        let openers = Openers { last_action_at, last_message_at, ad_message_at };
        Case { facts: Facts { openers, ..case.facts }, ..*case }
    };
    let with = |action, message| with_ad(action, message, ad);
    let mut next = Vec::new();
    for one in opener(case, action) {
        next.push(with(one, message));
        next.push(with(one, one));
        next.extend(opener(case, message).into_iter().map(|other| with(one, other)));
    }
    next.extend(opener(case, message).into_iter().map(|one| with(action, one)));
    next.extend(opener(case, ad).into_iter().map(|one| with_ad(action, message, one)));
    // A message after an ad that is the only thing that happened.
    next.extend(opener(case, ad).into_iter().map(|one| with_ad(None, None, one)));
    next
}

/// The same under an edition, asked at simpler instants: a whole day inside its time, its start, the millisecond before, the
/// begin of the same day.
fn instants(case: &Case, edition: &Edition) -> [Case; 4] {
    let start = edition.starts_at();
    let day = Timestamp(case.now.0 - case.now.0.rem_euclid(DAY));
    [start + Span::days(35), start, start - Span(1), day].map(|now| at(case, now, edition.id()))
}

/// The same at another instant, with all that the customer did at the same age.
fn at(case: &Case, now: Timestamp, edition: EditionId) -> Case {
    let along = |at: Option<Timestamp>| at.map(|at| now - (case.now - at));
    let openers = case.facts.openers;
    let openers = Openers {
        last_action_at: along(openers.last_action_at),
        last_message_at: along(openers.last_message_at),
        ad_message_at: along(openers.ad_message_at),
    };
    let facts = Facts { openers, privacy_refused_at: along(case.facts.privacy_refused_at), ..case.facts };
    Case { now, facts, edition, effective_from: case.effective_from }
}

fn opener(case: &Case, at: Option<Timestamp>) -> Vec<Option<Timestamp>> {
    let Some(at) = at else { return vec![None] };
    let age = (case.now - at).0;
    let rounded = [DAY, HOUR, 60_000, 1_000].into_iter().flat_map(|unit| {
        let down = age - age.rem_euclid(unit);
        [down, down + unit]
    });
    let guards = [case.facts.guards.standard.0, case.facts.guards.human_agent.0];
    let edges = guards.into_iter().flat_map(|guard| {
        [DAY - guard, DAY - guard - 1, DAY + guard, 7 * DAY - guard, 7 * DAY - guard - 1, 7 * DAY + guard]
    });
    let ages = AGES.into_iter().chain(edges).chain(rounded);
    [None].into_iter().chain(ages.map(|age| Some(case.now - Span(age)))).collect()
}

/// How far from simple a case is.
fn cost(case: &Case) -> u64 {
    let Facts { openers, author, tag, human_agent_feature, human_agent_base, guards, .. } = case.facts;
    let Facts { restricted, token, standby, ad_refused, carries, privacy_refused_at, utility_feature, .. } = case.facts;
    let odd = [
        author == Author::Automation,
        tag.is_some(),
        !human_agent_feature,
        human_agent_base == HumanAgentBase::Opener,
        restricted,
        !token,
        standby,
        ad_refused,
        carries.kind != ContentKind::Text,
        carries.size.is_some(),
        carries.buttons != 0,
        privacy_refused_at.is_some(),
        utility_feature,
        case.is_what_if(),
        !case.effective_from.is_as_named(),
    ];
    let flags = odd.into_iter().filter(|odd| *odd).count() as u64;
    let among = |list: &[i64], value: i64| list.iter().position(|known| *known == value).map(|at| at as u64);
    // A guard is odder than any age.
    let guard = |span: Span| 8 * among(&GUARDS, span.0).unwrap_or(9);
    let age = |at: Option<Timestamp>| {
        at.map_or(0, |at| {
            let age = (case.now - at).0;
            among(&AGES, age).map_or_else(|| 20 + roughness(age), |rank| 1 + rank)
        })
    };
    let start = case.edition().starts_at();
    let now = among(&[(start + Span::days(35)).0, start.0, start.0 - 1], case.now.0);
    let older = editions().iter().filter(|edition| edition.id() > case.edition).count() as u64;
    100 * flags
        + 50 * older
        + guard(guards.standard)
        + guard(guards.human_agent)
        + age(openers.last_action_at)
        + age(openers.last_message_at)
        + 8 * age(openers.ad_message_at)
        + age(privacy_refused_at)
        + now.unwrap_or(10 + roughness(case.now.0))
}

/// Whole days are smoother than whole hours, and so on.
fn roughness(ms: i64) -> u64 {
    [DAY, HOUR, 60_000, 1_000, 1].iter().position(|unit| ms % unit == 0).unwrap_or(0) as u64
}
