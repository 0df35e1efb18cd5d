//! Walls and what is around them: posts, comments, reactions, filled-in forms, mentions and ratings.
//!
//! What names a post or comment that is not known here is told all the same, as Meta tells of posts older than the app;
//! it is kept where there is a place for it. Invariant: walls are bounded; a full one takes no more.

use model::{PageId, Psid, Timestamp};

use super::World;
use super::happen::Told;
use crate::fake::facebook::control::{Feed, FeedItem, Happened, Happening, LeadOrder, Mention, Rating, Verb, What};
use crate::fake::facebook::courier::Item;
use crate::fake::facebook::draw::Stream;
use crate::fake::facebook::limits::{COMMENTS_MAX, LEADS_MAX, POSTS_MAX, REACTIONS_MAX};
use crate::fake::facebook::state::{Author, CommentState, LeadState, NAMELESS, PostState};
use crate::fake::facebook::wire::{List, change};

impl World {
    /// The posts of a Page, oldest first.
    pub(in crate::fake::facebook) fn wall(&self, page: &PageId) -> &[PostState] {
        self.posts.get(page).map_or(&[], Vec::as_slice)
    }

    /// Feed, leads, mentions and ratings.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other kinds happen elsewhere; `happen` names all")]
    pub(super) fn on_the_wall(&mut self, order: Happening, at: Timestamp) -> Told {
        let Happening { page, psid, name, what, .. } = order;
        let author = match &psid {
            Some(psid) => self.author(&page, psid, name.as_deref())?,
            None => Author::Hidden,
        };
        let (id, text) = match what {
            What::Feed(feed) => self.feed(&page, author, feed, at)?,
            What::Lead(lead) => self.lead(&page, psid.clone(), lead, at)?,
            What::Mention(mention) => self.mention(mention, at),
            What::Rating(rating) => self.rating(&author, rating, at),
            _ => return Err("this is not about a wall".to_owned()),
        };
        self.revision += 1;
        Ok((Happened { psid, id: Some(id), at }, vec![Item::new(&page, List::Changes, text)]))
    }

    /// A customer on walls, where Meta knows them by another id.
    fn author(&mut self, page: &PageId, psid: &Psid, name: Option<&str>) -> Result<Author, String> {
        let drawn = self.digits(Stream::Author).to_string();
        let known = self.meet(page, psid, name)?;
        let wall_id = known.wall_id.get_or_insert(drawn).clone();
        let name = known.name().unwrap_or_else(|| NAMELESS.to_owned());
        Ok(Author::Customer { psid: psid.clone(), wall_id, name })
    }

    fn feed(
        &mut self,
        page: &PageId,
        author: Author,
        mut feed: Feed,
        at: Timestamp,
    ) -> Result<(String, String), String> {
        let author = if feed.by_page { Author::Page } else { author };
        let drawn = self.digits(Stream::Thing);
        let concerns_post = match feed.item {
            FeedItem::Comment | FeedItem::Reaction => true,
            FeedItem::Like => feed.comment_id.is_some(),
            FeedItem::Post
            | FeedItem::Status
            | FeedItem::Photo
            | FeedItem::Video
            | FeedItem::Share
            | FeedItem::Event
            | FeedItem::Album => feed.verb != Verb::Add,
        };
        if feed.post_id.is_none() {
            let newest = self.wall(page).last().map(|post| post.id.clone());
            feed.post_id = match (concerns_post, feed.item) {
                (true, _) => Some(newest.ok_or("the Page has no post")?),
                // A Like of the Page itself.
                (false, FeedItem::Like) => None,
                (false, _) => Some(format!("{page}_{drawn}")),
            };
        }
        if feed.item == FeedItem::Comment && feed.comment_id.is_none() {
            if feed.verb != Verb::Add {
                return Err("which comment? `comment_id` is missing".to_owned());
            }
            let post = feed.post_id.as_deref().unwrap_or_default();
            let post = post.rsplit('_').next().unwrap_or_default();
            feed.comment_id = Some(format!("{post}_{drawn}"));
        }
        self.keep(page, &author, &feed, at)?;
        let id = feed.comment_id.clone().or_else(|| feed.post_id.clone()).unwrap_or_default();
        let name = |author: &Author| match author {
            Author::Page => self.pages.get(page).map(|known| (page.as_str().to_owned(), known.name.clone())),
            Author::Customer { wall_id, name, .. } => Some((wall_id.clone(), name.clone())),
            Author::Hidden => None,
        };
        let text = change::feed(page, &feed, name(&author), at);
        Ok((id, text))
    }

    /// Does to the wall what the order says.
    fn keep(&mut self, page: &PageId, author: &Author, feed: &Feed, at: Timestamp) -> Result<(), String> {
        let Some(post_id) = feed.post_id.as_deref() else { return Ok(()) };
        let posts = self.posts.entry(page.clone()).or_default();
        let is_full = posts.len() >= POSTS_MAX;
        let known = posts.iter_mut().find(|post| post.id == post_id);
        match feed.item {
            FeedItem::Comment => known.map_or(Ok(()), |post| comment(post, author, feed, at)),
            FeedItem::Reaction | FeedItem::Like => {
                let Some(post) = known else { return Ok(()) };
                let on_comment = post.comments.iter_mut().find(|comment| Some(&comment.id) == feed.comment_id.as_ref());
                let reactions = on_comment.map_or(&mut post.reactions, |comment| &mut comment.reactions);
                react(reactions, author, feed);
                Ok(())
            }
            FeedItem::Post
            | FeedItem::Status
            | FeedItem::Photo
            | FeedItem::Video
            | FeedItem::Share
            | FeedItem::Event
            | FeedItem::Album => match known {
                Some(post) => {
                    change_post(post, feed);
                    Ok(())
                }
                None if feed.verb == Verb::Add && is_full => {
                    Err(format!("the wall has {POSTS_MAX} posts, which is all it takes"))
                }
                None if feed.verb == Verb::Add => {
                    posts.push(new_post(page, author, feed, at));
                    Ok(())
                }
                None => Ok(()),
            },
        }
    }

