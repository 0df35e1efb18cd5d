//! What came of replays as a JUnit file: a suite for each recording, a case for each conversation and one for what its
//! manifest expects.
//!
//! Invariant: well-formed whatever anybody wrote; characters that XML cannot hold are replaced.

use std::collections::BTreeSet;

use simulator::replay::compare::Difference;

use super::Ran;
use super::shown;

/// What a suite needs of a recording.
pub(super) struct Suite {
    title: String,
    path: String,
    /// Name of each case, and what failed in it.
    cases: Vec<(String, Option<String>)>,
}

impl Suite {
    /// Of a recording that was run.
    pub(super) fn of(ran: &Ran) -> Self {
        let found = &ran.comparison.differences;
        let whos: BTreeSet<&str> =
            ran.now.iter().flat_map(|now| &now.lines).map(|line| line.who.as_str()).filter(|who| *who != "-").collect();
        let others = found.iter().filter_map(|difference| difference.who.as_deref());
        let whos: BTreeSet<&str> = whos.into_iter().chain(others).collect();
        let failed = |of_it: Vec<&Difference>| {
            (!of_it.is_empty()).then(|| of_it.into_iter().map(shown::plain).collect::<String>())
        };
        let of = |who: Option<&str>| failed(found.iter().filter(|of_it| of_it.who.as_deref() == who).collect());
        let mut cases: Vec<(String, Option<String>)> =
            whos.into_iter().map(|who| (who.to_owned(), of(Some(who)))).collect();
        let missing = || ran.approved.is_none().then(|| "there is no approved trace yet".to_owned());
        cases.push(("the whole trace".to_owned(), of(None).or_else(missing)));
        let findings = &ran.outcome.findings;
        cases.push(("as expected".to_owned(), (!findings.is_empty()).then(|| findings.join("\n"))));
        Self { title: ran.outcome.title.clone(), path: ran.folder.display().to_string(), cases }
    }
}

/// The file.
pub(super) fn file(suites: &[Suite]) -> String {
    let failures = |suite: &Suite| suite.cases.iter().filter(|(_, failed)| failed.is_some()).count();
    let (tests, failed) =
        suites.iter().fold((0, 0), |(tests, failed), suite| (tests + suite.cases.len(), failed + failures(suite)));
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"pagedesk replay\" tests=\"{tests}\" failures=\"{failed}\">\n"
    );
    for suite in suites {
        let (title, path) = (escaped(&suite.title), escaped(&suite.path));
        let (tests, failed) = (suite.cases.len(), failures(suite));
        text.push_str(&format!("  <testsuite name=\"{title}\" tests=\"{tests}\" failures=\"{failed}\">\n"));
        for (name, failed) in &suite.cases {
            let case = format!("    <testcase classname=\"{path}\" name=\"{}\"", escaped(name));
            match failed {
                None => text.push_str(&format!("{case}/>\n")),
                Some(failed) => text.push_str(&format!(
                    "{case}>\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                    escaped(failed.lines().next().unwrap_or_default().trim()),
                    escaped(failed)
                )),
            }
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push('\n'),
            _ if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stays_well_formed_whatever_was_written() {
        let cases = vec![("A/c1".to_owned(), None), ("A/c2".to_owned(), Some("one <b>&\"\u{7}\nmore".to_owned()))];
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <testsuites name=\"pagedesk replay\" tests=\"2\" failures=\"1\">\n  \
              <testsuite name=\"A &amp; B\" tests=\"2\" failures=\"1\">\n    \
                <testcase classname=\"./a\" name=\"A/c1\"/>\n    \
                <testcase classname=\"./a\" name=\"A/c2\">\n      \
                  <failure message=\"one &lt;b&gt;&amp;&quot;\u{fffd}\">one &lt;b&gt;&amp;&quot;\u{fffd}\nmore</failure>\n    \
                </testcase>\n  \
              </testsuite>\n\
            </testsuites>\n";
        assert_eq!(file(&[Suite { title: "A & B".to_owned(), path: "./a".to_owned(), cases }]), expected);
    }
}
