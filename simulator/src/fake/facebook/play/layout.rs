//! What all pages of the stand-in share: frame, list of conversations, clock, faces, times.

use maud::{DOCTYPE, Markup, html};
use model::{PageId, Psid, Timestamp};
use reqwest::Url;

use crate::fake::facebook::Shared;
use crate::fake::facebook::state::Writer;
use crate::fake::facebook::world::World;

/// Conversations of a Page that are listed.
const THREADS_MAX: usize = 200;

/// Where somebody is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Home,
    Chat,
    Wall,
    Ad,
    Lead,
}

impl Room {
    fn path(self) -> &'static str {
        match self {
            Self::Home | Self::Chat => "/",
            Self::Wall => "/wall",
            Self::Ad => "/ad",
            Self::Lead => "/lead",
        }
    }

    /// The way to this room.
    pub(super) fn link(self, page: &PageId, psid: Option<&Psid>) -> String {
        format!("{}?{}", self.path(), query(page, psid))
    }
}

/// A Page and a customer, as far as they are chosen.
#[derive(Clone, Copy)]
pub(super) struct Chosen<'a> {
    pub(super) page: Option<&'a PageId>,
    pub(super) psid: Option<&'a Psid>,
}

/// A whole page around its inside.
pub(super) fn frame(shared: &Shared, title: &str, room: Room, chosen: Chosen<'_>, inside: &Markup) -> String {
    let now = shared.clock.now();
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Stand-in for Facebook" }
                link rel="icon" href="/play/picture/like.png";
                link rel="stylesheet" href="/play/style.css";
                script defer src="/play/script.js" {}
            }
            body class=(if room == Room::Home { "at-home" } else { "in-room" }) {
                a.skip href="#inside" { "Skip to the conversation" }
                header.top {
                    a.brand href="/" { span.logo aria-hidden="true" {} "Stand-in for Facebook" }
                    p.tell { "You play the customers. Nothing leaves this machine." }
                    (clock(shared, now, chosen))
                }
                div.shell {
                    nav #side aria-label="Conversations" { (directory(&shared.world(), room, chosen, now)) }
                    main #inside { (inside) }
                }
                p #trouble role="alert" hidden {}
            }
        }
    };
    markup.into_string()
}

