//! `delivery` and `read`: up to which instant of Meta's time the Page's messages arrived or were read.
//!
//! Source: Meta, event references *message deliveries* and *message reads*, read 2026-11-23. The watermark is always there;
//! single messages are named sometimes. Some libraries send only those.

use model::{Inbound, Kind, Mid, Receipt, Timestamp};
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
    #[serde(borrow, default)]
    mid: Option<&'a RawValue>,
}

/// Reads a delivery receipt.
pub(super) fn delivered(form: &ReceiptForm<'_>, frame: Frame) -> Result<Inbound, Reason> {
    let receipt = receipt(form, "delivery")?;
    let psid = frame.customer()?;
    let key = dedup::delivered(&frame.page, &psid, receipt.watermark, &receipt.mids);
    let kind = Kind::Delivered(receipt);
    Ok(frame.inbound(psid, key, kind))
}

/// Reads a read receipt.
pub(super) fn read(form: &ReceiptForm<'_>, frame: Frame) -> Result<Inbound, Reason> {
    let receipt = receipt(form, "read")?;
    let psid = frame.customer()?;
    let key = dedup::read(&frame.page, &psid, receipt.watermark, &receipt.mids);
    let kind = Kind::Read(receipt);
    Ok(frame.inbound(psid, key, kind))
}

fn receipt(form: &ReceiptForm<'_>, kind: &str) -> Result<Receipt, Reason> {
    let mids = mids(form.mids.or(form.mid));
    match form.watermark.and_then(json::time) {
        Some(watermark) => Ok(Receipt { watermark, mids }),
        // Messages named one by one are known to have arrived, and nothing before them.
        None if !mids.is_empty() => Ok(Receipt { watermark: Timestamp(0), mids }),
        None => Err(Reason::of_kind("no-watermark", kind)),
    }
}

fn mids(raw: Option<&RawValue>) -> Vec<Mid> {
    let Some(raw) = raw else { return Vec::new() };
    if raw.get().starts_with('[') {
        json::elements(raw.get()).unwrap_or_default().into_iter().filter_map(message::mid).collect()
    } else {
        message::mid(raw).into_iter().collect()
    }
}
