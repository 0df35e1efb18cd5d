//! A Page's wall: posts with their comments, what one adds as a customer, and what the Page posts itself.

use maud::{Markup, html};
use model::{PageId, Psid};

use super::chat::page_name;
use super::layout::{Room, called, day, face, hidden, minute};
use super::sign::reaction;
use crate::fake::facebook::Shared;
use crate::fake::facebook::state::{Author, CommentState, NAMELESS, PostState};
use crate::fake::facebook::world::World;

/// Posts that are shown, the newest first.
const POSTS_SHOWN_MAX: usize = 50;

/// What becomes of what happens here.
pub(super) const COMES_OF_IT: &str =
    "The node keeps what happens here, and agents read it under “Happenings”. No task comes of it yet.";

/// Customers that are offered to take part.
const CAST_MAX: usize = 12;

/// The wall as a customer sees it, or somebody who is no customer yet.
pub(super) fn show(shared: &Shared, page: &PageId, psid: Option<&Psid>) -> Markup {
    let world = shared.world();
    let name = page_name(&world, page);
    let me = psid.and_then(|psid| world.names(page, psid).map(|(first, last)| join(first, last, psid)));
    let look = Look { page, psid, page_name: &name, base_url: &shared.base_url };
    html! {
        header.peer {
            a.back href="/" aria-label="All conversations" { "‹" }
            (face(page.as_str(), &name))
            div {
                h1 { "Wall of " (name) }
                p.hint { @if let Some(me) = &me { "You are " strong { (me) } } @else { "You look on, as anybody does" } }
            }
        }
        div.wall {
            p.hint.card { (COMES_OF_IT) }
            @if psid.is_some() { (look.own()) } @else { (cast(&world, page)) }
            @for post in world.wall(page).iter().rev().filter(|post| !post.removed).take(POSTS_SHOWN_MAX) { (look.post(post)) }
        }
    }
}

/// As whom one may take part.
fn cast(world: &World, page: &PageId) -> Markup {
    let briefs = world.threads(page, CAST_MAX);
    html! {
        div.card.cast {
            @if briefs.is_empty() {
                p.hint { "Once somebody has written to the Page, you can take part here as that customer." }
            } @else {
                span.hint { "Take part as" }
                @for brief in briefs {
                    a href=(Room::Wall.link(page, Some(&brief.psid))) { (called(brief.name.as_deref(), &brief.psid)) }
                }
            }
        }
    }
}

fn join(first: Option<&str>, last: Option<&str>, psid: &Psid) -> String {
    let parts: Vec<&str> = [first, last].into_iter().flatten().collect();
    called((!parts.is_empty()).then(|| parts.join(" ")).as_deref(), psid)
}

/// Who looks at which wall.
struct Look<'a> {
    page: &'a PageId,
    psid: Option<&'a Psid>,
    page_name: &'a str,
    base_url: &'a str,
}

