//! A binary hash tree over the statements of a batch, and paths from a leaf to its root.
//!
//! Statements and inner nodes are hashed under different prefixes, so neither can pass for the other.
//! A level of odd length ends with a node over its last hash and 32 zero bytes, so that the bits of a
//! leaf's position say, from the lowest, on which side its path comes in.

use crate::digest::Digest;
use crate::limits::BATCH_MAX;

/// Most hashes of a path: a batch has at most so many levels.
const LEVELS_MAX: usize = BATCH_MAX.next_power_of_two().trailing_zeros() as usize;

/// What a level of odd length is filled up with. Nobody knows bytes with this hash.
const NOTHING: Digest = Digest([0; 32]);

/// The way from one leaf to the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// The position of the leaf.
    at: u16,
    /// The hashes beside the way, from the leaf up.
    beside: Vec<Digest>,
}

impl Path {
    /// A path from parts that somebody sent or stored; none if it is longer than any, or if the position
    /// is not one of so many levels.
    #[must_use]
    pub fn from_parts(at: u16, beside: Vec<Digest>) -> Option<Self> {
        let fits = beside.len() <= LEVELS_MAX && usize::from(at) >> beside.len() == 0;
        fits.then_some(Self { at, beside })
    }

    /// The position of the leaf.
    #[must_use]
    pub fn at(&self) -> u16 {
        self.at
    }

    /// The hashes beside the way, from the leaf up.
    #[must_use]
    pub fn beside(&self) -> &[Digest] {
        &self.beside
    }

    /// Where the way leads from this leaf.
    #[must_use]
    pub fn root(&self, leaf: Digest) -> Digest {
        let step = |(level, hash): (usize, Digest), beside: &Digest| {
            let is_right = usize::from(self.at) >> level & 1 == 1;
            let hash = if is_right { node(beside, &hash) } else { node(&hash, beside) };
            (level + 1, hash)
        };
        self.beside.iter().fold((0, leaf), step).1
    }
}

/// The root over `leaves`. Over a single one it is that leaf.
#[must_use]
pub fn root(leaves: &[Digest]) -> Digest {
    let levels = levels(leaves);
    levels.last().and_then(|top| top.first()).copied().unwrap_or(NOTHING)
}

/// The path of each of at most [`BATCH_MAX`] leaves, in their order.
#[must_use]
pub fn paths(leaves: &[Digest]) -> Vec<Path> {
    let levels = levels(leaves);
    let below_top = levels.split_last().map_or(&[][..], |(_, below)| below);
    let path = |at: u16| {
        let beside = below_top.iter().enumerate().map(|(level, hashes)| {
            hashes.get(usize::from(at) >> level ^ 1).copied().unwrap_or(NOTHING)
        });
        Path { at, beside: beside.collect() }
    };
    (0_u16..).take(leaves.len()).map(path).collect()
}

/// All levels, from the leaves to the root.
fn levels(leaves: &[Digest]) -> Vec<Vec<Digest>> {
    let mut levels = vec![leaves.to_vec()];
    while let Some(last) = levels.last().filter(|last| last.len() > 1) {
        let pairs = last.chunks(2);
        let above = pairs.map(|pair| node(&pair[0], pair.get(1).unwrap_or(&NOTHING))).collect();
        levels.push(above);
    }
    levels
}

fn node(left: &Digest, right: &Digest) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"manyhands statements v1\0");
    hasher.update(left.as_bytes());
    hasher.update(right.as_bytes());
    Digest(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaves(count: usize) -> Vec<Digest> {
        (0..count).map(|n| Digest::of(&n.to_le_bytes())).collect()
    }

    #[test]
    fn every_leaf_of_every_size_leads_to_the_root() {
        for count in (1..70).chain([BATCH_MAX - 1, BATCH_MAX]) {
            let leaves = leaves(count);
            let root = root(&leaves);
            for (leaf, path) in leaves.iter().zip(paths(&leaves)) {
                assert_eq!(path.root(*leaf), root, "{count} leaves, {path:?}");
                let again = Path::from_parts(path.at(), path.beside().to_vec());
                assert_eq!(again, Some(path));
            }
        }
        assert_eq!(paths(&[]), []);
    }

    proptest! {
        #[test]
        fn nothing_else_leads_there(count in 1_usize..40, at: usize, other: usize, level: usize) {
            let leaves = leaves(count);
            let (root, at) = (root(&leaves), at % count);
            let path = paths(&leaves).swap_remove(at);
            let foreign = Digest::of(&[other.to_le_bytes(), level.to_le_bytes()].concat());
            prop_assert_ne!(path.root(foreign), root);
            if other % count != at {
                prop_assert_ne!(path.root(leaves[other % count]), root);
            }
            if !path.beside.is_empty() {
                let mut bent = path.clone();
                let level = level % path.beside.len();
                bent.beside[level] = foreign;
                prop_assert_ne!(bent.root(leaves[at]), root);
                let mut turned = path;
                turned.at ^= 1 << level;
                prop_assert_ne!(turned.root(leaves[at]), root);
            }
        }
    }

    #[test]
    fn paths_that_no_batch_has_are_refused() {
        assert_eq!(Path::from_parts(1, vec![]), None);
        assert_eq!(Path::from_parts(4, leaves(2)), None);
        assert_eq!(Path::from_parts(0, leaves(LEVELS_MAX + 1)), None);
        assert!(Path::from_parts(1_000, leaves(LEVELS_MAX)).is_some());
    }
}
