//! A peer that speaks the coordinator's side of the wire and does exactly what a test tells it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use manyhands_proto::v1;
use manyhands_proto::v1::blobs_server::{Blobs, BlobsServer};
use manyhands_proto::v1::coordinator_message::Message as Out;
use manyhands_proto::v1::work_server::{Work, WorkServer};
use manyhands_proto::v1::worker_message::Message as In;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status, Streaming};

/// Longer than anything here takes, so that a hang fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Largest output in a report.
pub(crate) const INLINE_BYTES_MAX: u64 = 1000;

type Store = Arc<Mutex<BTreeMap<Bytes, Bytes>>>;
type Attaching = (Streaming<v1::WorkerMessage>, Outbound);
type Outbound = mpsc::Sender<Result<v1::CoordinatorMessage, Status>>;

/// The peer. It ends with this value.
pub(crate) struct Coordinator {
    pub(crate) addr: SocketAddr,
    /// By digest; a test may put bytes under a digest that is not theirs.
    pub(crate) blobs: Store,
    streams: mpsc::Receiver<Attaching>,
    is_away: Arc<AtomicBool>,
    _server: JoinSet<()>,
}

/// A worker's stream, welcomed.
pub(crate) struct Stream {
    pub(crate) hello: v1::Hello,
    incoming: Streaming<v1::WorkerMessage>,
    outgoing: Outbound,
}

#[derive(Clone)]
struct Service {
    blobs: Store,
    streams: mpsc::Sender<Attaching>,
    refuses: bool,
    is_away: Arc<AtomicBool>,
}

impl Coordinator {
    pub(crate) async fn start() -> Self {
        Self::listen(false).await
    }

    /// One that enrols nobody.
    pub(crate) async fn that_refuses() -> Self {
        Self::listen(true).await
    }

    async fn listen(refuses: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (attaching, streams) = mpsc::channel(4);
        let blobs = Store::default();
        let is_away = Arc::new(AtomicBool::new(false));
        let service = Service {
            blobs: Arc::clone(&blobs),
            streams: attaching,
            refuses,
            is_away: Arc::clone(&is_away),
        };
        let routes = tonic::service::Routes::new(WorkServer::new(service.clone()))
            .add_service(BlobsServer::new(service));
        let serving = tonic::transport::Server::builder()
            .add_routes(routes)
            .serve_with_incoming(TcpListenerStream::new(listener));
        let mut server = JoinSet::new();
        server.spawn(async move { serving.await.unwrap() });
        Self { addr, blobs, streams, is_away, _server: server }
    }

    pub(crate) fn invite(&self) -> String {
        format!("manyhands+plain://{}/", self.addr)
    }

    /// From now on it takes no streams, or takes them again.
    pub(crate) fn be_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::Relaxed);
    }

    /// The next stream, after its Hello and the welcome.
    pub(crate) async fn accept(&mut self) -> Stream {
        let attaching = tokio::time::timeout(PATIENCE, self.streams.recv());
        let (mut incoming, outgoing) = attaching.await.expect("no worker came").unwrap();
        let first = incoming.message().await.unwrap().unwrap();
        let Some(In::Hello(hello)) = first.message else { panic!("no hello but {first:?}") };
        let stream = Stream { hello, incoming, outgoing };
        stream
            .say(Out::Welcome(v1::Welcome {
                host: 7,
                heartbeat_ms: 1000,
                inline_bytes_max: INLINE_BYTES_MAX,
                batch_max: 100,
                return_ms: 0,
                has_swarm: false,
                coordinators: None,
            }))
            .await;
        stream
    }

    pub(crate) fn blob(&self, digest: &[u8]) -> Option<Bytes> {
        self.blobs.lock().unwrap().get(digest).cloned()
    }

    pub(crate) fn put(&self, digest: &[u8], content: impl Into<Bytes>) {
        let digest = Bytes::copy_from_slice(digest);
        self.blobs.lock().unwrap().insert(digest, content.into());
    }
}

impl Stream {
    pub(crate) async fn say(&self, message: Out) {
        let message = v1::CoordinatorMessage { message: Some(message) };
        self.outgoing.send(Ok(message)).await.unwrap();
    }

    /// The next message; `None` at the end of the stream.
    pub(crate) async fn hear(&mut self) -> Option<In> {
        let message = tokio::time::timeout(PATIENCE, self.incoming.message());
        message.await.expect("the worker is silent").ok()??.message
    }

    /// The next wish.
    pub(crate) async fn want(&mut self) -> u32 {
        loop {
            match self.hear().await {
                Some(In::Want(want)) => return want.leases,
                Some(_) => {}
                None => panic!("the stream ended before a wish"),
            }
        }
    }

