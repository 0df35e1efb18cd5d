//! Files that customers send: a few built-in pictures and what was uploaded.
//!
//! Uploads are kept in memory, bounded, the oldest going first. Invariant: a browser is never given an upload as anything
//! that can run; what is no known picture, sound or film is a download.

use std::collections::VecDeque;

use bytes::Bytes;

use super::limits::{UPLOAD_MAX, UPLOADS_MAX};

/// Name, title and PNG of the pictures that a customer may send without having one.
pub(super) const PICTURES: [(&str, &str, &[u8]); 4] = [
    ("harbour", "Harbour at dawn", include_bytes!("play/asset/harbour.png")),
    ("bicycle", "Red bicycle", include_bytes!("play/asset/bicycle.png")),
    ("bread", "Loaf of bread", include_bytes!("play/asset/bread.png")),
    ("receipt", "Receipt", include_bytes!("play/asset/receipt.png")),
];

/// The small Like, and its number at Meta (*messages* webhook reference, read 2026-11-23).
pub(super) const LIKE: (u64, &[u8]) = (369_239_263_222_822, include_bytes!("play/asset/like.png"));

/// A file as it is served.
#[derive(Clone)]
pub(super) struct File {
    pub(super) bytes: Bytes,
    /// Type for the browser.
    pub(super) kind: &'static str,
    /// Whether a browser may show it.
    pub(super) is_shown: bool,
}

/// What was uploaded.
#[derive(Default)]
pub(super) struct Media {
    files: VecDeque<(String, File)>,
    bytes: usize,
    count: u64,
}

impl Media {
    /// Keeps a file; its name in addresses.
    pub(super) fn keep(&mut self, bytes: Bytes) -> Result<(String, &'static str), String> {
        if bytes.is_empty() {
            return Err("the file is empty".to_owned());
        }
        if bytes.len() > UPLOAD_MAX {
            return Err("the file has more than 8 MiB".to_owned());
        }
        let (kind, ending, attachment) = recognise(&bytes);
        self.count += 1;
        let name = format!("{}.{ending}", self.count);
        self.bytes += bytes.len();
        self.files.push_back((name.clone(), File { bytes, kind, is_shown: attachment != "file" }));
        while self.bytes > UPLOADS_MAX {
            let Some((_, old)) = self.files.pop_front() else { break };
            self.bytes -= old.bytes.len();
        }
        Ok((name, attachment))
    }

    /// Files so far, those that are gone too: they number the names.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Numbers the next files after so many.
    pub(super) fn count_from(&mut self, count: u64) {
        self.count = count;
    }

    /// A file by its name; `None` where it is not there (any more).
    pub(super) fn file(&self, name: &str) -> Option<File> {
        self.files.iter().find(|(known, _)| known == name).map(|(_, file)| file.clone())
    }
}

/// One of the built-in pictures by its name.
pub(super) fn picture(name: &str) -> Option<File> {
    let shown = |bytes: &'static [u8]| File { bytes: Bytes::from_static(bytes), kind: "image/png", is_shown: true };
    if name == "like" {
        return Some(shown(LIKE.1));
    }
    PICTURES.iter().find(|(known, _, _)| *known == name).map(|(_, _, bytes)| shown(bytes))
}

/// Type, ending of the name and type of attachment, by the first bytes; what the uploader says counts for nothing.
fn recognise(bytes: &[u8]) -> (&'static str, &'static str, &'static str) {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => ("image/png", "png", "image"),
        [0xff, 0xd8, 0xff, ..] => ("image/jpeg", "jpg", "image"),
        [b'G', b'I', b'F', b'8', ..] => ("image/gif", "gif", "image"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => ("image/webp", "webp", "image"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => ("audio/wav", "wav", "audio"),
        [b'I', b'D', b'3', ..] | [0xff, 0xfb | 0xf3, ..] => ("audio/mpeg", "mp3", "audio"),
        [b'O', b'g', b'g', b'S', ..] => ("audio/ogg", "ogg", "audio"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => ("video/mp4", "mp4", "video"),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => ("video/webm", "webm", "video"),
        [b'%', b'P', b'D', b'F', ..] => ("application/pdf", "pdf", "file"),
        _ => ("application/octet-stream", "bin", "file"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_decide_and_a_page_is_never_shown_as_one() {
        let mut media = Media::default();
        let (name, attachment) = media.keep(Bytes::from_static(b"<script>alert(1)</script>")).expect("kept");
        let file = media.file(&name).expect("there");
        assert_eq!((attachment, file.kind, file.is_shown), ("file", "application/octet-stream", false));
        let (name, attachment) = media.keep(Bytes::from_static(b"\x89PNG\r\n")).expect("kept");
        assert_eq!(
            (name.as_str(), attachment, media.file(&name).map(|file| file.is_shown)),
            ("2.png", "image", Some(true))
        );
    }

    #[test]
    fn uploads_are_bounded_each_and_together() {
        let mut media = Media::default();
        assert!(media.keep(Bytes::new()).is_err());
        assert!(media.keep(Bytes::from(vec![0; UPLOAD_MAX + 1])).is_err());
        let full = Bytes::from(vec![0; UPLOAD_MAX]);
        let names: Vec<String> = (0..20).filter_map(|_| media.keep(full.clone()).ok()).map(|(name, _)| name).collect();
        assert_eq!(names.len(), 20);
        assert!(media.bytes <= UPLOADS_MAX && media.file(&names[0]).is_none() && media.file(&names[19]).is_some());
    }

    #[test]
    fn the_built_in_pictures_are_pictures() {
        for name in PICTURES.map(|(name, _, _)| name).into_iter().chain(["like"]) {
            assert!(picture(name).expect("there").bytes.starts_with(b"\x89PNG"), "{name}");
        }
        assert!(picture("../etc/passwd").is_none());
    }
}
