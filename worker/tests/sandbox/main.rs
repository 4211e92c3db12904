//! The sandbox on real programs and on hostile ones.

mod checkpoints;
mod determinism;
mod hostile;
mod limits;
mod programs;
mod workbench;
