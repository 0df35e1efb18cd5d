//! What a page's form sent, read field by field: each that is missing or odd is refused with a sentence for the person
//! who filled the form in.
//!
//! Pure. Invariant: a text that reaches a handler is what was typed, in UTF-8 and with LF as line end; what cannot be
//! read as that is refused and never mended in silence. Source: *URL Standard*, application/x-www-form-urlencoded, read
//! 2026-11-23.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use machine::conversation::Resolution;
use tracker::Audience;
use tracker::desk::StatusId;

use crate::fault::Fault;

/// The one content type of our forms.
const KIND: &str = "application/x-www-form-urlencoded";

/// A form's fields, in the order in which they came.
pub(crate) struct Posted(Vec<(Vec<u8>, Vec<u8>)>);

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Fault;

    async fn from_request(request: Request, _: &S) -> Result<Self, Fault> {
        let (head, body) = request.into_parts();
        // The site read the body within its limits before; it is in memory.
        let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| incomplete())?;
        Self::read(&head.headers, &body)
    }
}

impl Posted {
    /// The fields of a body that says it is a form.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Fault> {
        if !is_form(headers) {
            let sentence = format!("What was sent is not one of this site's forms: Content-Type must be {KIND}.");
            return Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-a-form", sentence));
        }
        Ok(Self::fields(body))
    }

    fn fields(body: &[u8]) -> Self {
        let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        let fields = pairs.map(|pair| {
            let middle = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = middle.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
            (decode(name), decode(value))
        });
        Self(fields.collect())
    }

    /// The fields' names, odd letters marked.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(name, _)| readable(name))
    }

    /// What was typed. Browsers send line ends as CR LF; a message has LF.
    pub(crate) fn text(&self) -> Result<String, Fault> {
        let missing = || unfit("text-missing", "The form came without its text. Write it and send it again.");
        let text = self.field("text")?.ok_or_else(missing)?;
        let text = core::str::from_utf8(text).map_err(|_| {
            unfit("text-not-utf8", "The text is not UTF-8. Its odd letters are marked below; write them again.")
        })?;
        Ok(text.replace("\r\n", "\n"))
    }

    /// What a person would not want to lose: the text typed, odd letters marked. May be empty.
    pub(crate) fn words(&self) -> String {
        let texts = self.0.iter().filter(|(name, _)| name == b"text").map(|(_, value)| readable(value));
        texts.collect::<Vec<_>>().join("\n")
    }

    /// A short field in UTF-8; `None` where the form came without it.
    pub(crate) fn word(&self, name: &str) -> Result<Option<String>, Fault> {
        let word = self.field(name)?.map(|word| core::str::from_utf8(word).map(str::to_owned)).transpose();
        word.map_err(|_| unfit("field-not-utf8", "What was typed is not UTF-8. Write it again."))
    }

    /// For whom a comment is.
    pub(crate) fn audience(&self) -> Result<Audience, Fault> {
        match self.field("audience")? {
            Some(b"customer") => Ok(Audience::Customer),
            Some(b"internal") => Ok(Audience::Internal),
            Some(_) | None => Err(unfit("audience-unfit", "The form did not say for whom the comment is. Choose it.")),
        }
    }

    /// Which showing of the form this was sent from; see `write::add`.
    pub(crate) fn showing(&self) -> Result<u64, Fault> {
        self.number("showing")?.ok_or_else(incomplete)
    }

    /// The status chosen.
    pub(crate) fn status(&self) -> Result<StatusId, Fault> {
        let id = self.number("status")?.and_then(|id| u32::try_from(id).ok());
        id.map(StatusId).ok_or_else(|| {
            unfit("status-unfit", "The form did not say which status the task is to have. Go back and choose one.")
        })
    }

    /// What a person decided about a part.
    pub(crate) fn resolution(&self) -> Result<Resolution, Fault> {
        match self.field("resolution")? {
            Some(b"retry") => Ok(Resolution::Retry),
            Some(b"was_sent") => Ok(Resolution::WasSent),
            Some(b"give_up") => Ok(Resolution::GiveUp),
            Some(_) | None => Err(unfit(
                "resolution-unfit",
                "The form did not say what is to be done about this part of the answer. Go back and choose.",
            )),
        }
    }

    fn number(&self, name: &str) -> Result<Option<u64>, Fault> {
        let digits = self.field(name)?.filter(|digits| digits.iter().all(u8::is_ascii_digit));
        Ok(digits.and_then(|digits| core::str::from_utf8(digits).ok()?.parse().ok()))
    }

    fn field(&self, name: &str) -> Result<Option<&[u8]>, Fault> {
        let mut found = self.0.iter().filter(|(known, _)| known == name.as_bytes()).map(|(_, value)| value.as_slice());
        match (found.next(), found.next()) {
            (_, Some(_)) => {
                let sentence =
                    format!("The form holds the field “{name}” more than once, so that it can mean two things.");
                Err(Fault::new(StatusCode::UNPROCESSABLE_ENTITY, "field-twice", sentence))
            }
            (first, None) => Ok(first),
        }
    }
}

