//! Pseudonyms of what is found in a text: each of its own kind, of as many characters, and told from the real thing by its
//! looks (`form`).

use core::ops::Range;

use anyhow::Result;

use super::super::alphabet::Alphabet;
use super::super::find::{self, Kind, Span};
use super::super::form;
use super::super::ledger::Numbers;
use super::{Letter, Rewriter, letters};

/// Letters and digits behind `m_` from which on a message id is drawn, not permuted: two of them never meet.
pub(in super::super) const DRAWN_LETTERS: usize = 24;

impl<N: Numbers> Rewriter<N> {
    /// Writes the pseudonym of one of the spans of a text.
    pub(super) fn span(&mut self, text: &[char], span: &Span, redacted: &mut [char]) -> Result<()> {
        match span.kind {
            Kind::Id | Kind::Mark => {
                let stood = span.kind == Kind::Mark;
                find::ids(text, span).into_iter().try_for_each(|run| self.digits(text, run, stood, redacted))
            }
            Kind::Phone => self.phone(text, &span.at, false, redacted),
            Kind::Message => self.message(text, span, redacted),
            Kind::Token => {
                self.drawn("token", text, &span.at, redacted);
                Ok(())
            }
            Kind::Mail => {
                self.mail(text, &span.at, redacted);
                Ok(())
            }
            Kind::Link => self.link(text, &span.at, redacted),
        }
    }

    /// The id that a run of digits is; zeros before it stay, and nothing but zeros is no id.
    pub(super) fn digits(
        &mut self,
        text: &[char],
        run: Range<usize>,
        stood: bool,
        redacted: &mut [char],
    ) -> Result<()> {
        let zeros = text[run.clone()].iter().take_while(|digit| **digit == '0').count();
        let digits: String = text[run.start + zeros..run.end].iter().collect();
        if digits.is_empty() || form::PUBLIC_IDS.contains(&&*digits) {
            return Ok(());
        }
        let pseudonym = self.numbers.id(&digits, stood)?;
        write(redacted, run.start + zeros..run.end, pseudonym.chars());
        Ok(())
    }

    /// The digits of a phone number's national part; in a link the country's stand before them.
    pub(super) fn phone(
        &mut self,
        text: &[char],
        at: &Range<usize>,
        in_link: bool,
        redacted: &mut [char],
    ) -> Result<()> {
        let (places, with_code) = find::phone_digits(text, at);
        let digits: String = places.iter().map(|at| text[*at]).collect();
        let start = form::national(digits.as_bytes(), with_code || (in_link && !digits.starts_with('0')));
        if start < digits.len() {
            let pseudonym = self.numbers.phone(&digits[start..])?;
            for (place, digit) in places[start..].iter().zip(pseudonym.chars()) {
                redacted[*place] = digit;
            }
        }
        Ok(())
    }

    /// A message id: ids in it change, else what stands behind `m_` is drawn or, where it is short, permuted.
    fn message(&mut self, text: &[char], span: &Span, redacted: &mut [char]) -> Result<()> {
        let runs = find::ids(text, span);
        let start = find::message_start(text, span.at.start).unwrap_or(span.at.start);
        let content = start..span.at.end;
        if runs.is_empty() && content.len() >= DRAWN_LETTERS {
            self.drawn("message", text, &content, redacted);
            return Ok(());
        }
        for run in &runs {
            self.digits(text, run.clone(), true, redacted)?;
        }
        let kept: Vec<Span> = runs.into_iter().map(|at| Span { kind: Kind::Id, at }).collect();
        let inside = |span: &Span| Span { kind: span.kind, at: span.at.start - start..span.at.end - start };
        let kept: Vec<Span> = kept.iter().map(inside).collect();
        self.part("message", &[], text, content, &kept, redacted);
        Ok(())
    }

    /// An opaque word: begins as no real one does, then one letter is drawn for each.
    fn drawn(&self, purpose: &str, text: &[char], at: &Range<usize>, redacted: &mut [char]) {
        if N::GATHERS {
            return;
        }
        let word: String = text[at.clone()].iter().collect();
        let mut draw = self.key.draw(purpose, &[word.as_bytes()]);
        write(redacted, at.clone(), find::REDACTED.chars());
        for place in at.clone().skip(find::REDACTED.len()) {
            if let Some((alphabet, _)) = Alphabet::of(text[place]) {
                redacted[place] = alphabet.letter(draw.below(alphabet.size()));
            }
        }
    }

