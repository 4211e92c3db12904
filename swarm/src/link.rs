//! One neighbour's stream: what goes out, and what comes in.

use std::pin::Pin;
use std::task::{Context, Poll};

use manyhands_core::swarm::PeerId;
use manyhands_proto::v1::PeerMessage;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tonic::Streaming;

use crate::task::Note;
use crate::wire;

/// Most words that wait for a neighbour: whoever lets more pile up does not listen.
const WORDS_MAX: usize = 4_096;

/// Parts that wait for a neighbour. More would only stand before its words in the line.
const PARTS_MAX: usize = 1;

/// Our end of the outgoing direction.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    words: mpsc::Sender<PeerMessage>,
    parts: mpsc::Sender<PeerMessage>,
}

/// The transport's end of the outgoing direction: words go before parts.
#[derive(Debug)]
pub(crate) struct Outgoing {
    words: mpsc::Receiver<PeerMessage>,
    parts: mpsc::Receiver<PeerMessage>,
}

/// A new outgoing direction.
pub(crate) fn outgoing() -> (Outbox, Outgoing) {
    let (words, words_out) = mpsc::channel(WORDS_MAX);
    let (parts, parts_out) = mpsc::channel(PARTS_MAX);
    (Outbox { words, parts }, Outgoing { words: words_out, parts: parts_out })
}

impl Outbox {
    /// Says something; false if the neighbour does not listen, or is gone.
    pub(crate) fn say(&self, message: PeerMessage) -> bool {
        self.words.try_send(message).is_ok()
    }

    /// Sends a part as soon as the transport takes it; false if the neighbour is gone.
    pub(crate) async fn send(&self, part: PeerMessage) -> bool {
        self.parts.send(part).await.is_ok()
    }
}

impl Stream for Outgoing {
    type Item = PeerMessage;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<PeerMessage>> {
        match self.words.poll_recv(cx) {
            // All ends of it are dropped: what is left of a part is of no use.
            Poll::Ready(word) => Poll::Ready(word),
            Poll::Pending => match self.parts.poll_recv(cx) {
                Poll::Ready(Some(part)) => Poll::Ready(Some(part)),
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            },
        }
    }
}

/// Reads what a neighbour says until it stops, says what means nothing, or nobody listens.
pub(crate) async fn listen(
    peer: PeerId,
    pieces: u32,
    mut incoming: Streaming<PeerMessage>,
    notes: mpsc::Sender<Note>,
) {
    loop {
        let heard = match incoming.message().await {
            Ok(Some(message)) => wire::heard(message, pieces),
            Ok(None) | Err(_) => break,
        };
        let note = match heard {
            Ok(heard) => Note::Heard(peer, heard),
            Err(error) => {
                tracing::debug!(?peer, %error, "a neighbour said what means nothing");
                Note::Nonsense(peer)
            }
        };
        // A full task makes the transport wait, and so the neighbour.
        if notes.send(note).await.is_err() {
            return;
        }
    }
    // If the task is gone there is nobody to tell.
    drop(notes.send(Note::Lost(peer)).await);
}
