//! What the help of each command ends with: examples to type, and exit codes.
//!
//! Texts alone. Invariant: every example can be typed as it stands, with folders and files of one's own.

pub(super) const EXAMPLES: &str = "\
Examples:
  pagedesk sandbox                              try everything, without a Facebook account
  pagedesk config example > pagedesk.toml       begin a configuration
  pagedesk serve --config pagedesk.toml         run a node
  pagedesk journal cat --dir /var/lib/pagedesk  read what it decided
  pagedesk replay ./recording                   run recorded traffic against this build
  pagedesk policy explain facts.json            may this be sent, and why?
  pagedesk sim run --seeds 0..100               judge this build in made-up worlds

Exit codes: 0 ok, 1 check failed, 2 usage, 3 configuration, a store or an output that cannot be
used, 4 nothing matched, 5 unreadable recording or facts, 6 node unreachable, 70 internal";

pub(super) const SERVE: &str = "\
Examples:
  pagedesk serve --config /etc/pagedesk.toml
  pagedesk serve --config pagedesk.toml --check           says all that is wrong with it
  pagedesk serve --config pagedesk.toml --set listen.desk=127.0.0.1:9000
  PAGEDESK__STORE__DIR=/srv/pagedesk pagedesk serve --config pagedesk.toml

SIGTERM or SIGINT end it in an orderly way: what is under way is finished, the store is closed.";

pub(super) const SANDBOX: &str = "\
Examples:
  pagedesk sandbox                                      prints the addresses, ends with Ctrl-C
  pagedesk sandbox --dir ./state                        keeps its state
  pagedesk sandbox --listen-desk 127.0.0.1:8081         fixed addresses instead of free ones
  pagedesk sandbox --play replay-corpus/recordings/first-steps --exit --json
  pagedesk sandbox --script day.txt --dir ./state --exit
                                                        then: pagedesk corpus export

With --json one JSON object goes to standard output: the addresses, or with --play or --script
what was played came to; then the addresses are one line of JSON on standard error, among the
log. docs/format/corpus.md and docs/format/scenario.md say what a recording and a scenario
are. During a scenario the stand-in makes no echoes and receipts of the node's answers: whoever
plays the recording of it makes their own.

Exit codes with --play and --script: 0 nothing was lost, every line could be carried out and
no rule was broken, 1 not so, 3 --dir holds a store already, 4 nothing in it, 5 unreadable";

pub(super) const JOURNAL: &str = "\
Examples:
  pagedesk journal cat --dir /var/lib/pagedesk --machine c/104000000000017/
  pagedesk journal cat --dir /var/lib/pagedesk --from 100 --to 200 --json
  pagedesk journal verify --dir /var/lib/pagedesk
  pagedesk journal stats --dir /var/lib/pagedesk --json

All of them write nothing and may run beside a node. What customers said is masked
unless --reveal is given.";

pub(super) const CORPUS: &str = "\
Examples:
  pagedesk corpus import ./payloads             whole deliveries, single entries or single items
  pagedesk corpus import ./payloads --json
  pagedesk corpus import ./payloads --out ./recording     writes them as a recording, too
  pagedesk corpus export --dir /var/lib/pagedesk --out ./recording
  pagedesk corpus export --dir /var/lib/pagedesk --out ./monday --from 2026-06-08 --to 2026-06-09
  pagedesk corpus lint ./recording
  pagedesk corpus stats ./recording
  pagedesk corpus split ./recording --by page --out ./parts
  pagedesk corpus join ./parts --out ./whole

Exit codes of import: 0 every file is JSON, 4 there is no *.json file or no such folder, 5 some
are no JSON; one bad file never stops the others. What was not understood is named with its file.
With --out also 3 the folder is there already or cannot be written, 4 no payload is a delivery.
Those of the others stand under --help of each.";

pub(super) const EXPORT: &str = "\
Examples:
  pagedesk corpus export --dir /var/lib/pagedesk --out ./recording
  pagedesk corpus export --dir /var/lib/pagedesk --out ./recording --key-file redaction.key
  pagedesk corpus export --dir /var/lib/pagedesk --out ./one --conversation PAGE/PSID
  pagedesk corpus export --dir /var/lib/pagedesk --out ./hour --from 2026-06-08T07:00:00Z --kind message
  pagedesk corpus export --dir ./state --out ./recording --no-redaction    a sandbox's store
  pagedesk replay ./recording --approve

