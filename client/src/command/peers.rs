//! `manyhands peers`: which other workers a worker knows, and what it exchanges with them.

use clap::Args;
use manyhands_worker::control::{self, Request};
use manyhands_worker::{PeerView, PeersView, UploadView};

use super::worker::ask::Which;
use crate::context::Context;
use crate::failure::Failure;
use crate::terminal::{Terminal, plain};

/// List the other workers that a worker on this machine knows, and what it exchanges with them
///
/// WHY says how each came to be known: from the coordinator, another peer, an announcement on this network (lan), the disk
/// (it has answered before this worker was started), or because it called. HOLDS counts the pieces that it has of blobs
/// which are shared with it now. A worker that computes for several projects knows others for each of them.
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands peers")]
pub(crate) struct Peers {
    #[command(flatten)]
    which: Which,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Digits of a key, enough to tell one from another.
const KEY_DIGITS: usize = 12;

impl Peers {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let answer = control::ask(&self.which.folder(context)?, Request::Peers).await?;
        let views: Vec<PeersView> = serde_json::from_str(&answer).map_err(|_other| {
            Failure::failed(format!(
                "the worker does not tell of its peers: {}",
                plain(answer.trim())
            ))
        })?;
        if self.json {
            return context.terminal.json(&views);
        }
        for view in &views {
            if views.len() > 1 {
                context.terminal.line(&format!("project {}", plain(&view.project)))?;
            }
            show(view, context.terminal)?;
        }
        Ok(())
    }
}

fn show(view: &PeersView, terminal: Terminal) -> Result<(), Failure> {
    for line in summary(view) {
        terminal.line(&line)?;
    }
    if view.peers.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = view.peers.iter().map(row).collect();
    let titles = [
        "PEER", "WHAT", "WHY", "HOW FAR", "ADDRESS", "ANSWERED", "HOLDS", "SENT", "RECEIVED",
        "NOTE",
    ];
    terminal.table(&titles, &rows)
}

fn summary(view: &PeersView) -> Vec<String> {
    let shares = match view.mode.as_str() {
        "off" => "shares with nobody: blobs come from the coordinator".to_owned(),
        "lan" => "shares with workers of this network".to_owned(),
        _ => "shares with all workers of the project".to_owned(),
    };
    let reached = match &view.reached_at {
        Some(at) => format!("others reach it at {at}"),
        None => "the coordinator cannot dial it".to_owned(),
    };
    let blobs = format!(
        "blobs shared now: {}; {} came whole from the coordinator",
        view.blobs.len(),
        bytes(view.whole_bytes)
    );
    if view.mode == "off" {
        return vec![shares, blobs];
    }
    let upload = view.upload.as_ref().map(upload);
    [shares, reached].into_iter().chain(upload).chain([blobs]).collect()
}

fn upload(view: &UploadView) -> String {
    let (now, rate) = (bytes(view.now), |of: u64| format!("{}/s", bytes(of)));
    match (view.most, view.measured) {
        (None, _) => {
            format!("sends {now}/s to other networks; how much the line carries is not known yet")
        }
        (Some(most), None) => {
            format!("sends {} to other networks at most; {now}/s now", rate(most))
        }
        (Some(most), Some(measured)) => format!(
            "sends {} to other networks at most, half of the {} that the line was seen to carry; {now}/s now",
            rate(most),
            rate(measured)
        ),
    }
}

fn row(peer: &PeerView) -> Vec<String> {
    let answered = match peer.answered_ms_ago {
        Some(ms) => format!("{} ago", manyhands_core::time::Span(ms / 1_000 * 1_000)),
        None => "-".to_owned(),
    };
    let note = match (peer.is_blamed, peer.failures) {
        (true, _) => "sent wrong bytes: shunned".to_owned(),
        (false, 0) => String::new(),
        (false, failures) => format!("dialled {failures} times in vain"),
    };
    vec![
        plain(&peer.key.chars().take(KEY_DIGITS).collect::<String>()),
        plain(&peer.role),
        plain(&peer.known_from),
        plain(&peer.reach),
        plain(peer.address.as_deref().unwrap_or("-")),
        answered,
        holds(peer),
        bytes(peer.sent_bytes),
        bytes(peer.received_bytes),
        note,
    ]
}

fn holds(peer: &PeerView) -> String {
    let (held, all) = peer.holds.iter().fold((0_u64, 0_u64), |(held, all), blob| {
        (held + u64::from(blob.held), all + u64::from(blob.pieces))
    });
    if all == 0 { "-".to_owned() } else { format!("{held} of {all}") }
}

fn bytes(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{bytes} B"),
        10_240..10_485_760 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

#[cfg(test)]
mod tests {
    use manyhands_worker::BlobView;

    use super::*;

    fn peer() -> PeerView {
        let blob = |held| BlobView { digest: "d".to_owned(), held, pieces: 64 };
        PeerView {
            key: "ivwhxdfoakdtjjz3jfchp7bcv5".to_owned(),
            role: "worker".to_owned(),
            known_from: "lan".to_owned(),
            reach: "site".to_owned(),
            address: None,
            answered_ms_ago: Some(61_234),
            failures: 0,
            sent_bytes: 10_239,
            received_bytes: 20 << 20,
            holds: vec![blob(64), blob(3)],
            is_blamed: true,
        }
    }

    #[test]
    fn a_row_says_who_and_how_much_and_what_it_did() {
        let row = row(&peer());
        assert_eq!(row[0], "ivwhxdfoakdt");
        assert_eq!(row[6..], ["67 of 128", "10239 B", "20 MiB", "sent wrong bytes: shunned"]);
        let other = PeerView { is_blamed: false, failures: 2, holds: Vec::new(), ..peer() };
        assert_eq!(super::row(&other)[6..], ["-", "10239 B", "20 MiB", "dialled 2 times in vain"]);
    }

    #[test]
    fn what_goes_out_is_said_with_its_reason() {
        let said = |now, most, measured| upload(&UploadView { now, most, measured });
        assert_eq!(
            said(65_536, None, None),
            "sends 64 KiB/s to other networks; how much the line carries is not known yet"
        );
        assert_eq!(
            said(65_536, Some(1 << 20), None),
            "sends 1024 KiB/s to other networks at most; 64 KiB/s now"
        );
        assert_eq!(
            said(1 << 20, Some(1 << 20), Some(2 << 20)),
            "sends 1024 KiB/s to other networks at most, half of the 2048 KiB/s that the line was seen to carry; \
             1024 KiB/s now"
        );
    }

    #[test]
    fn who_shares_with_nobody_is_not_told_where_others_reach_it() {
        let view = PeersView {
            project: "primes".to_owned(),
            mode: "off".to_owned(),
            reached_at: None,
            whole_bytes: 5,
            upload: None,
            blobs: Vec::new(),
            peers: Vec::new(),
        };
        let lines = summary(&view);
        assert_eq!(lines[1], "blobs shared now: 0; 5 B came whole from the coordinator");
        assert_eq!(lines.len(), 2);
    }
}
