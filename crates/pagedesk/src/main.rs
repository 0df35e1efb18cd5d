//! The binary: an allocator and one call. Everything else is in the library, so that tests start the same code.

use std::process::ExitCode;

/// Long-lived and multi-threaded: the system's allocator keeps more memory than it gives back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    pagedesk::main()
}
