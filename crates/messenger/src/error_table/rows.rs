//! The rows themselves, in the order of their codes. Data only.
//!
//! Codes and meanings are Meta's *Common Error Codes* (page of 2026-06-25) and *Error Handling*; whether to try again,
//! what else fails and what to say is our reading of them. All read 2026-11-23.

use model::Span;

use super::{Retry, Row, Scope, Subcode};

use Retry::{After, Doubt, Never};
use Scope::{App, Conversation, Page, Part};

/// Meta's table of Messenger errors.
const CODES: &str = "Common Error Codes, read 2026-11-23";
/// Meta's general page on Graph errors.
const GRAPH: &str = "Graph Error Handling, read 2026-11-23";
/// Meta's page on limits.
const LIMITS: &str = "Rate Limits, read 2026-11-23";
/// Meta's page on profiles.
const PROFILE: &str = "User Profile API, read 2026-11-23";
/// Not in Meta's tables as read; reported from production by others.
const FIELD: &str = "field reports, read 2026-11-23";

/// What a name stands for, however many codes lead to it.
struct Meaning(&'static str, Retry, Scope, &'static str);

const fn row(code: i64, subcode: Subcode, meaning: &Meaning, advice: &'static str, source: &'static str) -> Row {
    let Meaning(name, retry, scope, sentence) = *meaning;
    Row { code, subcode, name, retry, scope, sentence, advice, source }
}

/// This subcode only.
const fn is(code: i64, subcode: i64, meaning: &Meaning, advice: &'static str, source: &'static str) -> Row {
    row(code, Subcode::Is(subcode), meaning, advice, source)
}

/// The code without a subcode only.
const fn bare(code: i64, meaning: &Meaning, advice: &'static str, source: &'static str) -> Row {
    row(code, Subcode::Absent, meaning, advice, source)
}

/// The code with whatever subcode has no row of its own.
const fn any(code: i64, meaning: &Meaning, advice: &'static str, source: &'static str) -> Row {
    row(code, Subcode::Any, meaning, advice, source)
}

/// The row for every pair that is not in the table. Its code is a placeholder.
pub const UNKNOWN: Row = any(
    i64::MIN,
    &Meaning(
        "unknown-error",
        Never,
        Part,
        "Facebook refused the message with an error that is not known yet. It needs attention: ask an admin to look at the \
         error code, then try again.",
    ),
    "Look the code up at Meta and report it, so that it gets a row of its own.",
    "none",
);

