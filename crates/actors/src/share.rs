//! One Page's items of one delivery. Pure.

use std::panic::{AssertUnwindSafe, catch_unwind};

use model::{Anomaly, Delivery, Inbound, PageId, PageInbound, Redacted, Timestamp};
use sabotage::{Defect, on};

/// Where deliveries without a Page go: a Page that can never be configured.
pub const UNADDRESSED: &str = "unaddressed";

/// One Page's items of one delivery.
#[derive(Debug)]
pub struct Share {
    /// Number of the delivery in the inbox.
    pub delivery: u64,
    /// Items of its conversations.
    pub inbounds: Vec<Inbound>,
    /// Items of its own.
    pub page_inbounds: Vec<PageInbound>,
    /// What nobody understands.
    pub anomalies: Vec<Anomaly>,
}

impl Share {
    /// Items in it.
    #[expect(clippy::len_without_is_empty, reason = "a Page without items has no share")]
    pub fn len(&self) -> usize {
        self.understood() + self.anomalies.len()
    }

    /// Items that were understood.
    pub fn understood(&self) -> usize {
        self.inbounds.len() + self.page_inbounds.len()
    }
}

/// The parser is total; should it ever panic, its delivery is kept as one anomaly and the node goes on.
pub fn parse(body: &[u8], received_at: i64) -> Delivery {
    catch_unwind(AssertUnwindSafe(|| webhook::parse(body, Timestamp(received_at)))).unwrap_or_else(|_| Delivery {
        inbounds: Vec::new(),
        page_inbounds: Vec::new(),
        anomalies: vec![Anomaly {
            place: None,
            page: None,
            reason: "parser-panicked".to_owned(),
            kind: None,
            raw: Redacted::new(String::from_utf8_lossy(body).into_owned()),
        }],
    })
}

/// What each Page has in a delivery, by Page. Most deliveries are of one.
pub fn shares(seq: u64, delivery: Delivery) -> Vec<(PageId, Share)> {
    let mut shares = Vec::with_capacity(1);
    if on(Defect::DeliveryForgotten) && seq.is_multiple_of(7) {
        return shares;
    }
    for inbound in delivery.inbounds {
        let beside = |share: &(PageId, Share)| share.1.inbounds.iter().any(|other| other.psid == inbound.psid);
        if on(Defect::NeighboursDropped) && shares.iter().any(beside) {
            continue;
        }
        share_of(&mut shares, &inbound.page, seq).inbounds.push(inbound);
    }
    for inbound in delivery.page_inbounds {
        share_of(&mut shares, &inbound.page, seq).page_inbounds.push(inbound);
    }
    let unaddressed = PageId::new(UNADDRESSED);
    for anomaly in delivery.anomalies {
        share_of(&mut shares, anomaly.page.as_ref().unwrap_or(&unaddressed), seq).anomalies.push(anomaly);
    }
    shares
}

fn share_of<'s>(shares: &'s mut Vec<(PageId, Share)>, page: &PageId, seq: u64) -> &'s mut Share {
    let at = match shares.binary_search_by(|(whose, _)| whose.cmp(page)) {
        Ok(at) => at,
        Err(at) => {
            let share = Share { delivery: seq, inbounds: Vec::new(), page_inbounds: Vec::new(), anomalies: Vec::new() };
            shares.insert(at, (page.clone(), share));
            at
        }
    };
    &mut shares[at].1
}
