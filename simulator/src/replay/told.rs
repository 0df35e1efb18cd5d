//! A whole trace as it was read: its head, its lines, its summary, and the text that it came from.
//!
//! Invariant: every line of the text is in exactly one of the three; a trace with anything else in it is refused by line.

use core::fmt;
use std::collections::BTreeMap;

use super::line::Line;

/// A trace that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The lines of the head, without `# `.
    pub head: Vec<String>,
    /// What happened, in order.
    pub lines: Vec<Line>,
    /// The rows of the summary, without the space around them.
    pub summary: Vec<String>,
    /// The trace.
    pub text: String,
}

/// A text is no trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoTrace {
    /// The first line that is none of a trace, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

impl fmt::Display for NoTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl core::error::Error for NoTrace {}

/// What the head says of somebody.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Named {
    /// The short name: `A`, `A/c1`.
    pub who: String,
    /// The id.
    pub id: String,
    /// The real name; empty where none is told.
    pub name: String,
}

impl Told {
    /// Reads a trace of format 1.
    ///
    /// # Errors
    /// [`NoTrace`] names the first line that is none.
    pub fn read(text: &str) -> Result<Self, NoTrace> {
        let mut told = Self { head: Vec::new(), lines: Vec::new(), summary: Vec::new(), text: text.to_owned() };
        let mut in_summary = false;
        for (index, line) in text.lines().enumerate() {
            let fault = |what| NoTrace { line: index + 1, what };
            if index == 0 && !line.starts_with("# trace 1: ") {
                return Err(fault("a trace begins with `# trace 1: `"));
            }
            if in_summary {
                told.summary.push(line.split_whitespace().collect::<Vec<_>>().join(" "));
            } else if let Some(said) = line.strip_prefix("# ") {
                told.head.push(said.to_owned());
            } else if line == "summary" {
                in_summary = true;
            } else if !line.is_empty() {
                told.lines.push(Line::read(line).ok_or_else(|| fault("this is no line of a trace"))?);
            }
        }
        if in_summary {
            Ok(told)
        } else {
            Err(NoTrace { line: text.lines().count().max(1), what: "it has no summary" })
        }
    }

    /// Pages and customers, as the head names them.
    pub fn people(&self) -> Vec<Named> {
        let of = |line: &String| {
            let mut words = line.split_whitespace();
            let (who, id) = (words.next()?.to_owned(), words.next()?.to_owned());
            Some(Named { who, id, name: words.collect::<Vec<_>>().join(" ") })
        };
        self.head.iter().skip(2).filter_map(of).collect()
    }

    /// What everybody is called.
    pub fn names(&self) -> BTreeMap<String, String> {
        self.people().into_iter().map(|named| (named.who, named.name)).collect()
    }

    /// The trace's first instant, as the head writes it.
    pub fn begins(&self) -> &str {
        self.head.iter().find_map(|line| line.strip_prefix("begins ")).unwrap_or_default()
    }

    /// Its title.
    pub fn title(&self) -> &str {
        self.head.iter().find_map(|line| line.strip_prefix("trace 1: ")).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "# trace 1: Two lines\n# begins 2026-06-01T08:00:00.000Z\n# A        104  Quayside Bakery\n\
                         # A/c1     71   Mara Lindqvist\n# A/c2     72\n\n000:00:00.000 -         <-  d1: items=1\n\n\
                         summary\n  deliveries     1\n    RESPONSE     2\n";

    #[test]
    fn head_lines_and_summary_are_told_apart() {
        let told = Told::read(TRACE).unwrap();
        assert_eq!((told.title(), told.begins()), ("Two lines", "2026-06-01T08:00:00.000Z"));
        let names: Vec<(String, String)> = told.names().into_iter().collect();
        let named = |who: &str, name: &str| (who.to_owned(), name.to_owned());
        assert_eq!(names, [named("A", "Quayside Bakery"), named("A/c1", "Mara Lindqvist"), named("A/c2", "")]);
        assert_eq!((told.lines.len(), told.summary), (1, vec!["deliveries 1".to_owned(), "RESPONSE 2".to_owned()]));
    }

    #[test]
    fn what_is_no_trace_is_refused_with_its_line() {
        for (text, fault) in [
            ("", "line 1: it has no summary"),
            ("hello\n", "line 1: a trace begins with `# trace 1: `"),
            ("# trace 2: x\n", "line 1: a trace begins with `# trace 1: `"),
            (&TRACE.replace("000:00:00.000", "then"), "line 7: this is no line of a trace"),
            (&TRACE.replace("summary\n", ""), "line 9: this is no line of a trace"),
            (TRACE.split("summary").next().unwrap(), "line 8: it has no summary"),
        ] {
            assert_eq!(Told::read(text).unwrap_err().to_string(), fault, "{text}");
        }
    }
}
