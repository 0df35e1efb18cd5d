//! One conversation with the field to write in, and how a new customer begins one.

use maud::{Markup, html};
use model::{PageId, Psid};

use super::form::Form;
use super::layout::{Chosen, Room, called, directory, face, hidden, query};
use super::sign::{plus, thumb};
use super::thread::{View, bubbles};
use crate::fake::facebook::Shared;
use crate::fake::facebook::media::PICTURES;
use crate::fake::facebook::world::gist;
use crate::fake::facebook::world::{Thread, World};

/// The conversation of a customer whom the Page knows; else the beginning of one.
pub(super) fn show(shared: &Shared, page: &PageId, psid: Option<&Psid>, asked: &Form) -> Markup {
    let now = shared.clock.now();
    let world = shared.world();
    let name = page_name(&world, page);
    let thread = psid.and_then(|psid| Some((psid, world.thread(page, psid, now)?)));
    match thread {
        Some((psid, thread)) => {
            let view = View { page, psid, base_url: &shared.base_url };
            conversation(&thread, view, &name, asked)
        }
        None => newcomer(page, psid, &name),
    }
}

/// What is shown before anything is chosen: what can be tried, in the order in which it shows most.
pub(super) fn welcome(shared: &Shared) -> Markup {
    let first = shared.world().pages().next().map(|page| page.id.clone());
    html! {
        div.welcome {
            h1 { "Write to a Page" }
            @if let Some(page) = first {
                p { "Here you are every customer. What you write goes to the node as a webhook; what its agents answer \
                     appears here by itself." }
                ol.steps {
                    li { "Choose a conversation from the list, or begin one as a new customer, and write." }
                    li {
                        "Answer "
                        @match &shared.options.agents_url {
                            Some(url) => { a href=(url) target="_blank" rel="noopener" { "as an agent" } }
                            None => { "as an agent" }
                        }
                        ", in another window, and watch the answer come in here."
                    }
                    li { "Send a picture, react to an answer, change a message or take it back." }
                    @if shared.clock.is_movable() {
                        li { "Move the clock by 25 hours: the agent may still answer, as a person. By 8 days: nobody may." }
                    }
                }
                div.buttons { a.button href=(Room::Chat.link(&page, None)) { "New customer" } }
            } @else {
                p.hint { "This stand-in has no Page." }
            }
        }
    }
}

/// The part that changes while one looks.
pub(super) fn live(shared: &Shared, page: &PageId, psid: &Psid) -> Option<(u64, Markup)> {
    let now = shared.clock.now();
    let world = shared.world();
    let thread = world.thread(page, psid, now)?;
    let view = View { page, psid, base_url: &shared.base_url };
    Some((thread.revision(), bubbles(&thread, view)))
}

/// The list of conversations, for a page that shows this one.
pub(super) fn aside(shared: &Shared, page: &PageId, psid: &Psid) -> Markup {
    let now = shared.clock.now();
    directory(&shared.world(), Room::Chat, Chosen { page: Some(page), psid: Some(psid) }, now)
}

/// The name of a Page, or its id.
pub(super) fn page_name(world: &World, page: &PageId) -> String {
    world.pages().find(|known| known.id == *page).map_or_else(|| page.to_string(), |known| known.name.clone())
}

fn conversation(thread: &Thread<'_>, view: View<'_>, name: &str, asked: &Form) -> Markup {
    let me = called(thread.name().as_deref(), view.psid);
    html! {
        header.peer {
            a.back href="/" aria-label="All conversations" { "‹" }
            (face(view.page.as_str(), name))
            div { h1 { (name) } p.hint { "You are " strong { (me) } @if thread.is_elsewhere() { " · the Page’s inbox has this conversation" } } }
            (more(view))
        }
        div #thread tabindex="0" role="log" aria-label=(format!("Conversation with {name}"))
            data-source=(format!("/play/events?{}", query(view.page, Some(view.psid)))) {
            (bubbles(thread, view))
        }
        (composer(thread, view, asked))
    }
}

