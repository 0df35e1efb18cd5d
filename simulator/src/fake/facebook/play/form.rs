//! What a page sends: queries, forms, and forms with a file. Read without trust: total over any bytes, bounded.

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::CONTENT_TYPE;
use model::{Mid, PageId, Psid};
use reqwest::Url;

/// Fields of a form; more are not looked at.
const FIELDS_MAX: usize = 64;

/// Values of a query or form, and the file that came with it.
#[derive(Default, Debug)]
pub(super) struct Form {
    fields: Vec<(String, String)>,
    file: Option<Bytes>,
}

impl Form {
    /// A query, or a form sent like one.
    pub(super) fn of_query(text: &str) -> Self {
        let mut url = Url::parse("http://stand-in/").expect("a constant address");
        url.set_query(Some(text));
        let pairs = url.query_pairs().take(FIELDS_MAX);
        Self { fields: pairs.map(|(key, value)| (key.into_owned(), value.into_owned())).collect(), file: None }
    }

    /// A form by its type.
    pub(super) fn of_body(headers: &HeaderMap, body: &Bytes) -> Self {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        match boundary(kind) {
            Some(boundary) => Self::of_parts(body, &boundary),
            None => Self::of_query(&String::from_utf8_lossy(body)),
        }
    }

    /// `multipart/form-data` (RFC 7578): one file at most, the first that is not empty.
    fn of_parts(body: &Bytes, boundary: &str) -> Self {
        let mut form = Self::default();
        let mark = format!("--{boundary}");
        let Some(mut at) = find(body, mark.as_bytes()).map(|start| start + mark.len()) else { return form };
        let next = format!("\r\n{mark}");
        while form.fields.len() < FIELDS_MAX {
            let Some(rest) = body[at..].strip_prefix(b"\r\n") else { break };
            let start = body.len() - rest.len();
            let Some(head_end) = find(rest, b"\r\n\r\n") else { break };
            let Some(length) = find(&rest[head_end..], next.as_bytes()) else { break };
            let (from, to) = (start + head_end + 4, start + head_end + length);
            at = to + next.len();
            // A part of no bytes at all may end before its head does.
            let content = body.slice(from.min(to)..to);
            form.take(&String::from_utf8_lossy(&rest[..head_end]), content);
        }
        form
    }

    fn take(&mut self, head: &str, content: Bytes) {
        let disposition = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"));
        let Some(disposition) = disposition else { return };
        let Some(name) = parameter(disposition, "name") else { return };
        if parameter(disposition, "filename").is_none() {
            self.fields.push((name, String::from_utf8_lossy(&content).into_owned()));
        } else if self.file.is_none() && !content.is_empty() {
            self.file = Some(content);
        }
    }

    /// The value of a field that was filled in.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let (_, value) = self.fields.iter().find(|(name, value)| name == key && !value.trim().is_empty())?;
        Some(value.trim())
    }

    /// The same, as its own.
    pub(super) fn own(&self, key: &str) -> Option<String> {
        self.get(key).map(str::to_owned)
    }

    /// Fields whose names begin so, without that beginning.
    pub(super) fn starting_with<'a>(&'a self, start: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.fields.iter().filter_map(move |(name, value)| Some((name.strip_prefix(start)?, value.trim())))
    }

    pub(super) fn page(&self) -> Option<PageId> {
        self.get("page").map(PageId::new)
    }

    pub(super) fn psid(&self) -> Option<Psid> {
        self.get("psid").map(Psid::new)
    }

    pub(super) fn mid(&self, key: &str) -> Option<Mid> {
        self.get(key).map(Mid::new)
    }

    pub(super) fn file(&self) -> Option<Bytes> {
        self.file.clone()
    }
}

/// The boundary of a form with parts.
fn boundary(kind: &str) -> Option<String> {
    let (name, rest) = kind.split_once(';')?;
    if !name.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = rest.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?;
    let value = value.trim_matches('"');
    (!value.is_empty() && value.len() <= 200).then(|| value.to_owned())
}

/// A quoted parameter of a header.
fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        (key.trim() == name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    // Looks for the first byte before it compares: bodies are megabytes, boundaries are rare.
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(step) = bytes.get(from..)?.iter().position(|byte| *byte == first) {
        let at = from + step;
        if bytes[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(body: &str) -> Form {
        Form::of_parts(&Bytes::copy_from_slice(body.replace('\n', "\r\n").as_bytes()), "B")
    }

    #[test]
    fn parts_are_fields_and_one_file() {
        let form = parts(
            "--B\nContent-Disposition: form-data; name=\"text\"\n\ngrüße\nzwei\n--B\nContent-Disposition: form-data; \
             name=\"file\"; filename=\"a.png\"\nContent-Type: image/png\n\nbytes\n--B--\n",
        );
        assert_eq!(form.get("text"), Some("grüße\r\nzwei"));
        assert_eq!(form.file().as_deref(), Some(&b"bytes"[..]));
    }

    #[test]
    fn a_file_that_was_not_chosen_is_none() {
        let form = parts("--B\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\n\n\n--B--\n");
        assert_eq!(form.file(), None);
        assert_eq!(parts("--B\nContent-Disposition: form-data; name=\"text\"\n\n\n--B--\n").get("text"), None);
    }

    #[test]
    fn a_boundary_is_read_quoted_or_not() {
        assert_eq!(boundary("multipart/form-data; boundary=\"a b\"").as_deref(), Some("a b"));
        assert_eq!(boundary("Multipart/Form-Data; charset=x; boundary=ab").as_deref(), Some("ab"));
        assert_eq!(boundary("application/x-www-form-urlencoded"), None);
        assert_eq!(boundary("multipart/form-data; boundary="), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_are_some_form(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just(b"--B".to_vec()), Just(b"\r\n".to_vec()), Just(b"\r\n\r\n".to_vec()), Just(b"--".to_vec()),
                    Just(b"Content-Disposition: form-data; name=\"a\"".to_vec()), Just(b"; filename=\"f\"".to_vec()),
                    proptest::collection::vec(any::<u8>(), 0..20),
                ],
                0..20,
            )
        ) {
            let body = Bytes::from(pieces.concat());
            let form = Form::of_parts(&body, "B");
            prop_assert!(form.fields.len() <= FIELDS_MAX);
            prop_assert!(Form::of_query(&String::from_utf8_lossy(&body)).fields.len() <= FIELDS_MAX);
        }
    }
}
