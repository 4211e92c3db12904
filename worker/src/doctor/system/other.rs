//! What systems other than Linux are not asked.

use crate::doctor::Finding;
use crate::slots::Priority;

/// A slot that could not take its priority would have said so instead of starting.
pub(in crate::doctor) fn priority(_process: Option<u32>, wished: Priority) -> Finding {
    let taken = match wished {
        Priority::Inherited => "as much as the worker's, as wished",
        Priority::Lowest if cfg!(windows) => "the idle priority class of Windows",
        Priority::Lowest => "nice 19, the most there is",
    };
    Finding::well("priority", format!("{taken}; what the system makes of it is not looked at here"))
}

/// Who waits is not asked for here.
pub(in crate::doctor) fn load() -> Finding {
    Finding::well("other programs", "they get as many cores as they have; who waits is not told")
}

/// Nobody was asked.
pub(in crate::doctor) fn clock() -> Finding {
    Finding::well("clock", "unknown who sets it")
}
