//! What is known about the bits of one value: the lattice of the analysis.

use wasmparser::{Ieee32, Ieee64, V128};

/// How a value is read as floating-point numbers. A scalar is one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    F32,
    F64,
    F32x4,
    F64x2,
}

/// Bit `i`: the canonical NaN that lane `i` stands for has its sign set. A scalar has bit 0 alone.
pub(super) type Signs = u8;

/// What is known about a value. A value only ever goes up: `Unknown`, then `Number`, `Mask` or
/// `Dirty`, then `Clean`; what is above may be assumed of what is below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taint {
    /// Not found out yet.
    Unknown,
    /// The same bits on every machine, and no lane is a NaN. Four lanes without a NaN have none when
    /// read as two either: the upper half of a 64-bit NaN is a 32-bit one.
    Number(Lane),
    /// The same bits on every machine, and each lane is all ones or all zeros.
    Mask(Lane),
    /// The same bits on every machine, but for lanes that are NaN: each stands for the canonical NaN
    /// with the given sign, whatever NaN is there.
    Dirty(Lane, Signs),
    /// The same bits on every machine.
    Clean,
}

impl Taint {
    /// The least that holds of a value that is one of the two.
    pub(super) fn join(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Unknown, known) | (known, Self::Unknown) => known,
            (Self::Number(_), Self::Number(_)) => Self::Number(Lane::F64x2),
            (Self::Mask(_), Self::Mask(_)) => Self::Mask(Lane::F32x4),
            (Self::Number(lane), Self::Dirty(dirty, signs))
            | (Self::Dirty(dirty, signs), Self::Number(lane))
                if lane.covers(dirty) =>
            {
                Self::Dirty(dirty, signs)
            }
            _ => Self::Clean,
        }
    }

    /// Whether a NaN in this value may have other bits on another machine.
    pub(super) fn is_dirty(self) -> bool {
        matches!(self, Self::Dirty(..))
    }

    /// Whether lanes of `lane` may be NaNs with other bits on another machine, or numbers that are
    /// parts of such a NaN.
    pub(super) fn is_dirty_but_as(self, lane: Lane) -> bool {
        matches!(self, Self::Dirty(dirty, _) if dirty != lane)
    }

    pub(super) fn of_f32(value: Ieee32) -> Self {
        if f32::from_bits(value.bits()).is_nan() { Self::Clean } else { Self::Number(Lane::F32) }
    }

    pub(super) fn of_f64(value: Ieee64) -> Self {
        if f64::from_bits(value.bits()).is_nan() { Self::Clean } else { Self::Number(Lane::F64) }
    }

    pub(super) fn of_v128(value: V128) -> Self {
        let is_mask = |lane| lanes(value, lane).all(|bits| bits == 0 || bits == lane.ones());
        let has_nan = |lane: Lane| lanes(value, lane).any(|bits| lane.is_nan(bits));
        if !has_nan(Lane::F32x4) {
            Self::Number(Lane::F32x4)
        } else if !has_nan(Lane::F64x2) {
            Self::Number(Lane::F64x2)
        } else if is_mask(Lane::F64x2) {
            Self::Mask(Lane::F64x2)
        } else if is_mask(Lane::F32x4) {
            Self::Mask(Lane::F32x4)
        } else {
            Self::Clean
        }
    }
}

impl Lane {
    /// Size of a lane.
    pub(super) fn bytes(self) -> usize {
        match self.scalar() {
            Self::F32 => 4,
            _ => 8,
        }
    }

    /// Size of a lane in bits.
    pub(super) fn bits(self) -> u32 {
        match self.scalar() {
            Self::F32 => 32,
            _ => 64,
        }
    }

    /// Number of lanes.
    pub(super) fn count(self) -> u8 {
        match self {
            Self::F32 | Self::F64 => 1,
            Self::F32x4 => 4,
            Self::F64x2 => 2,
        }
    }

    /// One lane by itself.
    pub(super) fn scalar(self) -> Self {
        match self {
            Self::F32 | Self::F32x4 => Self::F32,
            Self::F64 | Self::F64x2 => Self::F64,
        }
    }

    /// The signs of a value in which every lane's sign is set.
    pub(super) fn all(self) -> Signs {
        (1 << self.count()) - 1
    }

    /// Whether no NaN in lanes of `self` means no NaN in lanes of `other`.
    pub(super) fn covers(self, other: Self) -> bool {
        self == other || (self == Self::F32x4 && other == Self::F64x2)
    }

    /// The sign bit of a lane.
    pub(super) fn sign(self) -> u64 {
        match self.scalar() {
            Self::F32 => 1 << 31,
            _ => 1 << 63,
        }
    }

    /// All bits of a lane.
    pub(super) fn ones(self) -> u64 {
        match self.scalar() {
            Self::F32 => u64::from(u32::MAX),
            _ => u64::MAX,
        }
    }

    /// The bits of the positive canonical NaN.
    pub(super) fn nan(self) -> u64 {
        match self.scalar() {
            Self::F32 => 0x7fc0_0000,
            _ => 0x7ff8_0000_0000_0000,
        }
    }

    fn is_nan(self, bits: u64) -> bool {
        let infinity = match self.scalar() {
            Self::F32 => 0x7f80_0000,
            _ => 0x7ff0_0000_0000_0000,
        };
        bits & !self.sign() > infinity
    }
}

/// The lanes of a vector, each in the low bits.
pub(super) fn lanes(value: V128, lane: Lane) -> impl Iterator<Item = u64> {
    let bits = value.i128().cast_unsigned();
    (0..lane.count()).map(move |i| {
        let shifted = bits >> (u32::from(i) * lane.bits());
        let [low @ .., _, _, _, _, _, _, _, _] = shifted.to_le_bytes();
        u64::from_le_bytes(low) & lane.ones()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Taint; 9] = [
        Taint::Unknown,
        Taint::Number(Lane::F32x4),
        Taint::Number(Lane::F64x2),
        Taint::Mask(Lane::F32x4),
        Taint::Mask(Lane::F64x2),
        Taint::Dirty(Lane::F32x4, 0),
        Taint::Dirty(Lane::F32x4, 5),
        Taint::Dirty(Lane::F64x2, 1),
        Taint::Clean,
    ];

    /// The order in which a join is taken does not matter, so the order of the walk does not either.
    #[test]
    fn joins_are_those_of_a_lattice() {
        for a in ALL {
            assert_eq!(a.join(a), a);
            for b in ALL {
                assert_eq!(a.join(b), b.join(a));
                for c in ALL {
                    assert_eq!(a.join(b).join(c), a.join(b.join(c)), "{a:?} {b:?} {c:?}");
                }
            }
        }
    }
}
