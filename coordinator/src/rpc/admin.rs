//! The operator's calls.

use std::sync::Arc;

use manyhands_core::command::{Command, Pardon};
use manyhands_core::digest::Digest;
use manyhands_core::id::HostId;
use manyhands_core::invite::Invite;
use manyhands_core::limits::{JOBS_OPEN_MAX, PAGE_MAX};
use manyhands_core::query::{Answer, Query};
use manyhands_core::reply::Reply;
use manyhands_core::store::Store as _;
use manyhands_core::time::Timestamp;
use manyhands_proto::convert;
use manyhands_proto::v1;
use tonic::{Request, Response, Status};

use super::{Shared, status};
use crate::clock;

/// The service `Admin`.
#[derive(Debug)]
pub(super) struct Admin(pub(super) Arc<Shared>);

#[tonic::async_trait]
impl v1::admin_server::Admin for Admin {
    async fn invite(
        &self,
        request: Request<v1::InviteRequest>,
    ) -> Result<Response<v1::InviteReply>, Status> {
        self.0.callers.operator(&request)?;
        let request = request.into_inner();
        let role = convert::role(&request).map_err(status::wire)?;
        let token = clock::fresh_token().map_err(|error| Status::unavailable(error.to_string()))?;
        let expires_at = match request.expires_at_ms {
            0 => Timestamp(u64::MAX),
            at => Timestamp(at),
        };
        let invite = Invite {
            token: Digest::of(token.as_bytes()),
            role,
            uses_left: request.uses_max,
            expires_at,
        };
        match self.0.desk.ask(Command::Invite(invite)).await.map_err(status::desk)? {
            Reply::Invited => Ok(Response::new(v1::InviteReply { token })),
            Reply::Refused(refusal) => Err(status::refused(&refusal)),
            _ => Err(status::confused()),
        }
    }

    async fn hosts(
        &self,
        request: Request<v1::HostsRequest>,
    ) -> Result<Response<v1::HostsReply>, Status> {
        self.0.callers.operator(&request)?;
        let v1::HostsRequest { after, limit } = request.into_inner();
        let query = Query::Hosts { after: Some(HostId(after)), limit: page(limit) };
        let hosts = match self.0.reader.ask(query).await.map_err(status::desk)? {
            Answer::Hosts(hosts) => hosts,
            Answer::Refused(refusal) => return Err(status::refused(&refusal)),
            _ => return Err(status::confused()),
        };
        let hosts = hosts.into_iter().map(|host| {
            let connected = self.0.hub.is_connected(host.id);
            v1::Host { connected, ..host.into() }
        });
        Ok(Response::new(v1::HostsReply { hosts: hosts.collect() }))
    }

    async fn pardon(
        &self,
        request: Request<v1::PardonRequest>,
    ) -> Result<Response<v1::PardonReply>, Status> {
        self.0.callers.operator(&request)?;
        let v1::PardonRequest { host, reason } = request.into_inner();
        let pardon = Pardon { host: HostId(host), reason: reason.clone() };
        match self.0.desk.ask(Command::Pardon(pardon)).await.map_err(status::desk)? {
            Reply::Pardoned => {
                tracing::info!(host, reason, "the operator pardoned a host");
                Ok(Response::new(v1::PardonReply {}))
            }
            Reply::Refused(refusal) => Err(status::refused(&refusal)),
            _ => Err(status::confused()),
        }
    }

    async fn evidence(
        &self,
        request: Request<v1::EvidenceRequest>,
    ) -> Result<Response<v1::EvidenceReply>, Status> {
        self.0.callers.operator(&request)?;
        let query = Query::Evidence(HostId(request.into_inner().host));
        match self.0.reader.ask(query).await.map_err(status::desk)? {
            Answer::Evidence(found) => {
                Ok(Response::new(convert::evidence(found.map(|found| *found))))
            }
            Answer::Refused(refusal) => Err(status::refused(&refusal)),
            _ => Err(status::confused()),
        }
    }

    async fn status(
        &self,
        request: Request<v1::StatusRequest>,
    ) -> Result<Response<v1::StatusReply>, Status> {
        self.0.callers.operator(&request)?;
        let open = self.0.reader.read(|store| Ok(store.jobs_open(JOBS_OPEN_MAX)?.len()));
        let open = open.await.map_err(status::desk)?;
        let blobs = self.0.blobs.clone();
        let held = super::blobs::off_runtime(move || blobs.stats()).await?;
        Ok(Response::new(v1::StatusReply {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at_ms: self.0.started_at.0,
            hosts_connected: count(self.0.hub.connected()),
            jobs_open: count(open),
            blobs: held.blobs,
            blob_bytes: held.bytes,
        }))
    }
}

/// The length of a page: what was asked for, within what there may be; 0 means as many as allowed.
pub(super) fn page(limit: u32) -> usize {
    match usize::try_from(limit).unwrap_or(PAGE_MAX) {
        0 => PAGE_MAX,
        limit => limit.min(PAGE_MAX),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
