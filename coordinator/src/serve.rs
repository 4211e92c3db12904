//! From a configuration to a running coordinator, and back to rest.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use manyhands_core::command::{Admit, Command};
use manyhands_core::digest::Digest;
use manyhands_core::engine::Engine;
use manyhands_core::invite::{Invite as EngineInvite, Role};
use manyhands_core::key::Key;
use manyhands_core::settings::Settings;
use manyhands_core::store::Store as _;
use manyhands_core::time::Timestamp;
use manyhands_proto::DESCRIPTORS;
use manyhands_proto::identity::{Identity, KeyFileError, PublicKey};
use manyhands_proto::invite::Invite;
use manyhands_proto::link::{AddressError, Bounds, Incoming, LoopbackAddr, NotLoopback, server_config};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;
use tonic::transport::Server;

use crate::blobs::{BlobError, Blobs};
use crate::clock;
use crate::config::Config;
use crate::desk::{Desk, DeskError, DeskThread, OpenDeskError, Reader};
use crate::folder::{Folder, FolderError};
use crate::hub::Hub;
use crate::layer::{RateLimitLayer, ShedLayer, TimeLimitLayer, TraceLayer};
use crate::rpc::{self, KnownCallers, Shared};
use crate::store::sqlite::{OpenError, SqliteStore, TransactionError};
use crate::{sweeper, ticker};
