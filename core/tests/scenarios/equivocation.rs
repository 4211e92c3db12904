//! Hosts that contradict what they signed.

use manyhands_core::command::{Command, ReplicaReport, Report, Signed};
use manyhands_core::digest::Digest;
use manyhands_core::id::{HostId, ReplicaId};
use manyhands_core::key::Signature;
use manyhands_core::query::{Answer, Query};
use manyhands_core::refusal::Refusal;
use manyhands_core::reply::{Reply, Reported};
use manyhands_core::statement::{Equivocation, Path, Proof, equivocation};

use crate::grid::{Grid, quorum_of, success};

/// A report of this text that its host signed, as the shell passes it on.
fn report(grid: &mut Grid, host: HostId, id: ReplicaId, text: &str) -> Reported {
    let manifest = grid.job_row(id.unit.job).manifest;
    report_of(grid, host, id, (text, manifest))
}

fn report_of(
    grid: &mut Grid,
    host: HostId,
    id: ReplicaId,
    (text, manifest): (&str, Digest),
) -> Reported {
    let path = Path::from_parts(1, vec![Digest::of(text.as_bytes())]).unwrap();
    let proof = Proof { signature: Signature([text.as_bytes()[0]; 64]), path };
    let signed = Some(Box::new(Signed { manifest, proof }));
    let reports = vec![ReplicaReport { signed, ..ReplicaReport::unsigned(id, success(text)) }];
    match grid.tell(Command::Report(Report { host, reports })) {
        Reply::Reported(mut reported) => reported.remove(0),
        other => panic!("{other:?}"),
    }
}

fn evidence(grid: &Grid, host: HostId) -> Option<Equivocation> {
    match grid.ask(&Query::Evidence(host)) {
        Answer::Evidence(found) => found.map(|found| *found),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_signed_contradiction_is_kept_with_both_statements() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let host = grid.host();
    let replica = grid.lease_one(host).replica;
    assert_eq!(report(&mut grid, host, replica, "42"), Reported::Accepted);
    assert_eq!(report(&mut grid, host, replica, "42"), Reported::Duplicate);
    assert_eq!(evidence(&grid, host), None, "to repeat oneself is no contradiction");

    let differently = Reported::Refused(Refusal::ReportedDifferently(replica));
    assert_eq!(report(&mut grid, host, replica, "a lie"), differently);
    let found = evidence(&grid, host).unwrap();
    assert_eq!(equivocation(&found.first, &found.second), Ok(()));
    assert_eq!(found.first.key, grid.host_row(host).key);
    assert_eq!(found.first.statement.manifest, grid.job_row(job).manifest);
    assert_eq!(found.second.statement.replica, replica);
    assert_eq!(found.first.proof.signature, Signature([b'4'; 64]));
    assert_eq!(found.second.proof.signature, Signature([b'a'; 64]));

    // There is room for one proof of each host, and one is enough.
    assert_eq!(report(&mut grid, host, replica, "another lie"), differently);
    assert_eq!(evidence(&grid, host), Some(found));
}

#[test]
fn what_nobody_signed_is_refused_but_proves_nothing() {
    let mut grid = Grid::new();
    grid.job(1, quorum_of(2));
    let host = grid.host();
    let replica = grid.lease_one(host).replica;
    grid.answer(host, replica, "42");
    let differently = Reported::Refused(Refusal::ReportedDifferently(replica));
    assert_eq!(report(&mut grid, host, replica, "a lie"), differently);
    assert_eq!(evidence(&grid, host), None);
    assert_eq!(
        grid.ask(&Query::Evidence(HostId(99))),
        Answer::Refused(Refusal::UnknownHost(HostId(99)))
    );
}

/// A coordinator restored from a backup gives numbers out again: what a host computed before is not an
/// answer to what has the same number now.
#[test]
fn an_answer_to_another_manifest_does_not_count() {
    let mut grid = Grid::new();
    grid.job(1, quorum_of(1));
    let host = grid.host();
    let replica = grid.lease_one(host).replica;
    let manifest = Digest::of(b"the job that had this number before");
    let refused = Refusal::OtherManifest { replica, manifest };
    let told = report_of(&mut grid, host, replica, ("42", manifest));
    assert_eq!(told, Reported::Refused(refused));
    assert_eq!(report(&mut grid, host, replica, "42"), Reported::Accepted);
    assert_eq!(grid.assimilate(), [replica.unit]);
}
