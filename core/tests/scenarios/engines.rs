//! An engine that computes wrongly on all its machines is named, by `why` and by the receipt.

use std::sync::Arc;

use manyhands_core::dispute::{Dispute, Ended};
use manyhands_core::query::{Answer, BrokenEngine, Disputes, Query, Subject};
use manyhands_core::store::{Store, Write};

use crate::grid::quorum_of;
use crate::quarrel::Quarrel;

/// Two machines of different volunteers that share an engine are refuted by others with another one: it
/// is the engine that is named.
#[test]
fn an_engine_that_many_share_is_named() {
    let mut quarrel = Quarrel::begin();
    let liar = quarrel.liar;
    quarrel.bisect();
    for judge in quarrel.judges() {
        quarrel.answer_truly(judge);
    }
    let by_judges = quarrel.ended();
    let other = quarrel.grid.host_of_standing(50);
    let elsewhere = Dispute {
        ended: vec![Ended { hosts: [quarrel.honest, other], ..by_judges }],
        ..Dispute::new(quarrel.job.unit(1))
    };
    quarrel.grid.store.apply(vec![Write::PutDispute(Box::new(elsewhere))]).unwrap();
    let blames_engine = |quarrel: &Quarrel| quarrel.why(Subject::Host(liar)).contains("engine");
    assert!(!blames_engine(&quarrel), "their judges have the same one");
    for host in [liar, other] {
        let mut row = quarrel.grid.host_row(host);
        Arc::make_mut(&mut row.capabilities).isa = "aarch64".to_owned();
        quarrel.grid.store.apply(vec![Write::PutHost(row)]).unwrap();
    }
    let engine = format!("hosts {liar} and {other}, all with engine 0.1.0 on aarch64");
    for subject in [Subject::Host(liar), Subject::Job(quarrel.job)] {
        let why = quarrel.why(subject);
        assert!(why.contains(&engine), "{why}");
    }
    let Answer::Receipt(receipt) = quarrel.grid.ask(&Query::Receipt(quarrel.job)) else {
        panic!("there is a receipt")
    };
    let broken = BrokenEngine {
        engine: "0.1.0".to_owned(),
        isa: "aarch64".to_owned(),
        hosts: vec![liar, other],
    };
    assert_eq!(receipt.disputes, Disputes { settled: 2, found_wrong: 2, broken: vec![broken] });
    let line = receipt.to_string();
    let settled = "; 2 disputes were settled, of which 2 found somebody wrong; hosts ";
    assert!(line.contains(settled) && line.contains(&engine), "{line}");
}

/// Disputes of other jobs, before and after it, are none of a job's.
#[test]
fn each_job_has_disputes_of_its_own() {
    let mut quarrel = Quarrel::begin();
    quarrel.bisect();
    for judge in quarrel.judges() {
        quarrel.answer_truly(judge);
    }
    let [before, job] = [quarrel.job, quarrel.grid.job(5, quorum_of(2))];
    let of = |quarrel: &Quarrel, job| Disputes::of(&quarrel.grid.store, job).unwrap();
    let one = Disputes { settled: 1, found_wrong: 1, broken: Vec::new() };
    assert_eq!((of(&quarrel, before), of(&quarrel, job)), (one, Disputes::default()));
    assert!(!quarrel.why(Subject::Job(job)).contains("dispute"));
    assert!(
        quarrel.why(Subject::Job(before)).contains("; 1 dispute was settled, of which 1 found")
    );
}
