//! Who is taken for faulty and who for a liar.

use manyhands_core::host::HostState;
use manyhands_core::id::HostId;
use manyhands_core::settings::Settings;
use manyhands_core::time::Span;

use crate::grid::{Grid, quorum_of};

fn says(grid: &mut Grid, host: HostId, text: &str) {
    let lease = grid.lease_one(host);
    grid.answer(host, lease.replica, text);
}

fn is_out_for_good(grid: &Grid, host: HostId) -> bool {
    matches!(grid.host_row(host).state, HostState::Suspended { until: None, .. })
}

/// A lone wrong answer seemed to be a fault, until somebody else gave the same one: faults do not
/// agree. `rest` is how long the first one is out already when that happens.
fn repeated(rest: Span, text: &str) -> (Grid, [HostId; 2]) {
    let mut grid =
        Grid::with(Settings { invalid_max: 1, open_enrolment: true, ..Settings::default() });
    let [first, second, a, b, c, d] = std::array::from_fn(|_| grid.host());
    let job = grid.job(1, quorum_of(2));
    says(&mut grid, first, "lie");
    says(&mut grid, a, "truth");
    says(&mut grid, b, "truth");
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    assert!(!grid.host_row(first).is_active() && !is_out_for_good(&grid, first));
    grid.wait(rest);
    // An honest host has a fault elsewhere, so what it vouched for is opened again.
    grid.job(1, quorum_of(2));
    says(&mut grid, a, "fault");
    says(&mut grid, c, "truth");
    says(&mut grid, d, "truth");
    assert_eq!(grid.assimilate().len(), 1);
    grid.wait(Span(0));
    says(&mut grid, second, text);
    says(&mut grid, c, "truth");
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    (grid, [first, second])
}

#[test]
fn whoever_told_a_lie_first_is_convicted_when_it_is_told_again() {
    // While the first one rests, and when it has come back.
    for rest in [Span(0), Span::hours(2)] {
        let (grid, [first, second]) = repeated(rest, "lie");
        assert!(is_out_for_good(&grid, first) && is_out_for_good(&grid, second), "{rest}");
        assert_eq!(grid.host_row(first).standing.life, 2);
        assert_eq!(grid.host_row(second).standing.life, 1);
    }
}

/// Another wrong answer is another fault.
#[test]
fn faults_that_differ_convict_nobody() {
    let (grid, [first, second]) = repeated(Span(0), "another lie");
    assert!(!is_out_for_good(&grid, first) && !is_out_for_good(&grid, second));
    assert_eq!(grid.host_row(first).standing.life, 1);
    assert_eq!(grid.host_row(second).standing.life, 1);
}