/// The time, with buttons where it can be moved.
fn clock(shared: &Shared, now: Timestamp, chosen: Chosen<'_>) -> Markup {
    let shown = html! { time #now datetime=(machine_time(now)) { (day(now)) ", " (minute(now)) " UTC" } };
    if !shared.clock.is_movable() {
        return html! { div.clock { (shown) } };
    }
    html! {
        details.clock {
            summary { (shown) span.cue { "Move the clock" } }
            div.pop {
                p.hint { "Time goes forward for the stand-in and for everything that shares its clock." }
                form method="post" action="/play/act" {
                    input type="hidden" name="do" value="move";
                    (hidden(chosen.page, chosen.psid))
                    div.buttons {
                        button name="span" value="1 h" { "+1 h" }
                        button name="span" value="25 h" { "+25 h" }
                        button name="span" value="8 d" { "+8 d" }
                    }
                }
                form.row method="post" action="/play/act" {
                    input type="hidden" name="do" value="move";
                    (hidden(chosen.page, chosen.psid))
                    label { "Another span" input name="other" placeholder="90 min" autocomplete="off"; }
                    button.quiet name="span" value="other" { "Move" }
                }
            }
        }
    }
}

/// The list of conversations.
pub(super) fn directory(world: &World, room: Room, chosen: Chosen<'_>, now: Timestamp) -> Markup {
    html! {
        @for page in world.pages() {
            @let here = chosen.page == Some(&page.id);
            @let me = chosen.psid.filter(|_| here);
            section.page {
                h2 { (face(page.id.as_str(), &page.name)) span { (page.name) } }
                ul.rooms {
                    @for (to, name) in [(Room::Wall, "Wall"), (Room::Ad, "Ad"), (Room::Lead, "Lead form")] {
                        li { a href=(to.link(&page.id, me)) aria-current=[(here && room == to).then_some("page")] { (name) } }
                    }
                }
                ul.threads {
                    @for brief in world.threads(&page.id, THREADS_MAX) {
                        @let is_shown = me == Some(&brief.psid) && room == Room::Chat;
                        @let name = called(brief.name.as_deref(), &brief.psid);
                        li {
                            a href=(Room::Chat.link(&page.id, Some(&brief.psid)))
                                aria-current=[(me == Some(&brief.psid)).then_some("page")]
                                class=[(brief.unread && !is_shown).then_some("unread")] {
                                (face(brief.psid.as_str(), &name))
                                span.who { (name) }
                                @if let Some((writer, gist, at)) = &brief.last {
                                    span.gist { @if *writer == Writer::Customer { "You: " } (gist) }
                                    span.when { (if same_day(*at, now) { minute(*at) } else { short_day(*at) }) }
                                }
                                @if brief.unread && !is_shown { span.dot { span.unseen { "unread" } } }
                            }
                        }
                    }
                    li { a.new href=(Room::Chat.link(&page.id, None))
                        aria-current=[(here && me.is_none() && room == Room::Chat).then_some("page")] {
                        span.face.plus aria-hidden="true" { "+" } span.who { "New customer" }
                    } }
                }
            }
        }
    }
}

/// What a customer is called, here and on the agents' pages: by name, else by the end of the id.
pub(super) fn called(name: Option<&str>, psid: &Psid) -> String {
    name.map_or_else(
        || {
            let id = psid.as_str();
            let from = id.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
            format!("Messenger customer {}", &id[from..])
        },
        str::to_owned,
    )
}

/// A round face with initials; its colour comes from the id.
pub(super) fn face(id: &str, name: &str) -> Markup {
    let hue = id.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 8;
    let initials: String = name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
    html! { span.face.(format!("hue-{hue}")) aria-hidden="true" { (initials) } }
}

/// Hidden fields that say which conversation a form is about.
pub(super) fn hidden(page: Option<&PageId>, psid: Option<&Psid>) -> Markup {
    html! {
        @if let Some(page) = page { input type="hidden" name="page" value=(page.as_str()); }
        @if let Some(psid) = psid { input type="hidden" name="psid" value=(psid.as_str()); }
    }
}

/// `page=…&psid=…`
pub(super) fn query(page: &PageId, psid: Option<&Psid>) -> String {
    let mut url = Url::parse("http://stand-in/").expect("a constant address");
    url.query_pairs_mut().append_pair("page", page.as_str());
    if let Some(psid) = psid {
        url.query_pairs_mut().append_pair("psid", psid.as_str());
    }
    url.query().unwrap_or_default().to_owned()
}

/// A value inside an address.
pub(super) fn encoded(text: &str) -> String {
    let mut url = Url::parse("http://stand-in/").expect("a constant address");
    url.query_pairs_mut().append_pair("", text);
    url.query().unwrap_or_default().trim_start_matches('=').to_owned()
}

/// `08:15`
pub(super) fn minute(at: Timestamp) -> String {
    let second = at.0.div_euclid(1_000).rem_euclid(86_400);
    format!("{:02}:{:02}", second / 3_600, second / 60 % 60)
}

/// Whether two instants lie on one day.
pub(super) fn same_day(one: Timestamp, other: Timestamp) -> bool {
    one.0.div_euclid(86_400_000) == other.0.div_euclid(86_400_000)
}

/// `Mon 1 Jun 2026`
pub(super) fn day(at: Timestamp) -> String {
    let (year, month, day) = civil(at);
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let weekday = usize::try_from(at.0.div_euclid(86_400_000).rem_euclid(7)).unwrap_or(0);
    format!("{} {day} {} {year}", WEEKDAYS[weekday], month_name(month))
}

fn short_day(at: Timestamp) -> String {
    let (_, month, day) = civil(at);
    format!("{day} {}", month_name(month))
}

fn month_name(month: i64) -> &'static str {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month)).copied().unwrap_or_default()
}

fn machine_time(at: Timestamp) -> String {
    let (year, month, day) = civil(at);
    format!("{year:04}-{month:02}-{day:02}T{}Z", minute(at))
}

/// Year, month and day in UTC: days counted in years that begin in March, so that the leap day comes last.
fn civil(at: Timestamp) -> (i64, i64, i64) {
    let days = at.0.div_euclid(86_400_000) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_as_people_say_them() {
        let told = |ms| (day(Timestamp(ms)), minute(Timestamp(ms)), machine_time(Timestamp(ms)));
        let expected = ("Mon 1 Jun 2026".to_owned(), "08:15".to_owned(), "2026-06-01T08:15Z".to_owned());
        assert_eq!(told(1_780_301_700_000), expected);
        assert_eq!(day(Timestamp(0)), "Thu 1 Jan 1970");
        assert_eq!(day(Timestamp(-1)), "Wed 31 Dec 1969");
        assert_eq!(day(Timestamp(951_782_400_000)), "Tue 29 Feb 2000");
        assert!(!day(Timestamp(i64::MAX)).is_empty() && !day(Timestamp(i64::MIN)).is_empty());
    }

    #[test]
    fn values_in_addresses_are_encoded() {
        assert_eq!(encoded("a&b=ü "), "a%26b%3D%C3%BC+");
        assert_eq!(query(&PageId::new("1 7"), Some(&Psid::new("&"))), "page=1+7&psid=%26");
    }
}
