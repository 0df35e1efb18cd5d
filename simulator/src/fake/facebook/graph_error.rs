//! Errors in Meta's shape. The words are ours: nobody may decide by them.

use serde_json::{Value, json};

/// A refusal of the Graph API.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct GraphError {
    /// Meta's code.
    pub(super) code: i64,
    /// Meta's subcode.
    pub(super) subcode: Option<i64>,
    /// For people.
    pub(super) message: String,
    /// Whether it rides on HTTP 200.
    pub(super) on_200: bool,
}

impl GraphError {
    pub(super) fn new(code: i64, subcode: Option<i64>) -> Self {
        let message = format!("(#{code}) {}", words(code, subcode));
        Self { code, subcode, message, on_200: false }
    }

    /// No token came with the call.
    pub(super) fn no_token() -> Self {
        Self::new(2500, None)
    }

    /// The `appsecret_proof` is missing or wrong.
    pub(super) fn no_proof() -> Self {
        Self { message: "Invalid appsecret_proof provided in the API argument".to_owned(), ..Self::new(100, None) }
    }

    /// The path leads nowhere.
    pub(super) fn no_path() -> Self {
        Self { message: "Unknown path components".to_owned(), ..Self::new(2500, None) }
    }

    /// The body cannot be read.
    pub(super) fn no_parameters() -> Self {
        Self { message: "(#100) The parameter recipient is required".to_owned(), ..Self::new(100, None) }
    }

    /// The JSON answer, with a trace id.
    pub(super) fn json(&self, trace: &str) -> Value {
        let mut error = json!({
            "message": self.message,
            "type": if matches!(self.code, 102 | 190 | 2500) { "OAuthException" } else { "GraphMethodException" },
            "code": self.code,
            "fbtrace_id": trace,
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        json!({ "error": error })
    }
}

impl From<oracle::Rejection> for GraphError {
    fn from(rejection: oracle::Rejection) -> Self {
        let oracle::Rejection { code, subcode, message } = rejection;
        Self { code: code.into(), subcode: subcode.map(i64::from), message: message.to_owned(), on_200: false }
    }
}

/// What a person reads.
fn words(code: i64, subcode: Option<i64>) -> &'static str {
    match (code, subcode) {
        (10, Some(1_893_063)) => "The Page is temporarily restricted from sending messages.",
        (100, Some(33)) => "The object does not exist or cannot be loaded.",
        (100, Some(2_018_218)) => "No profile is available.",
        (100, _) => "Invalid parameter",
        (190, _) => "The access token is not valid.",
        (2500, _) => "A valid access token is required.",
        (4 | 32 | 613 | 80_006, _) => "The limit of calls was reached.",
        _ => "The call was refused.",
    }
}
