//! The instructions that metering adds, as *spans* that leave the operand stack as it was.
//!
//! Every span begins with a reserved local or the reserved global, and ends by setting the running count or
//! the global. The guest's own code has neither, so spans can be found again.

use wasm_encoder::InstructionSink;

use crate::meter::survey::Plan;

/// Locals that a counting function gets: the running count and two places for a loop's entry value.
pub(super) const LOCALS: u32 = 3;

/// The names of what metering adds to one function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    /// The reserved global.
    pub(super) total: u32,
    /// The running count, an `i64` local; an `i32` and an `i64` for entry values follow it.
    pub(super) count: u32,
}

impl Names {
    /// The local that keeps the induction variable's value at the loop's entry.
    pub(super) fn entry(self, is_wide: bool) -> u32 {
        self.count + if is_wide { 2 } else { 1 }
    }

    /// Adds work to the running count.
    pub(super) fn charge(self, sink: &mut InstructionSink<'_>, work: u64) {
        sink.local_get(self.count).i64_const(work.cast_signed()).i64_add().local_set(self.count);
    }

    /// Adds work to the global.
    pub(super) fn charge_total(self, sink: &mut InstructionSink<'_>, work: u64) {
        sink.global_get(self.total).i64_const(work.cast_signed()).i64_add().global_set(self.total);
    }

    /// Adds the running count to the global, and lets the count begin again.
    pub(super) fn flush(self, sink: &mut InstructionSink<'_>) {
        sink.global_get(self.total).local_get(self.count).i64_add();
        sink.i64_const(0).local_set(self.count).global_set(self.total);
    }

    /// Keeps the induction variable's value at a loop's entry.
    pub(super) fn enter(self, sink: &mut InstructionSink<'_>, plan: &Plan) {
        sink.local_get(self.count)
            .local_get(plan.local)
            .local_set(self.entry(plan.is_wide))
            .local_set(self.count);
    }

    /// Adds the work of a loop that is being left: all whole iterations, and `work` of the last one.
    ///
    /// With n whole iterations done, the induction variable is `entry + n * step`, and one `step` more if
    /// the last iteration has changed it (`is_changed`). So `entry - local (+ step)` is `n * -step` in
    /// 32 or 64 bits. Let `-step` be `odd << zeros`: after a shift down, multiplying by the inverse of `odd`
    /// gives n, in the bits that are left.
    pub(super) fn settle(
        self,
        sink: &mut InstructionSink<'_>,
        plan: &Plan,
        is_changed: bool,
        work: u64,
    ) {
        let width = if plan.is_wide { 64 } else { 32 };
        let mask = u64::MAX >> (64 - width);
        let negated = plan.step.wrapping_neg().cast_unsigned() & mask;
        let zeros = negated.trailing_zeros();
        let (inverse, left) = (inverse(negated >> zeros), mask >> zeros);
        sink.local_get(self.entry(plan.is_wide)).local_get(plan.local);
        if plan.is_wide {
            sink.i64_sub();
            if is_changed {
                sink.i64_const(plan.step).i64_add();
            }
            if zeros > 0 {
                sink.i64_const(zeros.into()).i64_shr_u();
            }
            sink.i64_const(inverse.cast_signed()).i64_mul();
        } else {
            sink.i32_sub();
            if is_changed {
                sink.i32_const(low(plan.step.cast_unsigned())).i32_add();
            }
            if zeros > 0 {
                sink.i32_const(low(zeros.into())).i32_shr_u();
            }
            sink.i32_const(low(inverse)).i32_mul().i64_extend_i32_u();
        }
        if zeros > 0 {
            sink.i64_const(left.cast_signed()).i64_and();
        }
        sink.i64_const(plan.work.cast_signed()).i64_mul();
        if work > 0 {
            sink.i64_const(work.cast_signed()).i64_add();
        }
        sink.local_get(self.count).i64_add().local_set(self.count);
    }
}

/// The low 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are what is asked for")]
fn low(value: u64) -> i32 {
    (value as u32).cast_signed()
}

/// The inverse of an odd number modulo 2^64, by Newton's iteration: an odd number is its own inverse
/// modulo 8, and each round doubles the bits that are right.
fn inverse(odd: u64) -> u64 {
    (0..5)
        .fold(odd, |inverse, _| inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse))))
}

#[cfg(test)]
mod tests {
    use super::inverse;

    #[test]
    fn inverses() {
        for odd in [1, 3, 5, 7, 0x1234_5679, u64::MAX, u64::MAX - 2, 0x8000_0000_0000_0001] {
            assert_eq!(odd.wrapping_mul(inverse(odd)), 1, "of {odd}");
        }
    }
}
