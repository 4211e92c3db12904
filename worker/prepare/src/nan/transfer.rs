//! What is known of a value from what is known of its inputs, and which inputs must be made canonical
//! for it.
//!
//! Every function here is monotone: what is known of an input only goes up, and so do the answer
//! and the demands. That is what makes the solver end, and its result independent of the order.

use super::graph::{BitOp, Need, SignMap, Source};
use super::taint::{Lane, Signs, Taint, lanes};

/// What follows for a value: its taint, and for each input whether it must not be dirty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) taint: Taint,
    pub(super) demands: [bool; 3],
}

/// The inputs are passed on unharmed.
fn passes(taint: Taint) -> Verdict {
    Verdict { taint, demands: [false; 3] }
}

/// The bits of all inputs are seen.
const SEES_BITS: Verdict = Verdict { taint: Taint::Clean, demands: [true; 3] };

/// A value that may be either of two, whose bits someone needs.
fn joined(taint: Taint) -> Verdict {
    if taint == Taint::Clean { SEES_BITS } else { passes(taint) }
}

/// What is needed of each input of a value of which `need` is needed.
pub(super) fn needs(source: &Source, need: Need) -> [Need; 3] {
    let Need::Numbers(lane) = need else { return [need; 3] };
    match source {
        Source::Copy(_) | Source::Phi { .. } | Source::Either { compared: None, .. } => [need; 3],
        Source::Either { compared: Some(compared), .. } if *compared == lane => [need; 3],
        Source::Signs { f32, f64, .. } if for_lane(*f32, *f64, lane).is_some() => [need; 3],
        Source::Splat { lane: own, .. } if *own == lane => [Need::Nothing; 3],
        Source::Replace { lane: own, .. } if *own == lane => [need, Need::Nothing, Need::Nothing],
        Source::Shuffle { picks, .. } if moves(picks, lane).is_some() => [need; 3],
        _ => [Need::Bits; 3],
    }
}

/// The verdict on `source`, of which `need` is needed, given the taints of its inputs.
pub(super) fn judge(source: &Source, need: Need, inputs: [Taint; 3]) -> Verdict {
    if let Need::Numbers(lane) = need
        && needs(source, need)[0] != Need::Bits
    {
        let demands = inputs.map(|taint| taint.is_dirty_but_as(lane));
        return Verdict { taint: Taint::Dirty(lane, 0), demands };
    }
    let [x, y, z] = inputs;
    match *source {
        Source::Fixed(taint) => passes(taint),
        Source::Constant(value) => passes(Taint::of_v128(value)),
        Source::Copy(_) | Source::Phi { .. } => passes(x),
        Source::Either { compared, .. } => either(x, y, compared),
        Source::Signs { f32, f64, .. } => signs(x, f32, f64),
        Source::Blend { .. } => blend(x, y, z),
        Source::Bits { op, .. } => bits(x, y, op),
        Source::Not(_) => match x {
            Taint::Unknown | Taint::Mask(_) => passes(x),
            _ => SEES_BITS,
        },
        Source::Extract { lane, index, .. } => extract(x, lane, index),
        Source::Splat { lane, .. } => match x {
            Taint::Dirty(_, signs) => passes(Taint::Dirty(lane, signs * lane.all())),
            Taint::Number(_) => passes(Taint::Number(lane)),
            _ => passes(x),
        },
        Source::Replace { lane, index, .. } => replace(x, y, lane, index),
        Source::Shuffle { picks, .. } => shuffle(x, y, &picks),
    }
}

fn for_lane(f32: Option<SignMap>, f64: Option<SignMap>, lane: Lane) -> Option<SignMap> {
    match lane.scalar() {
        Lane::F32 => f32,
        _ => f64,
    }
}

