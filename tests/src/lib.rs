//! What the tests over the real node share: a rig that starts one, processes, callers, load, and the judge of the
//! promise that nothing acknowledged is lost or doubled.
//!
//! No test is here and no rule of the product; the judge compares what the outside was told with what is stored.

pub mod apart;
pub mod bench;
pub mod browser;
pub mod disks;
pub mod facts;
pub mod flood;
pub mod http;
pub mod load;
pub mod process;
pub mod promise;
pub mod real;
pub mod rig;
pub mod wait;
pub mod wire;