const META_FAULT: Meaning = Meaning(
    "meta-fault",
    After(Span::seconds(30)),
    Part,
    "Facebook had a fault of its own. The message is tried again by itself.",
);
const SENT_GARBLED: Meaning = Meaning(
    "sent-answer-garbled",
    Doubt,
    Part,
    "Facebook most likely sent the message but garbled its answer. Look at the conversation before sending again.",
);
const META_UNAVAILABLE: Meaning = Meaning(
    "meta-unavailable",
    After(Span::seconds(30)),
    Conversation,
    "Facebook could not take the message just now; this also happens when the customer blocked the Page. It is tried again \
     a few times by itself.",
);
const TEMPORARY: Meaning = Meaning(
    "temporary-failure",
    After(Span::seconds(30)),
    Part,
    "Facebook could not deliver the message just now. It is tried again by itself.",
);
const TERMS: Meaning = Meaning(
    "contact-terms-missing",
    Never,
    Page,
    "The Page has not accepted Facebook's contact terms. Ask an admin of the Page to accept them, then try again.",
);
const CAPABILITY: Meaning = Meaning(
    "capability-missing",
    Never,
    App,
    "This installation's app at Facebook lacks a capability it needs. Ask the operator to look at the app.",
);
const APP_LIMIT: Meaning = Meaning(
    "app-limit",
    After(Span::minutes(5)),
    App,
    "This installation has used up its calls to Facebook for now. The message is tried again by itself.",
);
const OPT_IN_LIMIT: Meaning = Meaning(
    "opt-in-limit",
    After(Span::hours(1)),
    Page,
    "The Page has asked for too many opt-ins. The message is tried again later by itself.",
);
const PAGE_LIMIT: Meaning = Meaning(
    "page-limit",
    After(Span::minutes(5)),
    Page,
    "The Page has used up its calls to Facebook for now. The message is tried again by itself.",
);
const RATE: Meaning = Meaning(
    "rate-limited",
    After(Span::minutes(1)),
    Page,
    "Facebook asks to send more slowly. The message is tried again by itself.",
);
const UNEVEN: Meaning = Meaning(
    "uneven-volume",
    After(Span::minutes(5)),
    App,
    "Facebook asks for a more even flow of messages. The message is tried again by itself.",
);
const TAGGED: Meaning = Meaning(
    "too-many-tagged",
    Never,
    Conversation,
    "Facebook warns that this customer got too many messages outside the 24 hours. Wait until the customer writes again.",
);
const PERMISSION: Meaning = Meaning(
    "permission-missing",
    Never,
    Page,
    "Facebook has withdrawn a permission that the Page needs for sending. Ask an admin to reconnect the Page, then try again.",
);
const NOT_LIVE: Meaning = Meaning(
    "app-not-approved",
    Never,
    App,
    "Facebook lets this installation write only to people with a role in its app. Ask the operator to finish Facebook's \
     review of the app.",
);
const WINDOW: Meaning = Meaning(
    "window-closed",
    Never,
    Conversation,
    "The time in which Facebook lets the Page answer this customer is over. Wait until the customer writes again, or reach \
     them in another way.",
);
const UNAVAILABLE: Meaning = Meaning(
    "customer-unavailable",
    Never,
    Conversation,
    "The customer cannot be reached in Messenger now: they may have blocked or muted the Page, or left Facebook. Try once \
     more after some hours, or reach them in another way.",
);
const UNKNOWN_CUSTOMER: Meaning = Meaning(
    "customer-unknown",
    Never,
    Conversation,
    "Facebook does not know this customer on this Page any more. Reach them in another way.",
);
const PRIVACY: Meaning = Meaning(
    "privacy-region",
    Never,
    Conversation,
    "Privacy rules of the customer's region forbid this kind of message. Send plain text or a picture instead.",
);
const RESTRICTED: Meaning = Meaning(
    "page-restricted",
    Never,
    Page,
    "Facebook has restricted the Page from sending for now. An admin finds the cause in the Page's Support Inbox; try again \
     when the restriction has ended.",
);
const MARKETING: Meaning = Meaning(
    "marketing-restricted",
    Never,
    Page,
    "Facebook has restricted the Page from sending marketing messages. Send an ordinary answer instead.",
);
const STOPPED: Meaning = Meaning(
    "topic-stopped",
    Never,
    Conversation,
    "The customer has stopped this kind of message. Send an ordinary answer instead.",
);
const CONTROL: Meaning = Meaning(
    "thread-controlled",
    Never,
    Conversation,
    "Another app or the Page's own inbox holds this conversation. Answer there, or have the conversation handed over to this \
     app, then try again.",
);
const AUTOMATED: Meaning = Meaning(
    "automated-answers-running",
    After(Span::minutes(1)),
    Conversation,
    "Messenger's automated questions are running in this conversation. The message is tried again by itself.",
);
const NO_DEFAULT: Meaning = Meaning(
    "no-default-app",
    Never,
    Page,
    "The Page has no default app, so the conversation cannot be taken over. Ask the Page's owner to choose one.",
);
const PARAMETER: Meaning = Meaning(
    "bad-parameter",
    Never,
    Part,
    "Facebook does not accept the message in this form: it may be too long, or marked in a way that is no longer allowed. \
     Change it and try again.",
);
const MISSING: Meaning = Meaning(
    "object-missing",
    Never,
    Conversation,
    "Facebook does not find what the message refers to, or does not let the Page see it. Ask an admin to check the Page.",
);
const NOT_FETCHED: Meaning = Meaning(
    "attachment-unreachable",
    After(Span::seconds(30)),
    Part,
    "Facebook could not fetch the attached file. It is tried again by itself.",
);
const FILE_TYPE: Meaning = Meaning(
    "attachment-type",
    Never,
    Part,
    "Facebook could not take the attached file: its content does not match its type. Attach it in another format.",
);
const FILE_GONE: Meaning =
    Meaning("attachment-expired", Never, Part, "Facebook no longer has the attached file. Attach it anew.");
const FILE_SIZE: Meaning = Meaning(
    "attachment-too-large",
    Never,
    Part,
    "The attached file is too large for Messenger: 8 MB for pictures, 25 MB for everything else. Send a smaller one.",
);
const VIDEO: Meaning = Meaning(
    "video-failed",
    After(Span::minutes(1)),
    Part,
    "Facebook could not work off the film: it took too long, or the file is damaged. It is tried again by itself.",
);
const WRONG_APP: Meaning = Meaning(
    "wrong-app",
    Never,
    App,
    "A setting names an app that Facebook does not know. Ask the operator to correct it.",
);
const INVALID: Meaning = Meaning(
    "message-invalid",
    Never,
    Part,
    "Facebook found the message empty or contradictory. Change it and try again.",
);
const TOKEN: Meaning = Meaning(
    "token-invalid",
    Never,
    Page,
    "The Page has lost its connection to Facebook. Ask an admin to reconnect the Page, then try again.",
);
const DUPLICATE: Meaning =
    Meaning("duplicate-post", Never, Part, "Facebook takes this for a repetition of the text before. Change the text.");
