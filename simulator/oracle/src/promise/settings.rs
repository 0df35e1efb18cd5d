//! The settings that a decision may have been made under: those in force, and those of the last minute, which a machine
//! may not have heard of yet.

use model::Timestamp;

use crate::history::{Admin, Author, History, What};
use crate::reference::Asked;

/// A machine hears of a change within a minute.
const HEARD: i64 = 60_000;

/// What the table may have been asked with, by an author at a place. Never empty; the newest settings come last.
pub(super) fn asked<'a>(
    history: &History,
    place: usize,
    now: Timestamp,
    author: Author,
    tag: Option<&'a str>,
) -> Vec<Asked<'a>> {
    let setup = &history.setup;
    let (feature, guard, guard_human_agent) = (setup.human_agent, setup.guard, setup.guard_human_agent);
    let mut all = vec![Asked { author, tag, feature, guard, guard_human_agent, dates: setup.dates, now }];
    for change in history.ledger().admin.iter().copied().take_while(|change| *change < place) {
        let What::Admin(admin) = &history.at(change).what else { continue };
        let mut newest = all[all.len() - 1];
        match admin {
            Admin::HumanAgent { granted } => newest.feature = *granted,
            Admin::Guards { standard, human_agent } => {
                (newest.guard, newest.guard_human_agent) = (*standard, *human_agent);
            }
            Admin::Token { .. } | Admin::OneActiveTask { .. } => continue,
        }
        if now.0 - history.time(change).0 > HEARD {
            all.clear();
        }
        all.push(newest);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Play;

    #[test]
    fn a_change_replaces_the_old_settings_after_a_minute() {
        let mut play = Play::new();
        play.to(1_000).note(What::Admin(Admin::HumanAgent { granted: false }));
        let features = |play: &mut Play, millis: i64| -> Vec<bool> {
            let now = play.to(millis).now();
            asked(&play.history, 9, now, Author::Person, None).iter().map(|asked| asked.feature).collect()
        };
        assert_eq!(features(&mut play, 61_000), [true, false]);
        assert_eq!(features(&mut play, 61_001), [false]);
        assert_eq!(asked(&play.history, 1, play.now(), Author::Person, None).len(), 1);
    }
}