Writes deliveries.jsonl, facts.jsonl, customers.jsonl and, where there is none yet, manifest.toml.
With --force the files of an earlier export are these alone; others in its folder stay. Names, texts, numbers and addresses become pseudonyms of the same form; who is who,
what is equal and the order of ids stay, so that the recording comes to the same decisions. The same store and key
give the same bytes. Nothing is signed: who plays a recording signs with a secret of its own.

With --page, --conversation and --kind a body that holds other items too keeps only what was asked
for; the manifest says how many are not as they came. Kinds are those of `corpus stats`; agents'
comments are of the kind `comment`. The name of a Page holds for its conversations too.

Exit codes: 0 written, 3 a store that cannot be used or is no sandbox's and was to be shown as
it is, a recording that is there already or is of other Pages, 4 nothing came in or nothing is
what was asked for, 5 a delivery that a recording cannot hold";

pub(super) const LINT: &str = "\
Examples:
  pagedesk corpus lint ./recording
  pagedesk corpus lint ./recordings --deny names.txt     names and numbers you know, one a line
  pagedesk corpus lint ./recording --json

Finds e-mail addresses, phone numbers, links, tokens and ids that are no pseudonyms, and what is
denied. Each finding is told with file, line, place and kind; of what was found only the first
character. Names cannot be told from other words: deny those you know.

Exit codes: 0 nothing was found, 1 something was, 3 the list cannot be read, 4 nothing is in a
recording, 5 no recording, or a file that is no recording's";

pub(super) const AGENT: &str = "\
Examples:
  pagedesk agent hash                                   asks for a password, prints its hash
  pagedesk agent hash --login ada --name 'Ada Osei'     prints an [[agent]] for the configuration
  pwgen 24 1 | pagedesk agent hash --login ada          takes the password from a pipe
  (umask 077; pagedesk agent hash --login ada >> pagedesk.toml)
                                                        a file that others cannot read";

pub(super) const TOKEN: &str = "\
Examples:
  pagedesk token new --name shop --scope send
  pagedesk token new --name wiki --scope read --scope send

  (umask 077; pagedesk token new --name shop --scope send >> pagedesk.toml)
                                                        shows the token, keeps its hash

Prints a [[token]] with the token's hash for the configuration, which gives nobody the token back.
The token itself is shown this once, on standard error.";

pub(super) const CAT: &str = "\
Examples:
  pagedesk journal cat --dir /var/lib/pagedesk --machine c/104000000000017/
  pagedesk journal cat --dir /var/lib/pagedesk --from 100 --to 200 --json

A line is one record:
  position  of its batch in the journal; the records of one decision share it
  instant   when it was decided, in UTC
  machine   whose: a/ACCOUNT, p/PAGE, c/PAGE/PSID
  #number   the machine's own count of its records, without gaps
  kind      what happened; `effect`: it asks for work outside, `baseline`: it holds the whole state
  body      JSON, masked unless --reveal is given

Only journal.redb is needed, and keys.redb to open what is sealed.

Exit codes: 1 some records are damaged, or stay sealed because keys.redb is missing (the others
are shown), 3 the journal cannot be used, 4 nothing matched";

pub(super) const VERIFY: &str = "\
Reads every row of journal.redb, keys.redb, inbox.redb, inbox.wal and
desk.redb and compares them, and the checksums of all their pages, but
for a file to which a node writes all the while. What it counts:
  batches       decisions; each lies at a position of its own, the newest
                at `last`
  records       events in them; `sealed` ones opened, `erased` ones whose
                key was ended on purpose
  machines      accounts, Pages and conversations
  open effects  work outside that is not settled: sends, tasks, questions
  deadlines     machines that wait for an instant
  snapshots     cached states; losing them costs start-up time only
  deliveries    requests of Meta, with the bytes of their bodies; `without
                row` ones are in inbox.wal alone
  unforgotten   deliveries not yet marked done: marks are stored lazily,
                so some of them may be done
  tasks         of the embedded desk, with their comments and contacts;
                `effects` are requests of the node that it answered

Exit codes: 0 everything agrees, 1 something does not, or a file is damaged
or missing (the table and --json name it), 3 there is no store, or it cannot
be read for another reason";

pub(super) const STATS: &str = "\
Nothing is checked; `pagedesk journal verify` does that. Beside a running
node the counts are those of the last commit; what the node has done since
is not in them yet.

Exit codes: 0 counted, 3 the store cannot be used";

pub(super) const CONFIG: &str = "\
Examples:
  pagedesk config example > pagedesk.toml
  pagedesk config show --config pagedesk.toml  what holds, and where each value comes from";
