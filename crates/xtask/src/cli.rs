//! The command line of `cargo xtask`: its words, their help and examples. What they do lives elsewhere.

use clap::{Parser, Subcommand};

/// Everything that is done to the workspace and is not the product.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, about, max_term_width = 100)]
pub struct Cli {
    /// The chore asked for.
    #[command(subcommand)]
    pub chore: Chore,
}

/// One chore. Each exits 0 when all is well, 1 when a check failed, 2 on a wrong command line, 70 on a fault of its own.
#[derive(Debug, Subcommand)]
pub enum Chore {
    /// Run the whole gate: format, tidy, dependencies, lints, build, tests; seconds of each stage against its budget.
    #[command(after_help = "Examples:
  cargo xtask ci
  PAGEDESK_ADVISORY_DB=~/advisory-db cargo xtask ci    also checks advisories against that checkout

Budgets stand in docs/TESTING.md. A stage over its budget is a warning. The last line is `N passed, N failed`.")]
    Ci,

    /// Build and run the tests; the last line is `N passed, N failed`.
    #[command(after_help = "Examples:
  cargo xtask test                       everything, documentation tests too
  cargo xtask test -p webhook            one crate
  cargo xtask test window                tests whose name holds `window`
  cargo xtask test -E 'package(it)'      any filter of cargo-nextest

Installs cargo-nextest into target/tools when the machine has none; Debian's chromium and chromium-driver by apt-get, as
root, unless packages other than `it` are chosen.")]
    Test {
        /// Handed to cargo-nextest; with any of them, documentation tests are left out.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },

    /// Check what no compiler checks: dependency edges, file lengths, headers, names, words, the top level.
    #[command(after_help = "Examples:
  cargo xtask tidy

Looks at the files that git tracks and at new ones it does not ignore. Each finding names file, line, what is wrong
and what to do. Exit 1 on any error; warnings alone pass.")]
    Tidy,

    /// Accept changed traces and snapshots on purpose: run the tests, write what they saw, list the changed files.
    #[command(after_help = "Examples:
  cargo xtask bless                      all of them
  cargo xtask bless -p machine           those of one crate

Read `git diff` afterwards: the differences are the review.")]
    Bless {
        /// Handed to cargo-nextest.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },

    /// Run a bench of the release build; without a name, list them.
    #[command(after_help = "Examples:
  cargo xtask bench
  cargo xtask bench ingest --json
  cargo xtask bench ingest --known 1000000

Everything after the name goes to the bench. Quote ratios of one run: absolute figures move with the machine.")]
    Bench {
        /// The bench: NAME of tests/src/bin/bench-NAME.rs.
        name: Option<String>,
        /// Handed to the bench.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },

    /// Run the tests at length and append the result, with commit and machine, to docs/SOAK.md.
    #[command(after_help = "Examples:
  cargo xtask soak
  PROPTEST_CASES=100000 cargo xtask soak -p machine

Tests read PAGEDESK_SOAK=1 and run longer; properties try PROPTEST_CASES cases (10,000 unless set).")]
    Soak {
        /// Handed to cargo-nextest.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_bench_gets_its_own_flags() {
        let cli = Cli::parse_from(["cargo xtask", "bench", "ingest", "--json", "--known", "5"]);
        let Chore::Bench { name, args } = cli.chore else { panic!("not a bench") };
        assert_eq!(name.as_deref(), Some("ingest"));
        assert_eq!(args, ["--json", "--known", "5"]);
    }

    #[test]
    fn the_tests_get_the_flags_of_nextest() {
        let cli = Cli::parse_from(["cargo xtask", "test", "-p", "webhook", "signature"]);
        let Chore::Test { args } = cli.chore else { panic!("not the tests") };
        assert_eq!(args, ["-p", "webhook", "signature"]);
    }

    #[test]
    fn every_chore_shows_an_example() {
        for chore in Cli::command().get_subcommands() {
            let help = chore.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("cargo xtask"), "{} has no example", chore.get_name());
        }
    }
}
