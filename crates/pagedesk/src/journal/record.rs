//! One record as it is shown: a line for people, an object for programs.

use ::journal::{Stored, StoredBatch};
use machine::kind_name;
use model::MachineId;
use serde_json::{Value, json};

use crate::instant;

use super::mask::mask;

/// What stands for a body whose key is not there.
const SEALED: &str = "‹sealed›";

/// A record ready to be shown.
pub(crate) struct Shown {
    position: u64,
    at: i64,
    machine: String,
    seq: u64,
    kind: String,
    version: u8,
    sealed: bool,
    opens: bool,
    baseline: bool,
    body: Value,
}

impl Shown {
    /// Masks a sealed body unless it is to be revealed; without the keys it stays sealed.
    pub(crate) fn of(batch: &StoredBatch, stored: &Stored, reveal: bool, has_keys: bool) -> Self {
        let machine = String::from_utf8_lossy(&batch.key).into_owned();
        let record = &stored.record;
        let name = machine.parse::<MachineId>().map_or("unknown", |machine| kind_name(&machine, record.kind));
        let kind = if name == "unknown" { format!("kind-{}", record.kind) } else { name.to_owned() };
        let body = match serde_json::from_slice::<Value>(&record.body) {
            _ if record.sealed && !has_keys => Value::from(SEALED),
            Ok(body) if reveal || !record.sealed => body,
            Ok(body) => mask(&body),
            Err(_) => Value::from(format!("{} bytes that are not JSON", record.body.len())),
        };
        Self {
            position: batch.position.0,
            at: batch.at,
            machine,
            seq: stored.seq,
            kind,
            version: record.version,
            sealed: record.sealed,
            opens: record.opens,
            baseline: batch.baseline,
            body,
        }
    }

    /// For people: position, instant, machine, number, kind, body, each in a column of its own.
    pub(crate) fn line(&self) -> String {
        let marks = match (self.baseline, self.opens) {
            (true, _) => " baseline",
            (false, true) => " effect",
            (false, false) => "",
        };
        let Self { position, machine, seq, kind, body, .. } = self;
        let (number, kind) = (format!("#{seq}"), format!("{kind}{marks}"));
        format!("{position:>10} {} {machine:<34} {number:<6} {kind:<27} {body}", instant::write(self.at))
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({
            "position": self.position, "at": self.at, "machine": self.machine, "seq": self.seq, "kind": self.kind,
            "version": self.version, "sealed": self.sealed, "opens": self.opens, "baseline": self.baseline,
            "body": self.body,
        })
    }
}