/// What a request brought, kept until it is known whether it was taken.
pub(crate) struct Sent {
    form: bool,
    body: Bytes,
}

impl Sent {
    pub(crate) fn new(headers: &HeaderMap, body: Bytes) -> Self {
        Self { form: is_form(headers), body }
    }

    /// The fields, if it was a form.
    pub(crate) fn posted(&self) -> Option<Posted> {
        self.form.then(|| Posted::fields(&self.body))
    }

    /// The mark of the session that the form was shown in.
    pub(crate) fn csrf(&self) -> Option<Vec<u8>> {
        self.posted()?.field("csrf").ok().flatten().map(<[u8]>::to_vec)
    }

    /// What a person would not want to lose: the text typed, or all of a body that is no form. May be empty.
    pub(crate) fn words(&self) -> String {
        self.posted().map_or_else(|| readable(&self.body), |posted| posted.words())
    }
}

fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

/// Whether a request says that it brings a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    kind.trim_ascii().eq_ignore_ascii_case(KIND.as_bytes())
}

fn incomplete() -> Fault {
    unfit(
        "form-incomplete",
        "The form was not whole: a hidden part of it was missing or changed. Send it again from here.",
    )
}

fn unfit(code: &'static str, sentence: &'static str) -> Fault {
    Fault::new(StatusCode::UNPROCESSABLE_ENTITY, code, sentence)
}

/// Undoes `+` and `%XX`; a `%` before anything else stands for itself.
fn decode(piece: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(piece.len());
    let mut rest = piece;
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = if first == b'%' { tail.first_chunk().and_then(hex) } else { None };
        decoded.push(match (escaped, first) {
            (Some(byte), _) => byte,
            (None, b'+') => b' ',
            (None, other) => other,
        });
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    decoded
}

fn hex(digits: &[u8; 2]) -> Option<u8> {
    let digit = |at: usize| char::from(digits[at]).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(body: &str) -> Posted {
        Posted::fields(body.as_bytes())
    }

    #[test]
    fn what_a_browser_encodes_is_read_back() {
        for (encoded, text) in [
            ("a+b%20c", "a b c"),
            ("%C3%9Cmit+%2B1", "Ümit +1"),
            ("100%25", "100%"),
            ("100%", "100%"),
            ("%2", "%2"),
            ("%+f%zz", "% f%zz"),
            ("a=b=c", "a=b=c"),
            ("one%0D%0Atwo%0Athree", "one\ntwo\nthree"),
            ("", ""),
        ] {
            assert_eq!(posted(&format!("x=1&&text={encoded}&y")).text(), Ok(text.to_owned()), "{encoded}");
        }
    }

    #[test]
    fn an_odd_field_is_refused_by_its_own_code() {
        let code = |fault: Option<Fault>| fault.map(|fault| fault.code);
        assert_eq!(code(posted("").text().err()), Some("text-missing"));
        assert_eq!(code(posted("text=%FF").text().err()), Some("text-not-utf8"));
        assert_eq!(code(posted("text=a&text=b").text().err()), Some("field-twice"));
        for odd in ["", "showing=", "showing=x", "showing=-1", "showing=%2B1", "showing=18446744073709551616"] {
            assert_eq!(code(posted(odd).showing().err()), Some("form-incomplete"), "{odd}");
        }
        assert_eq!(posted("showing=18446744073709551615").showing(), Ok(u64::MAX));
        assert_eq!(code(posted("status=4294967296").status().err()), Some("status-unfit"));
        assert_eq!(posted("audience=internal").audience(), Ok(Audience::Internal));
        assert_eq!(posted("resolution=was_sent").resolution(), Ok(Resolution::WasSent));
    }

    #[test]
    fn the_content_type_decides_what_is_a_form_and_words_are_kept_either_way() {
        let headers = |kind: &str| HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().expect("valid"))]);
        assert!(is_form(&headers("Application/X-WWW-Form-Urlencoded ; charset=utf-8")));
        for kind in ["", "text/plain", "application/x-www-form-urlencodedx", "multipart/form-data; boundary=x"] {
            assert!(!is_form(&headers(kind)), "{kind}");
            assert_eq!(Sent::new(&headers(kind), Bytes::from("text=a+b")).words(), "text=a+b");
        }
        assert_eq!(Sent::new(&headers(KIND), Bytes::from("x=1&text=a+b&text=%FF")).words(), "a b\n\u{fffd}");
    }
}