    /// The next batch of reports.
    pub(crate) async fn reports(&mut self) -> v1::Reports {
        loop {
            match self.hear().await {
                Some(In::Reports(reports)) => return reports,
                Some(_) => {}
                None => panic!("the stream ended before a report"),
            }
        }
    }

    /// The only report of the next batch, which is acknowledged.
    pub(crate) async fn report(&mut self) -> v1::Report {
        let batch = self.reports().await;
        self.acknowledge(batch.batch).await;
        let [report] = batch.reports.try_into().unwrap();
        report
    }

    /// The next renewal that brings a checkpoint.
    pub(crate) async fn checkpoint(&mut self) -> v1::Checkpoint {
        loop {
            match self.hear().await {
                Some(In::Renew(renew)) => {
                    let mut checkpoints = renew.renewals.into_iter().filter_map(|it| it.checkpoint);
                    if let Some(checkpoint) = checkpoints.next() {
                        return checkpoint;
                    }
                }
                Some(_) => {}
                None => panic!("the stream ended before a checkpoint"),
            }
        }
    }

    pub(crate) async fn acknowledge(&self, batch: u64) {
        let acknowledged = v1::Acknowledged { batch, refused: Vec::new(), credit_micro: 5 };
        self.say(Out::Acknowledged(acknowledged)).await;
    }

    pub(crate) async fn abort(&self, replica: v1::ReplicaId) {
        self.say(Out::Abort(v1::Abort { replicas: vec![replica] })).await;
    }
}

#[tonic::async_trait]
impl Work for Service {
    type AttachStream = ReceiverStream<Result<v1::CoordinatorMessage, Status>>;

    async fn enrol(
        &self,
        request: Request<v1::EnrolRequest>,
    ) -> Result<Response<v1::EnrolReply>, Status> {
        if request.into_inner().nickname.is_empty() {
            return Err(Status::invalid_argument("nickname: is empty"));
        }
        if self.refuses {
            return Err(Status::permission_denied("an invite is needed"));
        }
        Ok(Response::new(v1::EnrolReply { host: 7, volunteer: 3 }))
    }

    async fn kept(
        &self,
        _request: Request<v1::KeptRequest>,
    ) -> Result<Response<v1::KeptReply>, Status> {
        Err(Status::unimplemented("no worker asks for it"))
    }

    async fn forget(
        &self,
        _request: Request<v1::ForgetRequest>,
    ) -> Result<Response<v1::ForgetReply>, Status> {
        Err(Status::unimplemented("no worker asks for it"))
    }

    async fn attach(
        &self,
        request: Request<Streaming<v1::WorkerMessage>>,
    ) -> Result<Response<Self::AttachStream>, Status> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err(Status::unavailable("nobody is there"));
        }
        let (outgoing, messages) = mpsc::channel(16);
        let gone = |_| Status::unavailable("the test is over");
        self.streams.send((request.into_inner(), outgoing)).await.map_err(gone)?;
        Ok(Response::new(ReceiverStream::new(messages)))
    }
}

#[tonic::async_trait]
impl Blobs for Service {
    type GetStream = tokio_stream::Iter<std::vec::IntoIter<Result<v1::GetChunk, Status>>>;

    async fn get(
        &self,
        request: Request<v1::GetRequest>,
    ) -> Result<Response<Self::GetStream>, Status> {
        let request = request.into_inner();
        let blob = self.blobs.lock().unwrap().get(&request.digest).cloned();
        let blob = blob.ok_or_else(|| Status::not_found("no such blob"))?;
        let from = usize::try_from(request.offset).unwrap();
        let chunks = blob.slice(from..);
        let chunks = chunks
            .chunks(100_000)
            .map(|data| Ok(v1::GetChunk { data: Bytes::copy_from_slice(data) }));
        Ok(Response::new(tokio_stream::iter(chunks.collect::<Vec<_>>())))
    }

    async fn missing(
        &self,
        request: Request<v1::MissingRequest>,
    ) -> Result<Response<v1::MissingReply>, Status> {
        let mut digests = request.into_inner().digests;
        let blobs = self.blobs.lock().unwrap();
        digests.retain(|digest| !blobs.contains_key(digest));
        Ok(Response::new(v1::MissingReply { digests }))
    }

    async fn put(
        &self,
        request: Request<Streaming<v1::PutChunk>>,
    ) -> Result<Response<v1::PutReply>, Status> {
        let mut chunks = request.into_inner();
        let (mut head, mut content) = (None, Vec::new());
        while let Some(chunk) = chunks.message().await? {
            head = head.or(chunk.head);
            content.extend_from_slice(&chunk.data);
        }
        let head = head.ok_or_else(|| Status::invalid_argument("head: is missing"))?;
        self.blobs.lock().unwrap().insert(head.digest, content.into());
        Ok(Response::new(v1::PutReply {}))
    }
}
