//! Telling the worker how far the program is.

#[cfg(target_family = "wasm")]
mod host {
    #[link(wasm_import_module = "manyhands")]
    #[expect(unsafe_code, reason = "a host function can only be declared in an extern block")]
    // SAFETY: the signature is that of the step ABI; the host reads one number and keeps nothing.
    unsafe extern "C" {
        pub(super) safe fn progress(parts_per_million: i32);
    }
}

#[cfg(not(target_family = "wasm"))]
mod host {
    /// A native run has nobody to tell.
    pub(super) fn progress(_parts_per_million: i32) {}
}

/// Says that `done` of `total` is done. Costs one call into the worker; once a step is plenty.
///
/// Natively it does nothing.
pub fn progress(done: u64, total: u64) {
    host::progress(parts_per_million(done, total));
}

/// `done / total` in millionths, within 0 ..= 1,000,000; nothing of nothing is all of it.
fn parts_per_million(done: u64, total: u64) -> i32 {
    const ALL: i32 = 1_000_000;
    if done >= total {
        return ALL;
    }
    let parts = u128::from(done) * 1_000_000 / u128::from(total);
    i32::try_from(parts).unwrap_or(ALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stay_within_the_million() {
        assert_eq!(parts_per_million(0, 3), 0);
        assert_eq!(parts_per_million(1, 3), 333_333);
        assert_eq!(parts_per_million(7, 3), 1_000_000);
        assert_eq!(parts_per_million(0, 0), 1_000_000);
        assert_eq!(parts_per_million(u64::MAX - 1, u64::MAX), 999_999);
    }
}