fn either(a: Taint, b: Taint, compared: Option<Lane>) -> Verdict {
    let garbled = |t: Taint| compared.is_some_and(|lane| t.is_dirty_but_as(lane));
    if garbled(a) || garbled(b) { SEES_BITS } else { joined(a.join(b)) }
}

fn signs(x: Taint, f32: Option<SignMap>, f64: Option<SignMap>) -> Verdict {
    match x {
        Taint::Unknown => passes(x),
        Taint::Dirty(lane, signs) => match for_lane(f32, f64, lane) {
            Some(map) => passes(Taint::Dirty(lane, signs & map.keep ^ map.flip)),
            None => SEES_BITS,
        },
        Taint::Number(lane) if for_lane(f32, f64, lane).is_some() => passes(x),
        Taint::Number(Lane::F32x4) if f64.is_some() => passes(Taint::Number(Lane::F64x2)),
        _ => passes(Taint::Clean),
    }
}

/// Whether a mask of `mask` lanes takes or leaves whole lanes of `lane`.
fn aligned(mask: Lane, lane: Lane) -> bool {
    mask == Lane::F64x2 || lane == Lane::F32x4
}

fn blend(a: Taint, b: Taint, mask: Taint) -> Verdict {
    match (mask, a.join(b)) {
        (Taint::Unknown, _) => passes(Taint::Unknown),
        (Taint::Mask(_), Taint::Unknown) => passes(Taint::Unknown),
        (Taint::Mask(mask), taint @ (Taint::Dirty(lane, _) | Taint::Number(lane)))
            if aligned(mask, lane) =>
        {
            passes(taint)
        }
        _ => SEES_BITS,
    }
}

fn bits(x: Taint, y: Taint, op: BitOp) -> Verdict {
    match (x, y) {
        (Taint::Unknown, _) | (_, Taint::Unknown) => passes(Taint::Unknown),
        (Taint::Mask(_), Taint::Mask(_)) => passes(x.join(y)),
        (kept @ (Taint::Dirty(lane, _) | Taint::Number(lane)), Taint::Mask(mask))
            if op != BitOp::OrXor && aligned(mask, lane) =>
        {
            passes(kept)
        }
        (Taint::Mask(mask), kept @ (Taint::Dirty(lane, _) | Taint::Number(lane)))
            if op == BitOp::And && aligned(mask, lane) =>
        {
            passes(kept)
        }
        _ => SEES_BITS,
    }
}

fn extract(x: Taint, lane: Lane, index: u8) -> Verdict {
    match x {
        Taint::Unknown => passes(x),
        Taint::Dirty(dirty, signs) if dirty == lane => {
            passes(Taint::Dirty(lane.scalar(), signs >> index & 1))
        }
        Taint::Number(number) if number.covers(lane) => passes(Taint::Number(lane.scalar())),
        _ => SEES_BITS,
    }
}

fn replace(x: Taint, scalar: Taint, lane: Lane, index: u8) -> Verdict {
    // The signs of what may be dirty, and none of what is no NaN.
    let signs_of = |taint, lane| match taint {
        Taint::Dirty(dirty, signs) if dirty == lane => Some((true, signs)),
        Taint::Number(number) if number.covers(lane) => Some((false, 0)),
        _ => None,
    };
    if x == Taint::Unknown || scalar == Taint::Unknown {
        return passes(Taint::Unknown);
    }
    match (signs_of(x, lane), signs_of(scalar, lane.scalar())) {
        (Some((false, _)), Some((false, _))) => passes(Taint::Number(lane)),
        (Some((_, signs)), Some((_, sign))) => {
            passes(Taint::Dirty(lane, signs & !(1 << index) | sign << index))
        }
        _ => SEES_BITS,
    }
}

