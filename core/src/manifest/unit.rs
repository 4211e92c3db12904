//! What one unit of a manifest is.

use std::collections::BTreeMap;

use super::{Artefact, Axis, Draft, Source, Template};
use crate::digest::Digest;
use crate::private::Salt;

/// Everything that a worker needs to run one unit, beside the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitSpec {
    /// Its position in the grid.
    pub index: u32,
    /// The value on each axis, in the order of the axes.
    pub values: Vec<(String, String)>,
    /// The arguments, without the program's name.
    pub args: Vec<String>,
    /// Paths under `/in`, each with its blob.
    pub inputs: Vec<(String, Artefact)>,
    /// The standard input, if it is not empty.
    pub stdin: Option<Artefact>,
}

impl UnitSpec {
    /// The salts of its private inputs, in the order of its inputs, that of the standard input last.
    pub fn salts(&self) -> impl Iterator<Item = Salt> {
        self.inputs.iter().map(|(_, artefact)| artefact).chain(&self.stdin).filter_map(|it| it.salt)
    }
}

/// The seed of all randomness inside a unit: every replica of it sees the same.
#[must_use]
pub fn unit_seed(manifest: &Digest, index: u32) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("manyhands 2026 seed of a work unit v1");
    hasher.update(manifest.as_bytes()).update(&index.to_le_bytes());
    hasher.finalize().into()
}

/// Computes unit `index` of a draft that was checked.
pub(super) fn spec(draft: &Draft, args: &[Template], index: u32) -> UnitSpec {
    let grid = positions(&draft.axes, index);
    let texts: BTreeMap<&str, String> = grid
        .iter()
        .filter_map(|(axis, position)| Some((axis.name.as_str(), axis.values.text(*position)?)))
        .collect();
    let artefact = |source: &Source| match source {
        Source::Fixed(artefact) => Some(artefact.clone()),
        Source::Axis(name) => {
            let (axis, position) = grid.iter().find(|(axis, _)| axis.name == *name)?;
            axis.values.artefact(*position).cloned()
        }
    };
    let inputs = draft.inputs.iter();
    UnitSpec {
        index,
        args: args.iter().map(|template| template.fill(&texts)).collect(),
        inputs: inputs.filter_map(|i| Some((i.path.clone(), artefact(&i.source)?))).collect(),
        stdin: draft.stdin.as_ref().and_then(artefact),
        values: named(&draft.axes, &texts),
    }
}

/// The position of unit `index` on each axis: its digits in the mixed radix of the axes' lengths,
/// the last axis being the fastest.
fn positions(axes: &[Axis], index: u32) -> Vec<(&Axis, u64)> {
    let mut rest = u64::from(index);
    let mut positions: Vec<(&Axis, u64)> = Vec::with_capacity(axes.len());
    for axis in axes.iter().rev() {
        let count = axis.values.count().max(1);
        positions.push((axis, rest % count));
        rest /= count;
    }
    positions.reverse();
    positions
}

fn named(axes: &[Axis], texts: &BTreeMap<&str, String>) -> Vec<(String, String)> {
    let value = |axis: &Axis| texts.get(axis.name.as_str()).cloned().unwrap_or_default();
    axes.iter().map(|axis| (axis.name.clone(), value(axis))).collect()
}
