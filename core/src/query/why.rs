//! One sentence on why something does not move.