fn composer(thread: &Thread<'_>, view: View<'_>, asked: &Form) -> Markup {
    let reply = asked.mid("reply").filter(|mid| thread.line(mid).is_some());
    let edit = asked.mid("edit").and_then(|mid| thread.line(&mid)).filter(|line| thread.may_edit(line));
    let back = Room::Chat.link(view.page, Some(view.psid));
    html! {
        form #write.composer method="post" action="/play/act" enctype="multipart/form-data" {
            (hidden(Some(view.page), Some(view.psid)))
            @if let Some(mid) = &reply {
                input type="hidden" name="reply_to" value=(mid.as_str());
                p.quote { "Replying to “" (thread.line(mid).map(gist).unwrap_or_default()) "” " a href=(back) { "never mind" } }
            }
            @if let Some(line) = edit {
                input type="hidden" name="mid" value=(line.mid.as_str());
                p.quote { "Changing a message " a href=(back) { "never mind" } }
            } @else {
                (attach())
            }
            div.field {
                label.unseen for="text" { "Message" }
                textarea #text name="text" rows="1" placeholder="Aa" autofocus maxlength="20000" {
                    @if let Some(line) = edit { (line.text.as_deref().unwrap_or_default()) }
                }
            }
            @if edit.is_some() {
                button.send name="do" value="edit" { "Change" }
            } @else {
                button.send name="do" value="write" { "Send" }
                button.like name="do" value="like" aria-label="Send a Like" formnovalidate { (thumb()) }
            }
        }
    }
}

/// Pictures that are there, and one's own file.
fn attach() -> Markup {
    html! {
        details.menu.up #pictures {
            summary aria-label="Pictures and files" { (plus()) }
            div.pop {
                p.hint { "Send a picture" }
                div.pictures {
                    @for (name, title, _) in PICTURES {
                        button.plain name="picture" value=(name) aria-label=(format!("Send: {title}")) formnovalidate {
                            img src=(format!("/play/picture/{name}.png")) alt=(title) loading="lazy";
                        }
                    }
                }
                label { "Or a file of yours, up to 8 MiB" input type="file" name="file"; }
                button.quiet name="do" value="write" { "Send the file" }
                button.quiet name="do" value="place" { "Share where I am" }
            }
        }
    }
}

/// What else a customer may do, and what happens behind the scenes.
fn more(view: View<'_>) -> Markup {
    html! {
        details.menu.end #more {
            summary aria-label="More to do in this conversation" { "⋯" }
            // Two forms: in a field, the Enter key presses the first button of its own.
            div.pop {
                form method="post" action="/play/act" {
                    (hidden(Some(view.page), Some(view.psid)))
                    p.hint { "As the customer" }
                    button.plain name="do" value="press" { "Press “Get started”" }
                    button.plain name="do" value="enter" { "Come in by the Page’s link" }
                    button.plain name="do" value="ad" { "Come in by the ad" }
                    button.plain name="do" value="optin" { "Say yes to messages" }
                    button.plain name="do" value="link" { "Link my account" }
                    button.plain name="do" value="odd" { "Send something Pages cannot see" }
                }
                form method="post" action="/play/act" {
                    (hidden(Some(view.page), Some(view.psid)))
                    p.hint { "Behind the scenes" }
                    label { "The Page’s own inbox answers" input name="text" autocomplete="off" maxlength="2000"; }
                    button.plain name="do" value="inbox" { "Answer from the inbox" }
                    button.plain name="do" value="take" { "The inbox takes the conversation" }
                    button.plain name="do" value="give" { "The inbox gives it back" }
                    button.plain name="do" value="notice" { "Meta’s assistant hands over" }
                    button.plain name="do" value="block" { "Meta blocks the Page" }
                    button.plain name="do" value="unblock" { "Meta unblocks the Page" }
                }
            }
        }
    }
}

fn newcomer(page: &PageId, psid: Option<&Psid>, name: &str) -> Markup {
    html! {
        header.peer {
            a.back href="/" aria-label="All conversations" { "‹" }
            (face(page.as_str(), name))
            div { h1 { (name) } p.hint { "A new customer writes for the first time" } }
        }
        form.card method="post" action="/play/act" enctype="multipart/form-data" {
            (hidden(Some(page), psid))
            label { "Your name" input name="name" autocomplete="off" maxlength="100" placeholder="Robin Invented"; }
            label { "Message" textarea name="text" rows="3" required autofocus maxlength="20000" placeholder="Hello, do you have …?" {} }
            div.buttons { button name="do" value="write" { "Send" } }
            p.hint { "Without a name the Page sees nobody’s profile, as happens with customers who hide it." }
        }
    }
}
