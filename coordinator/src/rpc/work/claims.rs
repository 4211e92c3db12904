//! A host comes back with units that it chose itself: it gets leases for those that nobody had.

use std::collections::BTreeSet;
use std::sync::Arc;

use manyhands_core::command::{Claim, Command};
use manyhands_core::id::{JobId, ReplicaId};
use manyhands_core::reply::{Claimed, Leased, Reply};
use manyhands_proto::v1::coordinator_message::Message as Out;
use manyhands_proto::{convert, v1};
use tonic::Status;

use super::leases;
use super::session::{Asked, Session};
use crate::rpc::status;

/// Claims in one greeting: more jobs than a worker keeps.
const CLAIMS_MAX: usize = 16;

/// Decides the claims of a greeting, answers them, and adds what was granted to what the host holds: it did not know
/// that yet when it said so.
pub(super) async fn greet(
    session: &mut Session,
    claims: Vec<v1::Claim>,
    held: &mut BTreeSet<ReplicaId>,
) -> Result<(), Status> {
    if claims.len() > CLAIMS_MAX {
        let many = format!("claims: has {} items, at most {CLAIMS_MAX}", claims.len());
        return Err(Status::invalid_argument(many));
    }
    for wire in claims {
        let claim = session.claim(&wire)?;
        let reply = session.shared.desk.ask(Command::Claim(claim)).await.map_err(status::desk)?;
        let claimed = claimed(reply, &wire)?;
        held.extend(claimed.leased.leases.iter().map(|grant| grant.replica));
        session.send_claimed(wire.job, claimed).await?;
    }
    Ok(())
}

/// What came of a claim. If it is refused as a whole, none of its units is given.
pub(super) fn claimed(reply: Reply, wire: &v1::Claim) -> Result<Claimed, Status> {
    match reply {
        Reply::Claimed(claimed) => Ok(claimed),
        Reply::Refused(refusal) => {
            tracing::info!(job = wire.job, %refusal, "a claim is refused");
            let taken = wire.units.iter().map(|it| JobId(wire.job).unit(it.unit)).collect();
            Ok(Claimed { leased: Leased::default(), taken })
        }
        _ => Err(status::confused()),
    }
}

impl Session {
    /// A claim of this host.
    pub(super) fn claim(&self, wire: &v1::Claim) -> Result<Claim, Status> {
        let (job, units) = convert::claim(wire).map_err(status::wire)?;
        Ok(Claim { host: self.host, block: self.block, job, units })
    }

    /// The host claims units during its stream.
    pub(super) async fn take_claim(&mut self, wire: v1::Claim) -> Result<(), Status> {
        let claim = Command::Claim(self.claim(&wire)?);
        self.hand_in(claim, Asked::Claim(wire)).await
    }

    pub(super) async fn send_claimed(&mut self, job: u64, claimed: Claimed) -> Result<(), Status> {
        let Claimed { leased, taken } = claimed;
        let shared = Arc::clone(&self.shared);
        let leases = leases::leases(&shared, leased).await?;
        let taken = taken.iter().map(|unit| unit.index).collect();
        self.send(Out::Claimed(v1::Claimed { job, leases, taken })).await
    }
}