impl Look<'_> {
    fn hidden(&self, post: Option<&str>, comment: Option<&str>) -> Markup {
        html! {
            (hidden(Some(self.page), self.psid))
            input type="hidden" name="room" value="wall";
            @if let Some(post) = post { input type="hidden" name="post" value=(post); }
            @if let Some(comment) = comment { input type="hidden" name="comment" value=(comment); }
        }
    }

    /// What a customer, and the Page, may begin.
    fn own(&self) -> Markup {
        html! {
            details.card.fold {
                summary { "Write something here" }
                form method="post" action="/play/act" {
                    (self.hidden(None, None))
                    label { "Text" textarea name="text" rows="2" required maxlength="20000" {} }
                    div.buttons {
                        button name="do" value="visit" { "Post on the Page’s wall" }
                        button.quiet name="do" value="mention" { "Name the Page on a wall of mine" }
                        button.quiet name="do" value="recommend" { "Recommend the Page" }
                        button.quiet name="do" value="warn" { "Do not recommend it" }
                        button.quiet name="do" value="post" { "Post as " (self.page_name) }
                    }
                }
                form method="post" action="/play/act" {
                    (self.hidden(None, None))
                    div.buttons { button.quiet name="do" value="like-page" { "Like the Page" } }
                }
            }
        }
    }

    fn post(&self, post: &PostState) -> Markup {
        let visible = post.comments.iter().filter(|comment| !comment.removed && comment.parent.is_none());
        html! {
            article.card.post id=(post.id) {
                header { (self.author(&post.author)) p.hint { (day(post.at)) ", " (minute(post.at)) @if post.hidden { " · hidden" } } }
                @if let Some(text) = &post.message { p.words { (text) } }
                @if let Some(photo) = &post.photo { (self.picture(photo)) }
                @if let Some(link) = &post.link { p.file { (link) } }
                @if !post.reactions.is_empty() { p.hint { (post.reactions.len()) " reactions" } }
                @if self.psid.is_some() {
                    form.inline method="post" action="/play/act" {
                        (self.hidden(Some(&post.id), None))
                        button.plain name="do" value="like-post" { (reaction("like")) " Like" }
                        button.plain name="do" value="love-post" { (reaction("love")) " Love" }
                        button.plain name="do" value="share" { "Share" }
                    }
                }
                @let comments: Vec<&CommentState> = visible.collect();
                @if !comments.is_empty() {
                    ol.comments {
                        @for comment in comments {
                            li {
                                (self.comment(post, comment))
                                @let answers: Vec<_> = post.comments.iter().filter(|answer| !answer.removed && answer.parent.as_ref() == Some(&comment.id)).collect();
                                @if !answers.is_empty() { ol.comments { @for answer in answers { li { (self.comment(post, answer)) } } } }
                            }
                        }
                    }
                }
                @if self.psid.is_some() {
                    form.row method="post" action="/play/act" {
                        (self.hidden(Some(&post.id), None))
                        label { span.unseen { "Your comment" } input name="text" required autocomplete="off" placeholder="Write a comment" maxlength="8000"; }
                        button name="do" value="comment" { "Comment" }
                    }
                }
            }
        }
    }

    fn comment(&self, post: &PostState, comment: &CommentState) -> Markup {
        let mine = matches!(&comment.author, Author::Customer { psid, .. } if Some(psid) == self.psid);
        html! {
            div.comment.(if comment.hidden { "dim" } else { "" }) {
                (self.author(&comment.author))
                @if let Some(text) = &comment.message { p.words { (text) } }
                @if let Some(photo) = &comment.photo { (self.picture(photo)) }
                p.hint {
                    (minute(comment.at))
                    @if comment.edited { " · changed" }
                    @if comment.hidden { " · hidden by the Page" }
                    @if !comment.reactions.is_empty() { " · " (comment.reactions.len()) " reactions" }
                }
                @if self.psid.is_some() {
                    details.answer {
                        summary { "Answer" @if mine { ", change, remove" } }
                        form method="post" action="/play/act" {
                            (self.hidden(Some(&post.id), Some(&comment.id)))
                            label { "Text" input name="text" autocomplete="off" maxlength="8000"; }
                            div.buttons {
                                button name="do" value="answer" { "Answer" }
                                button.quiet name="do" value="like-comment" { "Like" }
                                @if mine {
                                    button.quiet name="do" value="change-comment" { "Change to this" }
                                    button.quiet name="do" value="remove-comment" { "Remove" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn author(&self, author: &Author) -> Markup {
        match author {
            Author::Page => html! { p.by { (face(self.page.as_str(), self.page_name)) strong { (self.page_name) } } },
            Author::Customer { psid, name, .. } => {
                let name = called(Some(name.as_str()).filter(|name| *name != NAMELESS), psid);
                html! { p.by { (face(psid.as_str(), &name)) a href=(Room::Chat.link(self.page, Some(psid))) { (name) } } }
            }
            Author::Hidden => html! { p.by { (face("", "?")) span { "Someone" } } },
        }
    }

    fn picture(&self, url: &str) -> Markup {
        match url.strip_prefix(self.base_url).filter(|path| path.starts_with("/play/")) {
            Some(path) => html! { img.photo src=(path) alt="Picture" loading="lazy"; },
            None => html! { p.file { (url) } },
        }
    }
}
