//! Runs the same prepared guests under several code generators and on two instruction sets (x86-64, and
//! aarch64 under an emulator), and compares what they came to.
//!
//! The sandbox promises equal bytes on every machine. What it cannot promise by itself is that its
//! compiler keeps to WebAssembly on each of them. Here that is put to the test:
//!
//! - *Cranelift* for this machine, as workers use it;
//! - *Pulley*, the engine's interpreter: another back end of the compiler, and another way to compute
//!   every single instruction, on this same machine;
//! - this whole program built for aarch64 and run under an emulator (`second-isa.sh`), whose answers are
//!   a list to compare with.
//!
//! Map: [`corpus`] makes the [`Case`]s; a [`Machine`] runs one and gives its [`Answer`]; [`Table`]
//! compares lists of answers; [`unprepared`] shows what would differ if nothing was prepared.

mod answer;
mod case;
pub mod corpus;
mod machine;
mod table;
pub mod unprepared;

pub use self::answer::{Answer, How, UnreadableAnswer};
pub use self::case::Case;
pub use self::machine::{Machine, answers};
pub use self::table::{Difference, Table};
