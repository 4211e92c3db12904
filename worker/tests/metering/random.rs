//! Random programs: both counters agree on every one that returns.

use crate::chance;
use crate::twins::twins;

#[test]
fn loops_of_every_kind() {
    let (mut returned, mut settled) = (0, 0);
    for seed in 0..3_000 {
        let text = chance::program(seed);
        let twins = twins(&text);
        if twins.metered.is_out_of_fuel || twins.naive.is_out_of_fuel {
            continue;
        }
        assert_eq!(twins.metered.trap, twins.naive.trap, "seed {seed}: {text}");
        if twins.metered.trap.is_none() {
            assert_eq!(twins.metered, twins.naive, "seed {seed}: {text}");
            returned += 1;
            settled += usize::from(twins.settled > 0);
        }
    }
    // The test would say nothing if hardly any program got so far.
    assert!(returned > 1_000 && settled > 500, "{returned} returned, {settled} of them settled");
}
