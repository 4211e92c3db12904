//! Jobs with private inputs: the coordinator wants their secret, keeps it, and leases come with keys.

use manyhands_core::digest::Digest;
use manyhands_core::manifest::{Artefact, Axis, Draft, Input, Manifest, Source, Values};
use manyhands_core::private::{JobSecret, Salt};
use manyhands_proto::convert::{encode_manifest, input_keys};
use manyhands_proto::private::Cipher;
use tonic::Code;

use crate::grid::{Grid, Person, draft};

const SECRET: JobSecret = JobSecret([7; 32]);
/// What only units 0, 1 and all of them read.
const TEXTS: [&[u8]; 3] = [b"of the first", b"of the second", b"of both"];

fn salt(text: &[u8]) -> Salt {
    SECRET.salt(&Digest::of(text))
}

/// A private blob, put as ciphertext.
async fn put(scientist: &mut Person, text: &[u8]) -> Artefact {
    let mut bytes = text.to_vec();
    Cipher::new(&SECRET.key(&salt(text))).apply(&mut bytes);
    let digest = scientist.put(&bytes).await.unwrap();
    Artefact { name: "x".to_owned(), digest, bytes: bytes.len() as u64, salt: Some(salt(text)) }
}

/// Two units that read a private file each, and one that is the same for both.
async fn describe(scientist: &mut Person) -> Manifest {
    let [first, second, both] = TEXTS;
    let files = vec![put(scientist, first).await, put(scientist, second).await];
    let both = Source::Fixed(put(scientist, both).await);
    let axes = vec![Axis { name: "n".to_owned(), values: Values::Files(files) }];
    let inputs = vec![Input { path: "both".to_owned(), source: both }];
    let stdin = Some(Source::Axis("n".to_owned()));
    let secret = Some(SECRET.commitment());
    let manifest = Manifest::new(Draft { axes, inputs, stdin, secret, ..draft("private", 2) });
    let manifest = manifest.unwrap();
    let (bytes, _) = encode_manifest(&manifest).unwrap();
    scientist.put(&bytes).await.unwrap();
    scientist.put(crate::grid::MODULE).await.unwrap();
    manifest
}

#[tokio::test]
async fn a_lease_brings_the_keys_of_its_unit_and_no_others_also_after_a_restart() {
    let grid = Grid::start().await;
    let mut scientist = grid.scientist().await;
    let manifest = describe(&mut scientist).await;
    scientist.try_submit_with(&manifest, &SECRET.0).await.unwrap();
    let grid = grid.restart().await;

    let mut worker = grid.host().await;
    worker.want(2).await;
    let mut leases = worker.leases().await.leases;
    leases.sort_unstable_by_key(|lease| lease.replica.unwrap().unit);
    let keys: Vec<_> = leases.iter().map(|lease| input_keys(lease).unwrap()).collect();
    let [first, second, both] = TEXTS.map(|text| SECRET.key(&salt(text)));
    assert_eq!(keys, [[both, first], [both, second]]);
}

#[tokio::test]
async fn without_the_right_secret_nothing_is_submitted() {
    let grid = Grid::start().await;
    let mut scientist = grid.scientist().await;
    let manifest = describe(&mut scientist).await;
    for (secret, said) in [
        (&[][..], "secret: has 0 bytes where 32 are needed"),
        (&[7; 31], "secret: has 31 bytes where 32 are needed"),
        (&[8; 32], "secret: is not the one that the manifest commits to"),
    ] {
        let refused = scientist.try_submit_with(&manifest, secret).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, said));
    }
    let open = crate::grid::manifest("open", 1);
    let (bytes, _) = encode_manifest(&open).unwrap();
    scientist.put(&bytes).await.unwrap();
    let refused = scientist.try_submit_with(&open, &SECRET.0).await.unwrap_err();
    assert_eq!(refused.message(), "secret: the manifest has no private inputs");
}
