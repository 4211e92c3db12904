//! What a host signs of its answers, so that it cannot deny them: statements, signed many at a time.
//!
//! A statement says how one replica ended. A host signs the root of a hash tree over the statements of
//! a batch; what is kept with each replica is that signature and the path from the statement to the root.
//! Two statements of one key that answer the same question differently prove, to anybody and without
//! the coordinator, that this key is not to be trusted.
//!
//! The core makes and follows paths. Whether the signature of the root is the key's is for the shell to
//! check, as everywhere.

mod tree;

use crate::digest::Digest;
use crate::id::ReplicaId;
use crate::key::{Key, Signature};
use crate::replica::Class;

pub use tree::{Path, paths, root};

/// What a host says of one replica.
///
/// The manifest's digest and the unit's index name the question in full: program, arguments, inputs and
/// seed follow from them. So a coordinator that gives one number to two jobs cannot make an honest host
/// contradict itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The digest of the job's manifest.
    pub manifest: Digest,
    /// The replica, by the coordinator's numbers.
    pub replica: ReplicaId,
    /// The answer.
    pub class: Class,
}

/// That a statement is among those of a signed batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The host's signature of the root.
    pub signature: Signature,
    /// From the statement to the root.
    pub path: Path,
}

/// A statement with all that it takes to check who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedStatement {
    /// Whose it is said to be.
    pub key: Key,
    /// What is said.
    pub statement: Statement,
    /// That it was signed.
    pub proof: Proof,
}

/// Two statements that no honest host would both make. See [`equivocation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equivocation {
    /// The one that counted.
    pub first: SignedStatement,
    /// The one that came after it.
    pub second: SignedStatement,
}

impl Statement {
    /// Its hash: a leaf of the tree.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let (tag, answer, work) = match self.class {
            Class::Outputs { answer, work } => (0, answer, work),
            Class::Error { error, work } => (1, error, work),
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"manyhands statement v1\0");
        hasher.update(self.manifest.as_bytes());
        hasher.update(&self.replica.unit.job.0.to_le_bytes());
        hasher.update(&self.replica.unit.index.to_le_bytes());
        hasher.update(&self.replica.number.to_le_bytes());
        hasher.update(&[tag]);
        hasher.update(answer.as_bytes());
        hasher.update(&work.to_le_bytes());
        Digest(hasher.finalize().into())
    }
}

impl SignedStatement {
    /// What the signature in its proof must be a signature of.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.proof.path.root(self.statement.digest())
    }
}

/// Whether the two statements contradict each other: made with one key, on the same unit of the same
/// manifest, with different answers. That both signatures are the key's must be checked beside it.
///
/// # Errors
/// Why they prove nothing.
pub fn equivocation(a: &SignedStatement, b: &SignedStatement) -> Result<(), NoContradiction> {
    if a.key != b.key {
        return Err(NoContradiction::Keys);
    }
    let question = |of: &SignedStatement| (of.statement.manifest, of.statement.replica.unit.index);
    if question(a) != question(b) {
        return Err(NoContradiction::Questions);
    }
    if a.statement.class == b.statement.class {
        return Err(NoContradiction::Answers);
    }
    Ok(())
}

/// Why two statements prove nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoContradiction {
    /// Two hosts may differ.
    #[error("they are of two keys")]
    Keys,
    /// Two questions may have two answers.
    #[error("they are about different units, or units of different manifests")]
    Questions,
    /// There is nothing wrong with repeating oneself.
    #[error("they say the same")]
    Answers,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::JobId;

    fn statement(job: u64, unit: u32, number: u16, work: u64) -> Statement {
        let class = Class::Outputs { answer: Digest::of(b"42"), work };
        Statement {
            manifest: Digest::of(b"manifest"),
            replica: JobId(job).unit(unit).replica(number),
            class,
        }
    }

    fn signed(key: u8, statement: Statement) -> SignedStatement {
        let proof = Proof { signature: Signature([0; 64]), path: Path::default() };
        SignedStatement { key: Key([key; 32]), statement, proof }
    }

    #[test]
    fn every_part_of_a_statement_is_in_its_digest() {
        let one = statement(1, 2, 3, 4);
        let Class::Outputs { answer, work } = one.class else { panic!() };
        let others = [
            Statement { manifest: Digest::of(b"other"), ..one },
            statement(9, 2, 3, 4),
            statement(1, 9, 3, 4),
            statement(1, 2, 9, 4),
            statement(1, 2, 3, 9),
            Statement { class: Class::Outputs { answer: Digest::of(b"43"), work }, ..one },
            Statement { class: Class::Error { error: answer, work }, ..one },
        ];
        for other in others {
            assert_ne!(other.digest(), one.digest(), "{other:?}");
        }
    }

    /// The numbers of job and replica are the coordinator's; what it asked is not.
    #[test]
    fn only_different_answers_of_one_key_to_one_question_contradict() {
        let one = signed(1, statement(1, 2, 3, 4));
        let check = |other: &SignedStatement| equivocation(&one, other);
        assert_eq!(check(&signed(1, statement(7, 2, 0, 5))), Ok(()));
        assert_eq!(check(&one), Err(NoContradiction::Answers));
        assert_eq!(check(&signed(1, statement(7, 2, 0, 4))), Err(NoContradiction::Answers));
        assert_eq!(check(&signed(2, statement(1, 2, 3, 5))), Err(NoContradiction::Keys));
        assert_eq!(check(&signed(1, statement(1, 3, 3, 5))), Err(NoContradiction::Questions));
        let elsewhere = Statement { manifest: Digest::of(b"x"), ..statement(1, 2, 3, 5) };
        assert_eq!(check(&signed(1, elsewhere)), Err(NoContradiction::Questions));
    }
}
