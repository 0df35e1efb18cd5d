//! Addresses of the pages. Ids come from outside, so every segment is encoded.

use model::{MachineId, PageId, Psid, TaskId};

/// Percent-encodes everything but RFC 3986's unreserved characters.
pub(crate) fn encode(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
            encoded.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        encoded
    })
}

/// A conversation's page.
pub(crate) fn conversation(page: &PageId, psid: &Psid) -> String {
    format!("/conversations/{}/{}", encode(page.as_str()), encode(psid.as_str()))
}

/// A task's page.
pub(crate) fn task(task: &TaskId) -> String {
    format!("/tasks/{}", encode(task.as_str()))
}

/// The page of the conversation that a machine is, if it is one.
pub(crate) fn machine(machine: &MachineId) -> Option<String> {
    match machine {
        MachineId::Conversation(page, psid) => Some(conversation(page, psid)),
        MachineId::Account(_) | MachineId::Page(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_leave_its_segment() {
        let odd = conversation(&PageId::new("1?a=#"), &Psid::new("é\"<"));
        assert_eq!(odd, "/conversations/1%3Fa%3D%23/%C3%A9%22%3C");
        assert_eq!(task(&TaskId::new("17")), "/tasks/17");
    }
}
