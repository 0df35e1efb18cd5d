//! `cargo xtask bench sim`: an allocator, as the shipped binary has it, and one call. What is measured and how is in the
//! library's `bench::sim`.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    it::bench::sim::main()
}