    /// An e-mail address; capitals stay capitals, but do not make another address.
    fn mail(&self, text: &[char], at: &Range<usize>, redacted: &mut [char]) {
        if N::GATHERS {
            return;
        }
        let small: Vec<char> = text.iter().map(char::to_ascii_lowercase).collect();
        let domain = find::domain_start(text, at);
        let name: String = small[domain..at.end].iter().collect();
        self.part("mail", name.as_bytes(), &small, at.start..domain - 1, &[], redacted);
        for place in (at.start..domain).filter(|place| text[*place].is_ascii_uppercase()) {
            redacted[place].make_ascii_uppercase();
        }
        let host = form::host(at.end - domain, &mut self.key.draw("host", &[name.as_bytes()]));
        write(redacted, domain..at.end, host.into_iter());
    }

    /// An address: host, and behind it whatever stands there; scheme, port and extension stay.
    fn link(&mut self, text: &[char], at: &Range<usize>, redacted: &mut [char]) -> Result<()> {
        let parts = find::link(text, at);
        let rest = &text[parts.rest.clone()];
        let host: String = text[parts.host.clone()].iter().collect::<String>().to_lowercase();
        let is_of_phones = find::is_of_phones(&host);
        let mut spans = find::spans_of_link(rest, is_of_phones);
        let mut inner = rest.to_vec();
        for span in &spans {
            match span.kind {
                Kind::Phone => self.phone(rest, &span.at, true, &mut inner)?,
                Kind::Link | Kind::Mail | Kind::Id | Kind::Token | Kind::Message | Kind::Mark => {
                    self.span(rest, span, &mut inner)?;
                }
            }
        }
        write(redacted, parts.rest.clone(), inner.iter().copied());
        if N::GATHERS {
            return Ok(());
        }
        let found = spans.clone();
        // The extension is kept like a span: nothing in it changes.
        let extension = parts.extension.start - parts.rest.start..parts.extension.end - parts.rest.start;
        if !extension.is_empty()
            && spans.iter().all(|span| span.at.end <= extension.start || span.at.start >= extension.end)
        {
            spans.push(Span { kind: Kind::Link, at: extension });
            spans.sort_by_key(|span| span.at.start);
        }
        let changing = letters(rest, &spans, true);
        let same = |inner: &[char]| find::spans_of_link(inner, is_of_phones) == found;
        self.scramble("link", host.as_bytes(), rest, &spans, &changing, &mut inner, same);
        write(redacted, parts.rest, inner.into_iter());
        self.part("person", host.as_bytes(), text, parts.person, &[], redacted);
        self.host(&host, parts.host, redacted);
        Ok(())
    }

    fn host(&self, host: &str, at: Range<usize>, redacted: &mut [char]) {
        let bare = host.strip_prefix("www.").filter(|bare| !bare.is_empty());
        let skipped = if bare.is_some() { 4 } else { 0 };
        let mut draw = self.key.draw("host", &[bare.unwrap_or(host).as_bytes()]);
        let pseudonym = form::host(at.len().saturating_sub(skipped), &mut draw);
        write(redacted, at.start + skipped..at.end, pseudonym.into_iter());
    }

    /// Permutes the letters of a part of a text.
    fn part(&self, purpose: &str, about: &[u8], text: &[char], at: Range<usize>, kept: &[Span], redacted: &mut [char]) {
        if N::GATHERS {
            return;
        }
        let part = &text[at.clone()];
        let mut changing = letters(part, kept, purpose == "person");
        if purpose == "message" {
            in_base_16(part, &mut changing);
        }
        let mut inner = redacted[at.clone()].to_vec();
        self.scramble(purpose, about, part, kept, &changing, &mut inner, |_| true);
        write(redacted, at, inner.into_iter());
    }
}

fn write(redacted: &mut [char], at: Range<usize>, letters: impl Iterator<Item = char>) {
    for (place, letter) in redacted[at].iter_mut().zip(letters) {
        *place = letter;
    }
}

/// A word whose letters all lie between `a` and `f` is a number in base 16, and stays one.
fn in_base_16(text: &[char], letters: &mut [Letter]) {
    let is_number = text.iter().filter(|letter| letter.is_alphanumeric()).all(char::is_ascii_hexdigit);
    if is_number {
        for (_, alphabet, _) in letters {
            match alphabet {
                Alphabet::Small => *alphabet = Alphabet::SmallHex,
                Alphabet::Capital => *alphabet = Alphabet::CapitalHex,
                Alphabet::Digit | Alphabet::Leading | Alphabet::SmallHex | Alphabet::CapitalHex => {}
                Alphabet::Nibble(_) | Alphabet::Other(..) => {}
            }
        }
    }
}
