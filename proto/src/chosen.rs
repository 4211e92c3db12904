//! What hosts have done of their own choice, as they tell each other: signed, so that a host is bound by it to
//! whoever was told.

use manyhands_core::agent::selfchosen::{CHOSEN_MAX, Commitment};
use manyhands_core::digest::Digest;
use manyhands_core::key::{Key, Signature};

use crate::convert::{WireError, digest, signature};
use crate::identity::{Context, Identity, PublicKey};
use crate::v1;

const COMMITMENT: Context = Context::new("manyhands commitment v1");

/// Largest message, with some room for what later versions say.
pub const CHOSEN_BYTES_MAX: usize = 16 * 1_024;

/// Why it is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChosenError {
    /// It breaks a rule of the wire.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// More than one host may choose.
    #[error("commitments: has {0} items where at most {CHOSEN_MAX} are allowed")]
    TooMany(usize),
    /// Whose it is said to be did not sign it.
    #[error("commitments[{0}].signature: is not the sender's: it was changed or forged")]
    Signature(usize),
}

/// A commitment and its host's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedCommitment {
    /// That the host has an answer.
    pub commitment: Commitment,
    /// The host's.
    pub signature: Signature,
}

/// A host says that it has an answer. `commitment` must be its own.
#[must_use]
pub fn sign(identity: &Identity, commitment: Commitment) -> SignedCommitment {
    let signature = identity.sign(COMMITMENT, commitment.digest().as_bytes());
    SignedCommitment { commitment, signature: Signature(signature) }
}

/// Writes what a host has done of a job; at most [`CHOSEN_MAX`], the first ones.
#[must_use]
pub fn message(manifest: &Digest, all: &[SignedCommitment]) -> v1::ChosenUnits {
    let written = all.iter().take(CHOSEN_MAX).map(|signed| v1::Commitment {
        unit: signed.commitment.unit,
        sealed: signed.commitment.sealed.0.to_vec().into(),
        signature: signed.signature.0.to_vec().into(),
    });
    v1::ChosenUnits { manifest: manifest.0.to_vec().into(), commitments: written.collect() }
}

/// Reads what `host` says that it has done, and of which job.
///
/// # Errors
/// [`ChosenError`], which names the field.
pub fn open(
    message: &v1::ChosenUnits,
    host: &PublicKey,
) -> Result<(Digest, Vec<Commitment>), ChosenError> {
    let manifest = digest("manifest", &message.manifest)?;
    if message.commitments.len() > CHOSEN_MAX {
        return Err(ChosenError::TooMany(message.commitments.len()));
    }
    let read = |(at, written): (usize, &v1::Commitment)| {
        let sealed = digest(&format!("commitments[{at}].sealed"), &written.sealed)?;
        let of_host = signature(&format!("commitments[{at}].signature"), &written.signature)?;
        let unit = written.unit;
        let commitment = Commitment { manifest, unit, host: Key(*host.as_bytes()), sealed };
        let is_signed = host.verify(COMMITMENT, commitment.digest().as_bytes(), &of_host.0);
        is_signed.map_err(|_bad| ChosenError::Signature(at))?;
        Ok(commitment)
    };
    let commitments = message.commitments.iter().enumerate().map(read);
    Ok((manifest, commitments.collect::<Result<_, ChosenError>>()?))
}

#[cfg(test)]
mod tests {
    use manyhands_core::replica::Class;
    use prost::Message as _;

    use super::*;

    fn identity(number: u8) -> Identity {
        Identity::from_seed(&[number; 32])
    }

    fn signed(unit: u32) -> SignedCommitment {
        let (manifest, answer) = (Digest([7; 32]), Digest([unit.to_le_bytes()[0]; 32]));
        let host = Key(*identity(1).public_key().as_bytes());
        let class = Class::Outputs { answer, work: 5 };
        sign(&identity(1), Commitment::new(manifest, unit, host, class, &[9; 32]))
    }

    #[test]
    fn what_a_host_says_is_read_as_it_was_meant_and_fits() {
        let all: Vec<SignedCommitment> = (0..70).map(|n| signed(u32::MAX - n)).collect();
        let message = message(&Digest([7; 32]), &all);
        assert!(message.encoded_len() < CHOSEN_BYTES_MAX, "{}", message.encoded_len());
        let (manifest, read) = open(&message, &identity(1).public_key()).unwrap();
        let meant: Vec<Commitment> = all.iter().take(64).map(|it| it.commitment).collect();
        assert_eq!((manifest, read), (Digest([7; 32]), meant));
    }

    #[test]
    fn what_is_forged_absurd_or_too_much_is_refused_by_name() {
        let whole = message(&Digest([7; 32]), &[signed(1), signed(2)]);
        let check = |change: fn(&mut v1::ChosenUnits), host: u8, expected: &str| {
            let mut changed = whole.clone();
            change(&mut changed);
            let refused = open(&changed, &identity(host).public_key()).unwrap_err().to_string();
            assert!(refused.starts_with(expected), "{refused}");
        };
        check(|_same| {}, 2, "commitments[0].signature: is not the sender's");
        check(|it| it.commitments[1].unit = 3, 1, "commitments[1].signature: is not the sender's");
        check(|it| it.manifest = vec![8; 32].into(), 1, "commitments[0].signature: ");
        check(|it| it.manifest = vec![7; 31].into(), 1, "manifest: ");
        check(|it| it.commitments[1].sealed = vec![].into(), 1, "commitments[1].sealed: ");
        check(|it| it.commitments = vec![v1::Commitment::default(); 65], 1, "commitments: has 65");
    }
}