    fn lead(
        &mut self,
        page: &PageId,
        psid: Option<Psid>,
        order: LeadOrder,
        at: Timestamp,
    ) -> Result<(String, String), String> {
        if self.leads.iter().filter(|lead| lead.page == *page).count() >= LEADS_MAX {
            return Err(format!("the Page has {LEADS_MAX} leads, which is all it takes"));
        }
        let own = self.offer(page).map(|offer| offer.form.id.clone());
        let form = order.form_id.clone().or(own).unwrap_or_default();
        let id = self.digits(Stream::Thing).to_string();
        let text = change::leadgen(page, &id, &form, &order, at);
        let LeadOrder { ad_id, answers, .. } = order;
        let lead = LeadState { page: page.clone(), id: id.clone(), form_id: form, ad_id, psid, at, answers };
        self.leads.push(lead);
        Ok((id, text))
    }

    fn mention(&mut self, mut order: Mention, at: Timestamp) -> (String, String) {
        let mut id = || self.digits(Stream::Thing);
        let post = order.post_id.get_or_insert_with(|| format!("{}_{}", id(), id())).clone();
        let mut thing = post.clone();
        if order.item == "comment" {
            let post = post.rsplit('_').next().unwrap_or_default();
            thing = order.comment_id.get_or_insert_with(|| format!("{post}_{}", id())).clone();
        }
        (thing, change::mention(&order, at))
    }

    fn rating(&mut self, author: &Author, mut order: Rating, at: Timestamp) -> (String, String) {
        let drawn = self.digits(Stream::Thing).to_string();
        let story = order.open_graph_story_id.get_or_insert(drawn).clone();
        let reviewer = match author {
            Author::Customer { wall_id, name, .. } => Some((wall_id.clone(), name.clone())),
            Author::Page | Author::Hidden => None,
        };
        (story, change::rating(&order, reviewer, at))
    }
}

fn comment(post: &mut PostState, author: &Author, feed: &Feed, at: Timestamp) -> Result<(), String> {
    let Some(id) = &feed.comment_id else { return Ok(()) };
    let known = post.comments.iter_mut().find(|comment| comment.id == *id);
    match (feed.verb, known) {
        (Verb::Add, None) => {
            if post.comments.len() >= COMMENTS_MAX {
                return Err(format!("the post has {COMMENTS_MAX} comments, which is all it takes"));
            }
            post.comments.push(CommentState {
                id: id.clone(),
                parent: feed.parent_id.clone().filter(|parent| *parent != post.id),
                author: author.clone(),
                message: feed.message.clone(),
                photo: feed.photo.clone(),
                at,
                edited: false,
                hidden: false,
                removed: false,
                reactions: Vec::new(),
            });
        }
        (Verb::Edit | Verb::Edited, Some(comment)) => {
            comment.edited = true;
            comment.message = feed.message.clone().or(comment.message.take());
        }
        (Verb::Remove, Some(comment)) => comment.removed = true,
        (Verb::Hide, Some(comment)) => comment.hidden = true,
        (Verb::Unhide, Some(comment)) => comment.hidden = false,
        (Verb::Add | Verb::Block | Verb::Unblock | Verb::Mute, Some(_)) | (_, None) => {}
    }
    Ok(())
}

fn react(reactions: &mut Vec<(Author, String)>, author: &Author, feed: &Feed) {
    reactions.retain(|(who, _)| who != author || *who == Author::Hidden);
    if feed.verb != Verb::Remove && reactions.len() < REACTIONS_MAX {
        reactions.push((author.clone(), feed.reaction_type.clone().unwrap_or_else(|| "like".to_owned())));
    }
}

fn change_post(post: &mut PostState, feed: &Feed) {
    match feed.verb {
        Verb::Edit | Verb::Edited => post.message = feed.message.clone().or(post.message.take()),
        Verb::Remove => post.removed = true,
        Verb::Hide => post.hidden = true,
        Verb::Unhide => post.hidden = false,
        Verb::Add | Verb::Block | Verb::Unblock | Verb::Mute => {}
    }
}

fn new_post(page: &PageId, author: &Author, feed: &Feed, at: Timestamp) -> PostState {
    PostState {
        page: page.clone(),
        id: feed.post_id.clone().unwrap_or_default(),
        item: feed.item.name().to_owned(),
        author: author.clone(),
        message: feed.message.clone(),
        photo: feed.photo.clone().or_else(|| feed.photos.first().cloned()),
        link: feed.link.clone().or_else(|| feed.video.clone()),
        at,
        hidden: false,
        removed: false,
        reactions: Vec::new(),
        comments: Vec::new(),
    }
}
