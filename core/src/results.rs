//! All outputs of a job as one digest, so that a folder of fetched files can be checked against it.

use crate::digest::Digest;
use crate::replica::Output;

/// The name of what a program printed.
pub const STDOUT: &str = "stdout";

/// What the digest is for. Another layout gets another name.
const CONTEXT: &str = "manyhands 2026 outputs of a job v1";

/// Whether an output becomes a file: an empty standard output is every silent program's, and does not.
#[must_use]
pub fn is_kept(output: &Output) -> bool {
    output.name != STDOUT || output.bytes > 0
}

/// A digest over files in the order of units, and of names in each unit. It holds one file at a time.
#[derive(Clone, Debug)]
pub struct Results {
    hasher: blake3::Hasher,
    files: u64,
    bytes: u64,
}

/// What all outputs of a job are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultsDigest {
    /// Names them all.
    pub digest: Digest,
    /// How many files they are.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl Default for Results {
    fn default() -> Self {
        Self { hasher: blake3::Hasher::new_derive_key(CONTEXT), files: 0, bytes: 0 }
    }
}

impl Results {
    /// Adds the next file: the unit's index, the length of its name, the name, the digest of its
    /// content, and how long that is, numbers with their lowest byte first.
    pub fn add(&mut self, unit: u32, name: &str, content: &Digest, bytes: u64) {
        self.hasher.update(&unit.to_le_bytes());
        self.hasher.update(&(name.len() as u64).to_le_bytes());
        self.hasher.update(name.as_bytes());
        self.hasher.update(content.as_bytes());
        self.hasher.update(&bytes.to_le_bytes());
        self.files = self.files.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// What was added until now.
    #[must_use]
    pub fn digest(&self) -> ResultsDigest {
        let digest = Digest(self.hasher.finalize().into());
        ResultsDigest { digest, files: self.files, bytes: self.bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_every_file_counts_and_so_does_their_order() {
        let (x, y) = (Digest::of(b"x"), Digest::of(b"y"));
        let digest = |files: &[(u32, &str, Digest, u64)]| {
            let mut results = Results::default();
            files.iter().for_each(|(unit, name, content, bytes)| {
                results.add(*unit, name, content, *bytes);
            });
            results.digest().digest
        };
        let all = [
            digest(&[]),
            digest(&[(0, "a", x, 1)]),
            digest(&[(1, "a", x, 1)]),
            digest(&[(0, "b", x, 1)]),
            digest(&[(0, "a", y, 1)]),
            digest(&[(0, "a", x, 2)]),
            digest(&[(0, "a", x, 1), (1, "a", y, 1)]),
            digest(&[(1, "a", y, 1), (0, "a", x, 1)]),
        ];
        let different: std::collections::BTreeSet<_> = all.into_iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn only_an_empty_standard_output_is_no_file() {
        let kept = |name, content: &[u8]| is_kept(&Output::inline(name, content.to_vec()));
        assert_eq!(
            [kept("stdout", b""), kept("stdout", b"x"), kept("a", b"")],
            [false, true, true]
        );
    }
}
