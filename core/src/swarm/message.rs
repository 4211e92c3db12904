//! What neighbours say to each other about a blob.

use super::pieces::Pieces;

/// One message beside the pieces themselves. It comes from a stranger until proved otherwise: the
/// shell bounds its size, [`Exchange`](super::Exchange) everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// All that the sender holds: its first word, if it holds anything that it shows.
    Holds(Pieces),
    /// The sender now holds these too, at most [`HAVE_MAX`](super::HAVE_MAX). Whoever was sending it
    /// one of them has thereby finished.
    Have(Vec<u32>),
    /// Send me this piece.
    Want {
        /// Which.
        piece: u32,
        /// Nobody else whom the sender can reach has had anything for it for a while.
        is_stranded: bool,
    },
    /// I no longer want this piece.
    Cancel(u32),
    /// You will not get this piece from me now; or, after a cancellation, no more of it.
    Refuse(u32),
}
