//! Where rows are kept: implementations of the core's `Store`.

pub mod sqlite;