const ANSWERED: Meaning = Meaning(
    "private-reply-used",
    Never,
    Part,
    "This comment has had its one private reply already, perhaps from the Page's own inbox. Wait until the person answers.",
);
const COMMERCE: Meaning =
    Meaning("commerce-disabled", Never, Page, "Messages about purchases are switched off for the Page. Ask an admin.");
const NO_PROFILE: Meaning = Meaning(
    "no-profile",
    Never,
    Conversation,
    "Facebook has no name for this customer. Ask them for it if you need it.",
);
const PROFILE_PERMISSION: Meaning = Meaning(
    "profile-permission-missing",
    Never,
    App,
    "Facebook does not let this installation read customers' names. Ask the customer for it if you need it.",
);
const GONE: Meaning = Meaning(
    "message-gone",
    Never,
    Part,
    "Facebook no longer shows this message: it was deleted, or is too old to be read.",
);

const RECONNECT: &str = "Reconnect the Page.";
const SLOWER: &str = "Lower the sending rate of the Page; the usage headers show what is used up.";
const REVIEW: &str = "Publish the app and get Advanced Access to pages_messaging in App Review.";
const WAIT: &str = "Nothing; the customer must write first.";
const SUPPORT: &str = "Look at the Page's Support Inbox and Page Quality; stop automated sends meanwhile.";
const ROUTING: &str = "Look at Conversation Routing in the Page's settings.";
const PERSIST: &str = "If it goes on, look at Meta's status page and the app's access level.";

