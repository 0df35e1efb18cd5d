//! Tests of the machines from outside: approved traces, laws over random lives, stored forms, edges.
//!
//! Only invented people. Nothing here reads a clock: a life has its own time.

mod account;
mod ads;
mod content;
mod control;
mod kinds;
mod kit;
mod laws;
mod life;
mod menu;
mod orders;
mod page;
mod scripts;
mod sending;
mod stored;
mod tasks;
mod traces;
