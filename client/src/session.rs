//! A link to the coordinator, with a client for each of its services.

use manyhands_proto::document::coordinators::COORDINATORS_BYTES_MAX;
use manyhands_proto::identity::Identity;
use manyhands_proto::link::{self, Endpoint, LinkError};
use manyhands_proto::v1::admin_client::AdminClient;
use manyhands_proto::v1::blobs_client::BlobsClient;
use manyhands_proto::v1::jobs_client::JobsClient;
use manyhands_proto::v1::ledger_client::LedgerClient;
use manyhands_proto::v1::whereabouts_client::WhereaboutsClient;

/// Largest message that is taken from a coordinator: a page of 1,000 jobs or hosts is far smaller.
const MESSAGE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// One connection, on which every call speaks for one key.
#[derive(Clone, Debug)]
pub struct Session {
    channel: link::Channel,
}

impl Session {
    /// Dials the coordinator.
    ///
    /// # Errors
    /// When nobody answers there, or another key than the pinned one does.
    pub async fn open(endpoint: &Endpoint, identity: &Identity) -> Result<Self, LinkError> {
        Ok(Self { channel: link::connect(endpoint, identity).await? })
    }

    /// Over a link that is there.
    #[must_use]
    pub fn over(channel: link::Channel) -> Self {
        Self { channel }
    }

    /// Submitting, watching and fetching jobs.
    #[must_use]
    pub fn jobs(&self) -> JobsClient<link::Channel> {
        JobsClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Bytes by their digest.
    #[must_use]
    pub fn blobs(&self) -> BlobsClient<link::Channel> {
        BlobsClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// The ledger of credit.
    #[must_use]
    pub fn ledger(&self) -> LedgerClient<link::Channel> {
        LedgerClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Where the project's coordinators are.
    #[must_use]
    pub fn whereabouts(&self) -> WhereaboutsClient<link::Channel> {
        WhereaboutsClient::new(self.channel.clone())
            .max_decoding_message_size(COORDINATORS_BYTES_MAX)
    }

    /// The operator's service; answers only to the coordinator's own key.
    #[must_use]
    pub fn admin(&self) -> AdminClient<link::Channel> {
        AdminClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }
}
