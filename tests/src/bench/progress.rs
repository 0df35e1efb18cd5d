//! Says on standard error how far a bench is, where a person watches; nothing where nobody does.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over the steps of a bench.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Over so many steps.
    pub(crate) fn over(steps: u64) -> Self {
        let watched = std::io::stderr().is_terminal();
        let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {msg}");
        let bar = ProgressBar::with_draw_target(Some(steps), target);
        Self(match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    /// What comes now.
    pub(crate) fn says(&self, what: String) {
        self.0.set_message(what);
        self.0.tick();
    }

    /// Some steps are done.
    pub(crate) fn done(&self, steps: u64) {
        self.0.inc(steps);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
