//! The ledger, for everybody who joined: it names hosts and volunteers by their numbers only.

use std::sync::Arc;

use bytes::Bytes;
use manyhands_core::query::{Answer, Query};
use manyhands_core::store::Store as _;
use manyhands_proto::document;
use manyhands_proto::v1;
use tonic::{Request, Response, Status};

use super::admin::page;
use super::{Shared, status};

/// The service `Ledger`.
#[derive(Debug)]
pub(super) struct Ledger(pub(super) Arc<Shared>);

#[tonic::async_trait]
impl v1::ledger_server::Ledger for Ledger {
    async fn rows(
        &self,
        request: Request<v1::LedgerRowsRequest>,
    ) -> Result<Response<v1::LedgerRowsReply>, Status> {
        self.0.callers.member(&request).await?;
        let v1::LedgerRowsRequest { skip, limit } = request.into_inner();
        let query = Query::Ledger { skip, limit: page(limit) };
        match self.0.reader.ask(query).await.map_err(status::desk)? {
            Answer::Ledger(rows) => {
                let rows = rows.into_iter().map(v1::LedgerRow::from).collect();
                Ok(Response::new(v1::LedgerRowsReply { rows }))
            }
            Answer::Refused(refusal) => Err(status::refused(&refusal)),
            _ => Err(status::confused()),
        }
    }

    async fn head(
        &self,
        request: Request<v1::LedgerHeadRequest>,
    ) -> Result<Response<v1::LedgerHeadReply>, Status> {
        self.0.callers.member(&request).await?;
        let head = self.0.reader.read(|store| store.ledger_head()).await.map_err(status::desk)?;
        let line = document::ledger::head_line(&self.0.identity, head);
        let document = line.map_err(|error| Status::internal(error.to_string()))?;
        Ok(Response::new(v1::LedgerHeadReply { document: Bytes::from(document) }))
    }
}
