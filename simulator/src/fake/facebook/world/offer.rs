//! What every Page of the stand-in begins with: a post, an ad that leads into Messenger, and a lead form.
//!
//! Invented and the same for each Page; Meta tells nobody of them, they were there before the app came.

use model::{PageId, Timestamp};

use super::World;
use crate::fake::facebook::control::{AdContext, Referral};
use crate::fake::facebook::draw::Stream;
use crate::fake::facebook::state::{Author, PostState};

/// A Page's ad and form.
pub(in crate::fake::facebook) struct Offer {
    /// The ad.
    pub(in crate::fake::facebook) ad: Ad,
    /// The form.
    pub(in crate::fake::facebook) form: Form,
}

/// A Click-to-Messenger ad.
#[derive(Clone)]
pub(in crate::fake::facebook) struct Ad {
    /// Its id.
    pub(in crate::fake::facebook) id: String,
    /// Its title.
    pub(in crate::fake::facebook) title: String,
    /// Its text.
    pub(in crate::fake::facebook) text: String,
    /// Where its picture lies.
    pub(in crate::fake::facebook) photo_url: String,
    /// The post behind it.
    pub(in crate::fake::facebook) post_id: String,
}

impl Ad {
    /// What a message or an entrance by this ad carries.
    pub(in crate::fake::facebook) fn referral(&self) -> Referral {
        Referral {
            word: Some("spring-offer".to_owned()),
            source: "ADS".to_owned(),
            ad_id: Some(self.id.clone()),
            referer_uri: None,
            ads_context_data: Some(AdContext {
                ad_title: Some(self.title.clone()),
                photo_url: Some(self.photo_url.clone()),
                post_id: Some(self.post_id.clone()),
                ..AdContext::default()
            }),
        }
    }
}

/// A lead form.
#[derive(Clone)]
pub(in crate::fake::facebook) struct Form {
    /// Its id.
    pub(in crate::fake::facebook) id: String,
    /// Its name.
    pub(in crate::fake::facebook) name: String,
    /// Key, question, type of the field on a page.
    pub(in crate::fake::facebook) questions: [(&'static str, &'static str, &'static str); 4],
}

impl World {
    /// Gives each Page its post, ad and form.
    pub(super) fn furnish(&mut self, base_url: &str, now: Timestamp) {
        let pages: Vec<(PageId, String)> =
            self.pages.values().map(|page| (page.id.clone(), page.name.clone())).collect();
        let picture = |name: &str| format!("{base_url}/play/picture/{name}.png");
        for (page, name) in pages {
            let mut id = || self.digits(Stream::Thing).to_string();
            let (post, ad, form) = (id(), id(), id());
            let post = PostState {
                page: page.clone(),
                id: format!("{page}_{post}"),
                item: "photo".to_owned(),
                author: Author::Page,
                message: Some(format!("Good morning from {name}! What are you looking for this week? Ask us here.")),
                photo: Some(picture("harbour")),
                link: None,
                at: now,
                hidden: false,
                removed: false,
                reactions: Vec::new(),
                comments: Vec::new(),
            };
            let ad = Ad {
                id: ad,
                title: format!("New at {name}"),
                text: "Write to us today and we keep one for you.".to_owned(),
                photo_url: picture("bicycle"),
                post_id: post.id.clone(),
            };
            let questions = [
                ("full_name", "Your name", "text"),
                ("email", "E-mail", "email"),
                ("phone_number", "Telephone", "tel"),
                ("what_are_you_looking_for?", "What are you looking for?", "text"),
            ];
            let form = Form { id: form, name: format!("Ask {name} for an offer"), questions };
            self.posts.insert(page.clone(), vec![post]);
            self.offers.insert(page, Offer { ad, form });
        }
    }

    /// The ad and form of a Page.
    pub(in crate::fake::facebook) fn offer(&self, page: &PageId) -> Option<&Offer> {
        self.offers.get(page)
    }
}
