//! The samples after the header.

use crate::filterbank::{FilterbankError, Header};
use crate::plane::Plane;

/// Most samples taken: 128 MiB as they are searched.
const CELLS_MAX: usize = 1 << 25;

/// Turns the bytes after the header into power.
pub(super) fn decode(header: &Header, data: &[u8]) -> Result<Plane, FilterbankError> {
    let width = header.bits as usize / 8;
    let rows = data.len() / width / header.channels;
    if rows < 2 {
        return Err(FilterbankError::TooFewRows(rows));
    }
    let cells = rows * header.channels;
    if cells > CELLS_MAX {
        return Err(FilterbankError::TooLarge { cells, cells_max: CELLS_MAX });
    }
    let data = &data[..cells * width];
    let cells: Vec<f32> = match header.bits {
        8 => data.iter().map(|&byte| f32::from(byte)).collect(),
        16 => words(data).map(|word| f32::from(u16::from_le_bytes(word))).collect(),
        _ => words(data).map(f32::from_le_bytes).collect(),
    };
    if let Some(index) = cells.iter().position(|cell| !cell.is_finite()) {
        let (row, channel) = (index / header.channels, index % header.channels);
        return Err(FilterbankError::NotFinite { row, channel });
    }
    Ok(Plane::from_cells(header.channels, cells))
}

fn words<const N: usize>(data: &[u8]) -> impl Iterator<Item = [u8; N]> {
    data.as_chunks().0.iter().copied()
}
