//! What outlives the process.

use manyhands_coordinator::{Coordinator, RunError};
use manyhands_proto::v1;
use manyhands_proto::v1::coordinator_message::Message as In;

use crate::grid::{Grid, config, manifest};
use crate::worker::success;

#[tokio::test]
async fn a_restart_in_the_middle_keeps_everything() {
    let grid = Grid::start().await;
    let mut scientist = grid.scientist().await;
    let reply = scientist.submit(&manifest("restart", 2)).await;
    let mut first = grid.host().await;
    first.want(2).await;
    let replicas: Vec<_> = first.leases().await.leases.iter().map(|l| l.replica.unwrap()).collect();
    assert_eq!(first.report(vec![success(replicas[0], b"x")]).await, []);
    let key = grid.invite.endpoint().clone();

    let grid = grid.restart().await;
    let manyhands_proto::link::Endpoint::Pinned { key: before, .. } = key else { panic!() };
    let manyhands_proto::link::Endpoint::Pinned { key: after, .. } = grid.invite.endpoint() else {
        panic!()
    };
    assert_eq!(before, *after, "the same identity");
    let mut scientist = crate::grid::Person::new(&grid, scientist.identity.clone()).await;
    let units = scientist.job(reply.job).await.units.unwrap();
    assert_eq!((units.total, units.open), (2, 2));

    // The host that still computes goes on, with the lease that it had.
    let mut first = first.reattached(&grid, vec![replicas[1]]).await;
    assert!(matches!(first.next().await.unwrap(), Some(In::Renewed(r)) if r.leases.len() == 1));
    assert_eq!(first.report(vec![success(replicas[1], b"x")]).await, []);
    let mut second = grid.host().await;
    for _ in 0..2 {
        let replica = second.lease().await;
        assert_eq!(second.report(vec![success(replica, b"x")]).await, []);
    }
    assert_eq!(scientist.finished(reply.job).await.state(), v1::JobState::Finished);
    let receipt = scientist.receipt(reply.job).await;
    assert_eq!(receipt.replicas.leased, 4, "nothing was computed twice");
}

/// The more hosts there are, the longer each may take for coming back: also the first one that does,
/// when nobody else is connected yet.
#[tokio::test]
async fn hosts_are_told_how_long_to_take_for_coming_back() {
    let grid = Grid::start().await;
    let (first, second) = (grid.host().await, grid.host().await);
    assert_eq!((first.return_ms, second.return_ms), (20, 40));
    let grid = grid.restart().await;
    assert_eq!(first.reattached(&grid, Vec::new()).await.return_ms, 40);
    grid.stop().await;
}

#[tokio::test]
async fn a_stop_tells_workers_to_drain_and_takes_their_last_reports() {
    let grid = Grid::start().await;
    grid.scientist().await.submit(&manifest("drain", 1)).await;
    let mut worker = grid.host().await;
    let replica = worker.lease().await;
    let stopping = async { grid.stop().await };
    let working = async {
        assert!(matches!(worker.next().await.unwrap(), Some(In::Drain(_))));
        assert_eq!(worker.report(vec![success(replica, b"x")]).await, []);
        // Nothing more is said, so the coordinator ends the stream by itself.
        assert!(matches!(worker.next().await, Ok(None)));
    };
    tokio::join!(stopping, working);
}

#[tokio::test]
async fn a_folder_in_use_is_refused() {
    let grid = Grid::start().await;
    let refused = Coordinator::start(config(grid.dir())).await.unwrap_err();
    assert!(matches!(refused, RunError::Folder(_)), "{refused}");
    assert!(refused.to_string().contains("another coordinator uses"), "{refused}");
}

#[tokio::test]
async fn the_address_is_left_for_programs_on_this_machine() {
    let grid = Grid::start().await;
    let left = std::fs::read_to_string(grid.dir().join("address")).unwrap();
    assert_eq!(left.trim(), grid.invite.to_string());
}
