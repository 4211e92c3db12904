//! The table of hits.

use crate::filterbank::Header;
use crate::hits::Hit;
use crate::search::Search;

/// Comma-separated values: a line of names, then a line for each hit, the strongest first.
///
/// Frequency and channel are those of the first row.
#[must_use]
pub fn csv(header: &Header, search: &Search, hits: &[Hit]) -> String {
    let mut table = String::from("drift_rate_hz_s,snr,frequency_mhz,channel\n");
    for hit in hits {
        let drift = search.drift_hz_s(hit.line.drift);
        let channel = hit.line.channel;
        #[expect(clippy::cast_precision_loss, reason = "channels are far below 2^53")]
        let frequency = header.frequency_mhz(channel as f64);
        // `+ 0.0` turns the zero of a negative step into the plain one.
        let drift = drift + 0.0;
        table.push_str(&format!("{drift:.6},{:.2},{frequency:.9},{channel}\n", hit.snr));
    }
    table
}