/// Every error of the Send API and its neighbours that is known.
pub const ROWS: [Row; 73] = [
    bare(1, &META_FAULT, PERSIST, CODES),
    is(1, 99, &META_FAULT, PERSIST, CODES),
    is(1, 1_357_046, &SENT_GARBLED, "Compare with the conversation at Facebook; never resend blindly.", CODES),
    any(2, &META_UNAVAILABLE, "If one conversation keeps failing, the customer has probably blocked the Page.", CODES),
    is(2, 2_018_344, &TERMS, "An admin of the Page accepts the Page Contact Terms.", CODES),
    any(3, &CAPABILITY, "Add the missing capability to the app in Meta's dashboard.", GRAPH),
    any(4, &APP_LIMIT, "Lower the rate of all Pages; the usage headers show what is used up.", CODES),
    is(9, 2_018_352, &OPT_IN_LIMIT, "Ask for fewer opt-ins.", CODES),
    bare(10, &PERMISSION, RECONNECT, CODES),
    is(10, 1_404_170, &MARKETING, SUPPORT, CODES),
    is(10, 1_893_015, &STOPPED, WAIT, CODES),
    is(10, 1_893_063, &RESTRICTED, SUPPORT, CODES),
    is(10, 2_018_065, &WINDOW, WAIT, CODES),
    is(10, 2_018_108, &UNAVAILABLE, WAIT, CODES),
    is(10, 2_018_278, &WINDOW, "If it comes inside 24 hours, compare this node's clock with Meta's.", CODES),
    is(10, 2_018_300, &CONTROL, ROUTING, FIELD),
    is(10, 2_018_336, &PRIVACY, "Nothing; the customer's account falls under the rules of the EU or Japan.", CODES),
    is(10, 2_534_022, &WINDOW, WAIT, CODES),
    any(17, &PAGE_LIMIT, "A person's token is used; reconnect the Page to get a Page token.", LIMITS),
    any(27, &NO_DEFAULT, "The owner sets a default app under Conversation Routing; it cannot be set by API.", FIELD),
    any(32, &PAGE_LIMIT, SLOWER, LIMITS),
    any(100, &PARAMETER, "Three message tags are dead since 2026-04-27; text may have 2,000 characters.", CODES),
    is(100, 33, &MISSING, "Check that the Page is still connected and the permission granted.", GRAPH),
    is(100, 2_018_001, &UNKNOWN_CUSTOMER, "The account was deleted, or the id belongs to another Page or app.", CODES),
    is(
        100,
        2_018_008,
        &NOT_FETCHED,
        "The address of attachments must be reachable from the internet within 10 s.",
        CODES,
    ),
    is(100, 2_018_014, &INVALID, "A message and a sender action were sent in one call.", CODES),
    is(100, 2_018_032, &INVALID, "The message has an invalid part.", CODES),
    is(100, 2_018_034, &INVALID, "The message is empty.", CODES),
    is(100, 2_018_047, &FILE_TYPE, "Check the MIME type under which attachments are served.", CODES),
    is(100, 2_018_074, &FILE_GONE, "Attachment ids belong to one Page and end after 90 days.", CODES),
    is(100, 2_018_109, &FILE_SIZE, "Nothing; the limit is Meta's.", CODES),
    is(100, 2_018_164, &WRONG_APP, "Correct the app id of the hand-over.", CODES),
    is(100, 2_018_218, &NO_PROFILE, "Nothing; the account was made with a telephone number.", PROFILE),
    is(100, 2_018_247, &PROFILE_PERMISSION, "Apply for Business Asset User Profile Access in App Review.", PROFILE),
    is(100, 2_018_292, &UNAVAILABLE, "Not in Meta's table; taken for an unavailable customer.", FIELD),
    is(100, 2_018_294, &VIDEO, "Facebook gives a film 75 s; serve it faster or smaller.", CODES),
    is(100, 2_534_037, &CONTROL, ROUTING, FIELD),
    any(102, &TOKEN, RECONNECT, CODES),
    any(190, &TOKEN, RECONNECT, CODES),
    is(190, 458, &TOKEN, "The person removed the app; reconnect the Page.", GRAPH),
    is(
        190,
        459,
        &TOKEN,
        "The person who connected the Page must pass a check at facebook.com, then reconnect it.",
        GRAPH,
    ),
    is(190, 460, &TOKEN, "The person changed the password or logged out everywhere; reconnect the Page.", GRAPH),
    is(190, 463, &TOKEN, "The token has expired; reconnect the Page.", GRAPH),
    is(
        190,
        464,
        &TOKEN,
        "The person's account is not confirmed; they log in at facebook.com, then reconnect it.",
        GRAPH,
    ),
    is(190, 467, &TOKEN, RECONNECT, GRAPH),
    is(190, 490, &TOKEN, "The person must pass a check at facebook.com, then reconnect the Page.", FIELD),
    is(190, 492, &TOKEN, "The person has lost their role on the Page; another admin reconnects it.", GRAPH),
    is(190, 2_069_032, &TOKEN, "A person's token was given where the Page's is needed; reconnect the Page.", GRAPH),
    bare(200, &PERMISSION, "Reconnect the Page with all permissions; see also the app's access level.", CODES),
    is(200, 1_545_041, &UNAVAILABLE, WAIT, CODES),
    is(200, 2_018_021, &NOT_LIVE, REVIEW, CODES),
    is(200, 2_018_027, &NOT_LIVE, REVIEW, CODES),
    is(200, 2_018_028, &NOT_LIVE, REVIEW, CODES),
    any(341, &APP_LIMIT, "Lower the rate of all Pages.", GRAPH),
    any(368, &RESTRICTED, SUPPORT, GRAPH),
    any(506, &DUPLICATE, "Nothing; the text repeats the one before.", GRAPH),
    any(551, &UNAVAILABLE, WAIT, CODES),
    any(613, &RATE, SLOWER, CODES),
    is(613, 1_996, &UNEVEN, "Spread bulk work over time.", LIMITS),
    is(613, 2_018_338, &TAGGED, "Use the Human Agent tag less for this customer.", CODES),
    any(1_200, &TEMPORARY, PERSIST, FIELD),
    any(2_022, &COMMERCE, "Switch commerce messages on for the Page.", CODES),
    any(2_500, &TOKEN, "The call had no token: reconnect the Page.", FIELD),
    any(10_900, &ANSWERED, "Nothing; Meta allows one private reply to a comment.", FIELD),
    any(80_001, &PAGE_LIMIT, SLOWER, LIMITS),
    any(80_005, &PAGE_LIMIT, "Leads are fetched too often; the usage headers show what is used up.", LIMITS),
    any(80_006, &PAGE_LIMIT, SLOWER, LIMITS),
    any(2_018_218, &NO_PROFILE, "Nothing; the account was made with a telephone number.", PROFILE),
    any(2_018_247, &PROFILE_PERMISSION, "Apply for Business Asset User Profile Access in App Review.", PROFILE),
    any(2_018_292, &UNAVAILABLE, "Not in Meta's table; taken for an unavailable customer.", FIELD),
    any(2_018_300, &CONTROL, ROUTING, CODES),
    any(2_018_321, &AUTOMATED, "Look at the automated answers in the Page's settings.", CODES),
    any(9_000_001, &GONE, "Details can be read of the 20 newest messages of a conversation only.", CODES),
];
