//! A blob on disk, piece by piece: what is here was checked against the blob's digest.
//!
//! Beside the bytes lies their *outboard*: the hashes of BLAKE3's tree down to groups of 16 KiB, 0.4 %
//! of the blob. With them any piece can be sent together with a proof, and with a proof any piece can be
//! checked alone.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use bao_tree::io::outboard::PreOrderOutboard;
use bao_tree::io::round_up_to_chunks;
use bao_tree::io::sync::{CreateOutboard, decode_ranges, encode_ranges_validated};
use bao_tree::io::{DecodeError, EncodeError};
use bao_tree::{BaoTree, BlockSize, ByteRanges, ChunkRanges};
use manyhands_core::digest::Digest;
use manyhands_core::swarm::{GROUP_BYTES, Geometry, GeometryError, Pieces};

/// Groups of 16 KiB: 16 of BLAKE3's chunks.
const BLOCK: BlockSize = BlockSize::from_chunk_log(4);
const _: () = assert!(BLOCK.bytes() as u64 == GROUP_BYTES, "what is verified at once");

/// Bytes of a pair of hashes, of which a proof consists.
const PAIR_BYTES: u64 = 64;

/// More pairs than any path from the root to a group has.
const PATH_PAIRS_MAX: u64 = 64;

/// Why a blob on disk, or a piece of it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// It is too large or empty.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// There is no such piece.
    #[error("there is no piece {0}")]
    Unknown(u32),
    /// The bytes do not match the digest.
    #[error("piece {piece} does not match {digest}")]
    Corrupt {
        /// The blob.
        digest: Digest,
        /// The piece.
        piece: u32,
    },
    /// The whole file is not the blob.
    #[error("the file is {found}, not {expected}")]
    Other {
        /// What it should be.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// The disk failed.
    #[error("cannot use the blob's files: {0}")]
    Io(#[from] io::Error),
}

/// A blob on disk, complete or in the making.
#[derive(Debug)]
pub struct Blob {
    digest: Digest,
    geometry: Geometry,
    data: File,
    outboard: File,
    held: Pieces,
}

impl Blob {
    /// A complete blob. If the outboard is that of an earlier time it is used; otherwise the blob is read once to make it.
    ///
    /// # Errors
    /// [`BlobError`]; [`BlobError::Other`] if it has not the expected digest.
    pub fn whole(data: &Path, outboard: &Path, digest: Digest) -> Result<Self, BlobError> {
        let data = File::open(data)?;
        let geometry = Geometry::new(data.metadata()?.len())?;
        let held = Pieces::all(geometry.pieces());
        let known = Self { digest, geometry, data, outboard: open(outboard)?, held };
        // Each piece is checked against it whenever it is sent.
        if known.is_sound(0) { Ok(known) } else { known.indexed(outboard) }
    }

    /// Reads all of a complete blob, to make its outboard. What stands under that name is always whole.
    fn indexed(self, path: &Path) -> Result<Self, BlobError> {
        let Self { digest, geometry, data, held, .. } = self;
        let unfinished = path.with_extension("unfinished");
        let outboard = open(&unfinished)?;
        outboard.set_len(0)?;
        let mut tree = PreOrderOutboard {
            root: blake3::Hash::from_bytes([0; 32]),
            tree: BaoTree::new(geometry.size_bytes(), BLOCK),
            data: outboard.try_clone()?,
        };
        tree.init_from(io::BufReader::with_capacity(1 << 20, &data))?;
        let found = Digest(*tree.root.as_bytes());
        if found != digest {
            fs::remove_file(&unfinished)?;
            return Err(BlobError::Other { expected: digest, found });
        }
        fs::rename(&unfinished, path)?;
        Ok(Self { digest, geometry, data, outboard, held })
    }

    /// A blob in the making. What the two files hold from an earlier try counts as far as it can be
    /// checked.
    ///
    /// # Errors
    /// [`BlobError`].
    pub fn partial(
        data: &Path,
        outboard: &Path,
        digest: Digest,
        size_bytes: u64,
    ) -> Result<Self, BlobError> {
        let geometry = Geometry::new(size_bytes)?;
        let (data, outboard) = (open(data)?, open(outboard)?);
        let is_new = data.metadata()?.len() == 0;
        data.set_len(size_bytes)?;
        outboard.set_len(BaoTree::new(size_bytes, BLOCK).outboard_size())?;
        let held = Pieces::none(geometry.pieces());
        let mut blob = Self { digest, geometry, data, outboard, held };
        if !is_new {
            for piece in 0..geometry.pieces() {
                if blob.is_sound(piece) {
                    blob.held.insert(piece);
                }
            }
        }
        Ok(blob)
    }

    /// The blob's name.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The blob's cut.
    #[must_use]
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// Which pieces were here when it was opened.
    #[must_use]
    pub fn held(&self) -> &Pieces {
        &self.held
    }

    /// A piece with its proof. It is checked on the way, so that damage on this disk is not passed
    /// on in our name.
    ///
    /// # Errors
    /// [`BlobError`]: the piece is damaged, or not there.
    pub fn encode(&self, piece: u32) -> Result<Vec<u8>, BlobError> {
        let ranges = self.ranges(piece)?;
        let mut encoded = Vec::with_capacity(self.encoded_bytes_max(piece));
        encode_ranges_validated(&self.data, self.tree(&self.outboard), &ranges, &mut encoded)
            .map_err(|error| self.cannot_encode(piece, error))?;
        Ok(encoded)
    }

    /// Checks a piece with its proof, and keeps it.
    ///
    /// # Errors
    /// [`BlobError::Corrupt`] if it does not match; then nothing that does not match was kept.
    pub fn store(&self, piece: u32, encoded: &[u8]) -> Result<(), BlobError> {
        let ranges = self.ranges(piece)?;
        let mut rest = encoded;
        let corrupt = BlobError::Corrupt { digest: self.digest, piece };
        // What writes wants a file of its own; both stand for the same one.
        let data = self.data.try_clone()?;
        let mut tree = self.tree(self.outboard.try_clone()?);
        match decode_ranges(&mut rest, &ranges, data, &mut tree) {
            Ok(()) if rest.is_empty() => Ok(()),
            Err(DecodeError::Io(error)) => Err(error.into()),
            // Too long, too short, or wrong.
            Ok(()) | Err(_) => Err(corrupt),
        }
    }

    /// The most bytes that a piece with its proof has.
    #[must_use]
    pub fn encoded_bytes_max(&self, piece: u32) -> usize {
        let bytes = self.geometry.bytes_of(piece);
        let pairs = bytes.div_ceil(GROUP_BYTES) + PATH_PAIRS_MAX;
        usize::try_from(bytes + pairs * PAIR_BYTES).unwrap_or(usize::MAX)
    }

    /// Puts all that was stored on the disk for good.
    ///
    /// # Errors
    /// What the disk says.
    pub fn sync(&self) -> io::Result<()> {
        self.data.sync_data()
    }

    fn is_sound(&self, piece: u32) -> bool {
        let Ok(ranges) = self.ranges(piece) else { return false };
        encode_ranges_validated(&self.data, self.tree(&self.outboard), &ranges, io::sink()).is_ok()
    }

    fn ranges(&self, piece: u32) -> Result<ChunkRanges, BlobError> {
        let range = self.geometry.range(piece).ok_or(BlobError::Unknown(piece))?;
        Ok(round_up_to_chunks(&ByteRanges::from(range)))
    }

    fn tree<F>(&self, outboard: F) -> PreOrderOutboard<F> {
        PreOrderOutboard {
            root: blake3::Hash::from_bytes(self.digest.0),
            tree: BaoTree::new(self.geometry.size_bytes(), BLOCK),
            data: outboard,
        }
    }

    fn cannot_encode(&self, piece: u32, error: EncodeError) -> BlobError {
        match error {
            EncodeError::Io(error) => error.into(),
            _ => BlobError::Corrupt { digest: self.digest, piece },
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five pieces, the last of them short.
    const SIZE: usize = 4 * 65_536 + 1_000;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            let folder = Self(tempfile::tempdir().unwrap());
            fs::write(folder.path("whole"), content()).unwrap();
            folder
        }

        fn path(&self, name: &str) -> std::path::PathBuf {
            self.0.path().join(name)
        }

        fn whole(&self) -> Blob {
            Blob::whole(&self.path("whole"), &self.path("whole.bao"), digest()).unwrap()
        }

        fn partial(&self) -> Blob {
            let (data, outboard) = (self.path("partial"), self.path("partial.bao"));
            Blob::partial(&data, &outboard, digest(), SIZE as u64).unwrap()
        }
    }

    fn content() -> Vec<u8> {
        (0..SIZE).map(|at| u8::try_from(at * at % 251).unwrap()).collect()
    }

    fn digest() -> Digest {
        Digest::of(&content())
    }

    #[test]
    fn pieces_go_from_one_disk_to_another_in_any_order() {
        let folder = Folder::new();
        let (whole, partial) = (folder.whole(), folder.partial());
        for piece in [4, 0, 3, 1, 2] {
            let encoded = whole.encode(piece).unwrap();
            assert!(encoded.len() <= partial.encoded_bytes_max(piece));
            partial.store(piece, &encoded).unwrap();
        }
        assert_eq!(fs::read(folder.path("partial")).unwrap(), content());
        assert_eq!(partial.encode(2).unwrap(), whole.encode(2).unwrap());
    }

    #[test]
    fn a_single_wrong_bit_is_found_and_nothing_wrong_is_kept() {
        let folder = Folder::new();
        let (whole, partial) = (folder.whole(), folder.partial());
        let encoded = whole.encode(1).unwrap();
        for at in (0..encoded.len()).step_by(7_919) {
            let mut wrong = encoded.clone();
            wrong[at] ^= 1;
            let error = partial.store(1, &wrong).unwrap_err();
            assert!(matches!(error, BlobError::Corrupt { piece: 1, .. }), "byte {at}: {error}");
            assert!(partial.encode(1).is_err());
        }
    }

    #[test]
    fn what_is_too_short_too_long_or_another_piece_is_refused() {
        let folder = Folder::new();
        let (whole, partial) = (folder.whole(), folder.partial());
        let encoded = whole.encode(1).unwrap();
        let longer = [&encoded, [0].as_slice()].concat();
        let other = whole.encode(2).unwrap();
        for wrong in [&encoded[..encoded.len() - 1], &longer, &other, &[]] {
            let error = partial.store(1, wrong).unwrap_err();
            assert!(matches!(error, BlobError::Corrupt { .. }), "{error}");
        }
        assert!(matches!(whole.encode(5), Err(BlobError::Unknown(5))));
    }

    #[test]
    fn what_was_here_before_counts_as_far_as_it_is_sound() {
        let folder = Folder::new();
        let whole = folder.whole();
        let partial = folder.partial();
        assert!(partial.held().is_empty());
        for piece in [0, 2, 4] {
            partial.store(piece, &whole.encode(piece).unwrap()).unwrap();
        }
        let damaged = OpenOptions::new().write(true).open(folder.path("partial")).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&damaged, b"damage", 2 * 65_536 + 5).unwrap();
        assert_eq!(folder.partial().held().iter().collect::<Vec<_>>(), [0, 4]);
    }

    #[test]
    fn an_outboard_of_an_earlier_time_is_used_and_a_damaged_one_is_made_again() {
        let folder = Folder::new();
        drop(folder.whole());
        let written = |path: &str| fs::metadata(folder.path(path)).unwrap().modified().unwrap();
        let before = written("whole.bao");
        drop(folder.whole());
        assert_eq!(written("whole.bao"), before, "nothing was written");
        fs::write(folder.path("whole.bao"), [0; 64]).unwrap();
        folder.whole().encode(4).unwrap();
    }

    #[test]
    fn a_file_that_is_another_blob_is_refused() {
        let folder = Folder::new();
        let other = Digest::of(b"something else");
        let refused = Blob::whole(&folder.path("whole"), &folder.path("bao"), other);
        assert!(matches!(refused, Err(BlobError::Other { .. })));
    }
}
