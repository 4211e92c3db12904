//! What a scientist asks for: an error, and against whom.

/// The share of wrong answers that is accepted, and against how many bad hosts it is to hold.
///
/// "`error` = 1e-3 against 20 % colluding" is `error_ppb: 1_000_000`, with 200,000 for both shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confidence {
    /// Wrong answers in a thousand million, 1 to [`ERROR_PPB_MAX`](Self::ERROR_PPB_MAX).
    pub error_ppb: u32,
    /// The share of all work, in millionths, that hosts do which lie or are faulty, 1 to
    /// [`HOSTILE_PPM_MAX`](Self::HOSTILE_PPM_MAX).
    pub hostile_ppm: u32,
    /// The share of all work, in millionths, of hosts that tell the same lies, at most
    /// `hostile_ppm` and [`COLLUDING_PPM_MAX`](Self::COLLUDING_PPM_MAX).
    pub colluding_ppm: u32,
}

/// All of something, in millionths.
pub(super) const PPM: u32 = 1_000_000;

impl Confidence {
    /// One in ten: who asks for less needs no checks.
    pub const ERROR_PPB_MAX: u32 = 100_000_000;
    /// Above this honest hosts are hardly a majority of anything.
    pub const HOSTILE_PPM_MAX: u32 = 450_000;
    /// Above this a dispute takes more copies than a unit may have.
    pub const COLLUDING_PPM_MAX: u32 = 350_000;

    /// Checks every bound.
    ///
    /// # Errors
    /// The first part that is out of its bounds, with the bounds.
    pub fn check(&self) -> Result<(), ConfidenceError> {
        let colluding_max = self.hostile_ppm.min(Self::COLLUDING_PPM_MAX);
        within("error_ppb", self.error_ppb, 1, Self::ERROR_PPB_MAX)?;
        within("hostile_ppm", self.hostile_ppm, 1, Self::HOSTILE_PPM_MAX)?;
        within("colluding_ppm", self.colluding_ppm, 0, colluding_max)
    }
}

fn within(field: &'static str, value: u32, min: u32, max: u32) -> Result<(), ConfidenceError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(ConfidenceError { field, value, min, max })
}

/// A confidence that nobody can give.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("confidence.{field} is {value}; it must be between {min} and {max}")]
pub struct ConfidenceError {
    /// The part.
    pub field: &'static str,
    /// What was asked for.
    pub value: u32,
    /// The least that is allowed.
    pub min: u32,
    /// The most that is allowed.
    pub max: u32,
}
