//! `delivery` and `read`: up to which instant of Meta's time the Page's messages arrived or were read.
//!
//! Source: Meta, event references *message deliveries* and *message reads*, read 2026-11-23. The watermark is always there;
//! single messages are named sometimes.

use model::{Inbound, Kind, Mid, Receipt};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::anomaly::Reason;
use super::item::Frame;
use super::{json, message};
use crate::dedup;

#[derive(Deserialize)]
pub(super) struct ReceiptForm<'a> {
    #[serde(borrow, default)]
    watermark: Option<&'a RawValue>,
    #[serde(borrow, default)]
    mids: Option<&'a RawValue>,
}

/// Reads a delivery receipt.
pub(super) fn delivered(form: &ReceiptForm<'_>, frame: Frame) -> Result<Inbound, Reason> {
    let receipt = receipt(form, "delivery")?;
    let psid = frame.customer()?;
    let key = dedup::delivered(&frame.page, &psid, receipt.watermark, &receipt.mids);
    let kind = Kind::Delivered(receipt);
    Ok(Inbound { psid, at: frame.at(), channel: frame.channel, key, kind, page: frame.page })
}

/// Reads a read receipt.
pub(super) fn read(form: &ReceiptForm<'_>, frame: Frame) -> Result<Inbound, Reason> {
    let receipt = receipt(form, "read")?;
    let psid = frame.customer()?;
    let key = dedup::read(&frame.page, &psid, receipt.watermark, &receipt.mids);
    let kind = Kind::Read(receipt);
    Ok(Inbound { psid, at: frame.at(), channel: frame.channel, key, kind, page: frame.page })
}

fn receipt(form: &ReceiptForm<'_>, kind: &str) -> Result<Receipt, Reason> {
    let Some(watermark) = form.watermark.and_then(json::time) else {
        return Err(Reason::of_kind("no-watermark", kind));
    };
    Ok(Receipt { watermark, mids: mids(form.mids) })
}

fn mids(raw: Option<&RawValue>) -> Vec<Mid> {
    let Some(raw) = raw else { return Vec::new() };
    if raw.get().starts_with('[') {
        json::elements(raw.get()).unwrap_or_default().into_iter().filter_map(message::mid).collect()
    } else {
        message::mid(raw).into_iter().collect()
    }
}
