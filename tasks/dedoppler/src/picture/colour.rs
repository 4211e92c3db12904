//! Colours.

/// Red, green, blue.
pub(super) type Rgb = [u8; 3];

pub(super) const BACKGROUND: Rgb = [13, 12, 22];
pub(super) const PANEL: Rgb = [20, 19, 34];
pub(super) const FRAME: Rgb = [78, 76, 104];
pub(super) const PLAIN: Rgb = [164, 162, 186];
pub(super) const BRIGHT: Rgb = [236, 234, 244];
pub(super) const MARK: Rgb = [92, 220, 235];

/// From dark to light through purple and orange, evenly light in steps for the eye.
const HEAT: [Rgb; 9] = [
    [0, 0, 4],
    [31, 12, 72],
    [85, 15, 109],
    [136, 34, 106],
    [186, 54, 85],
    [227, 89, 51],
    [249, 140, 10],
    [249, 201, 50],
    [252, 255, 164],
];

/// The colour of a part between 0 and 1; what is outside gets the colour of the end.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "small positive numbers; a cast from floating point saturates"
)]
pub(super) fn heat(part: f32) -> Rgb {
    let position = part.clamp(0.0, 1.0) * (HEAT.len() - 1) as f32;
    let index = (position as usize).min(HEAT.len() - 2);
    let share = position - index as f32;
    let (from, to) = (HEAT[index], HEAT[index + 1]);
    std::array::from_fn(|i| {
        let (from, to) = (f32::from(from[i]), f32::from(to[i]));
        (from + (to - from) * share + 0.5) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_and_anchors_are_met() {
        assert_eq!(heat(-1.0), HEAT[0]);
        assert_eq!(heat(0.5), HEAT[4]);
        assert_eq!(heat(2.0), HEAT[8]);
    }
}