/// For each lane of the result, which of the lanes of both vectors it is; `None` if the bytes are not
/// moved as whole lanes.
fn moves(picks: &[u8; 16], lane: Lane) -> Option<impl Iterator<Item = u8> + Clone + '_> {
    let is_whole = |bytes: &[u8]| {
        usize::from(bytes[0]).is_multiple_of(lane.bytes())
            && bytes.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1]))
    };
    let lanes = picks.chunks_exact(lane.bytes());
    lanes.clone().all(is_whole).then(|| lanes.map(move |bytes| bytes[0] >> lane.bytes().ilog2()))
}

fn shuffle(a: Taint, b: Taint, picks: &[u8; 16]) -> Verdict {
    // A vector of which nothing is picked has no say.
    let (a, b) = match (picks.iter().any(|i| *i < 16), picks.iter().any(|i| *i >= 16)) {
        (true, true) => (a, b),
        (true, false) => (a, a),
        _ => (b, b),
    };
    if a == Taint::Unknown || b == Taint::Unknown {
        return passes(Taint::Unknown);
    }
    let moves_f32 = moves(picks, Lane::F32x4).is_some();
    let moves_f64 = moves(picks, Lane::F64x2).is_some();
    match either_signs(a, b) {
        (Taint::Number(Lane::F32x4), _) if moves_f32 => passes(Taint::Number(Lane::F32x4)),
        (Taint::Number(_), _) if moves_f64 => passes(Taint::Number(Lane::F64x2)),
        (Taint::Mask(Lane::F64x2), _) if moves_f64 => passes(Taint::Mask(Lane::F64x2)),
        (Taint::Mask(_), _) if moves_f32 => passes(Taint::Mask(Lane::F32x4)),
        (Taint::Dirty(lane, _), signs) => match moves(picks, lane) {
            Some(sources) => passes(Taint::Dirty(lane, permuted(sources, signs))),
            None => SEES_BITS,
        },
        _ => SEES_BITS,
    }
}

/// The join of two vectors but for the signs, and the signs of `a`'s lanes followed by those of `b`'s.
fn either_signs(a: Taint, b: Taint) -> (Taint, Signs) {
    let parts = |taint| match taint {
        Taint::Dirty(lane, signs) => (Taint::Dirty(lane, 0), signs, lane.count()),
        other => (other, 0, 0),
    };
    let ((a, a_signs, a_count), (b, b_signs, b_count)) = (parts(a), parts(b));
    (a.join(b), a_signs | b_signs << a_count.max(b_count))
}

fn permuted(sources: impl Iterator<Item = u8>, signs: Signs) -> Signs {
    sources.enumerate().fold(0, |sum, (i, source)| sum | (signs >> source & 1) << i)
}

/// How combining with the constant `value` changes lanes, if it does nothing but set or flip signs, or
/// set lanes to zero.
pub(super) fn sign_map(value: wasmparser::V128, op: ConstOp, lane: Lane) -> Option<SignMap> {
    let mut map = SignMap { keep: 0, flip: 0 };
    for (i, bits) in lanes(value, lane).enumerate() {
        let (keep, flip) = lane_map(bits, op, lane)?;
        map.keep |= u8::from(keep) << i;
        map.flip |= u8::from(flip) << i;
    }
    Some(map)
}

/// An operation of which one operand is a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConstOp {
    And,
    /// The constant is inverted first.
    AndNot,
    Or,
    Xor,
}

fn lane_map(bits: u64, op: ConstOp, lane: Lane) -> Option<(bool, bool)> {
    let same = (true, false);
    let positive_or_zero = (false, false);
    match op {
        ConstOp::AndNot => lane_map(bits ^ lane.ones(), ConstOp::And, lane),
        ConstOp::And if bits == lane.ones() => Some(same),
        ConstOp::And if bits == 0 || bits == lane.ones() ^ lane.sign() => Some(positive_or_zero),
        ConstOp::Or | ConstOp::Xor if bits == 0 => Some(same),
        ConstOp::Or if bits == lane.sign() => Some((false, true)),
        ConstOp::Xor if bits == lane.sign() => Some((true, true)),
        _ => None,
    }
}
