//! The web over real loopback sockets, against a node that is played by the test. One binary for all of it.

mod api;
mod fake;
mod forms;
mod guide;
mod ingress;
mod live;
mod pages;
mod paths;
mod scene;
mod scripts;
mod server;
mod sign_in;
mod wire;
