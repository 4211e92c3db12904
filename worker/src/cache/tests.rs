//! The cache on a real disk, and against a coordinator that misbehaves over a real socket.

use std::collections::VecDeque;
use std::sync::PoisonError;

use manyhands_proto::identity::Identity;
use manyhands_proto::link::{self, Endpoint};
use manyhands_proto::v1;
use manyhands_proto::v1::blobs_server::{Blobs, BlobsServer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

use super::*;

fn open(root: &Path) -> Cache {
    Cache::open(root, 1000, None).unwrap()
}

fn content(letter: u8) -> Bytes {
    vec![letter; 300].into()
}

/// Puts 300 bytes of `letter`, and lets go of them.
async fn put(cache: &Cache, letter: u8) -> Digest {
    cache.put(content(letter)).await.unwrap().digest()
}

async fn has(cache: &Cache, digest: Digest) -> bool {
    cache.get(digest).await.unwrap().is_some()
}

#[tokio::test]
async fn the_longest_unused_goes_first() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(dir.path());
    let [a, b, c] = [put(&cache, 1).await, put(&cache, 2).await, put(&cache, 3).await];
    assert!(has(&cache, a).await);
    let d = put(&cache, 4).await;
    assert!(!has(&cache, b).await);
    for kept in [a, c, d] {
        assert!(has(&cache, kept).await);
    }
    let files = fs::read_dir(dir.path().join("whole")).unwrap().count();
    assert_eq!(files, 3);
}

#[tokio::test]
async fn what_is_pinned_stays_and_the_rest_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(dir.path());
    let mut pins = Vec::new();
    for letter in 1..=3 {
        pins.push(cache.put(content(letter)).await.unwrap());
    }
    let refused = cache.put(content(4)).await.unwrap_err();
    assert!(matches!(refused, CacheError::Full { bytes: 300, bytes_max: 1000 }));
    for (pin, letter) in pins.iter().zip(1..) {
        assert_eq!(pin.read().await.unwrap(), content(letter));
    }
    pins.pop();
    assert!(cache.put(content(4)).await.is_ok());
}

#[tokio::test]
async fn the_next_process_finds_the_blobs_and_clears_leftovers() {
    let dir = tempfile::tempdir().unwrap();
    let digest = put(&open(dir.path()), 1).await;
    fs::write(dir.path().join("new/half"), "x").unwrap();
    fs::write(dir.path().join("whole/not a digest"), "x").unwrap();
    let cache = open(dir.path());
    let pin = cache.get(digest).await.unwrap().unwrap();
    assert_eq!((pin.bytes(), pin.read().await.unwrap()), (300, content(1)));
    assert_eq!(fs::read_dir(dir.path().join("new")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(dir.path().join("whole")).unwrap().count(), 1);
}

#[tokio::test]
async fn what_a_download_in_pieces_left_is_counted_and_its_proofs_go_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let kept = put(&open(dir.path()), 1).await;
    let begun = Digest::of(b"a blob that did not come to its end");
    let write = |folder: &str, digest: Digest| {
        fs::write(dir.path().join(folder).join(digest.to_string()), content(2)).unwrap();
    };
    write("pieces", begun);
    for digest in [kept, begun, Digest::of(b"gone")] {
        write("outboard", digest);
    }
    // All of it is here, so a beginning of it is of no use.
    write("pieces", kept);
    let cache = open(dir.path());
    let files = |folder: &str| fs::read_dir(dir.path().join(folder)).unwrap().count();
    assert_eq!((files("whole"), files("pieces"), files("outboard")), (1, 1, 2));
    assert!(has(&cache, kept).await && !has(&cache, begun).await);
    // The two make room for others, and leave nothing.
    let pins =
        [cache.put(content(3)).await, cache.put(content(4)).await, cache.put(content(5)).await];
    assert!(pins.iter().all(Result::is_ok));
    assert_eq!((files("pieces"), files("outboard")), (0, 0));
}

#[tokio::test]
async fn damaged_bytes_are_never_given_out() {
    let dir = tempfile::tempdir().unwrap();
    let digest = put(&open(dir.path()), 1).await;
    let path = dir.path().join("whole").join(digest.to_string());
    fs::write(&path, content(2)).unwrap();
    assert!(!has(&open(dir.path()), digest).await);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_smaller_cap_is_kept_on_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(dir.path());
    let [a, b] = [put(&cache, 1).await, put(&cache, 2).await];
    drop(cache);
    let cache = Cache::open(dir.path(), 400, None).unwrap();
    assert_eq!([has(&cache, a).await, has(&cache, b).await].map(u8::from).iter().sum::<u8>(), 1);
}

#[tokio::test]
async fn discarded_blobs_go_with_their_last_pin() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(dir.path());
    let first = cache.put(content(1)).await.unwrap();
    let second = cache.put(content(1)).await.unwrap();
    let (digest, path) = (first.digest(), first.path());
    first.discard();
    assert!(path.exists());
    second.discard();
    assert!(!path.exists());
    assert!(!has(&cache, digest).await);
}

/// What the scripted coordinator answers to one `Get`.
enum Answer {
    /// These chunks, then the end.
    Chunks(Vec<Bytes>),
    /// These chunks, then the connection is lost.
    Cut(Vec<Bytes>),
    /// The part of the blob that was asked for.
    Range(Bytes),
    /// No.
    Refuse(Status),
}

/// A coordinator that answers by a script, and notes what offsets it was asked for.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    offsets: Arc<Mutex<Vec<u64>>>,
}

type Chunks = tokio_stream::Iter<std::vec::IntoIter<Result<v1::GetChunk, Status>>>;

#[tonic::async_trait]
impl Blobs for Script {
    type GetStream = Chunks;

    async fn get(&self, request: Request<v1::GetRequest>) -> Result<Response<Chunks>, Status> {
        let offset = request.into_inner().offset;
        self.offsets.lock().unwrap_or_else(PoisonError::into_inner).push(offset);
        let next = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let chunk = |data: Bytes| Ok(v1::GetChunk { data });
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let chunks: Vec<_> = match next {
            Some(Answer::Chunks(chunks)) => chunks.into_iter().map(chunk).collect(),
            Some(Answer::Cut(chunks)) => {
                let lost = Err(Status::unavailable("cut"));
                chunks.into_iter().map(chunk).chain([lost]).collect()
            }
            Some(Answer::Range(blob)) => vec![chunk(blob.slice(start..))],
            Some(Answer::Refuse(status)) => return Err(status),
            None => return Err(Status::internal("the script has ended")),
        };
        Ok(Response::new(tokio_stream::iter(chunks)))
    }

    async fn missing(
        &self,
        request: Request<v1::MissingRequest>,
    ) -> Result<Response<v1::MissingReply>, Status> {
        Ok(Response::new(v1::MissingReply { digests: request.into_inner().digests }))
    }

    async fn put(
        &self,
        request: Request<Streaming<v1::PutChunk>>,
    ) -> Result<Response<v1::PutReply>, Status> {
        let mut chunks = request.into_inner();
        let (mut head, mut hasher) = (None, blake3::Hasher::new());
        while let Some(chunk) = chunks.message().await? {
            head = head.or(chunk.head);
            hasher.update(&chunk.data);
        }
        let named = head.ok_or_else(|| Status::invalid_argument("no head"))?.digest;
        if named == hasher.finalize().as_bytes().as_slice() {
            Ok(Response::new(v1::PutReply {}))
        } else {
            Err(Status::invalid_argument("wrong digest"))
        }
    }
}

/// Starts a coordinator with this script, which shares nothing; gives it as a source, and the offsets it is asked for.
async fn serve(answers: Vec<Answer>) -> (Origin, Arc<Mutex<Vec<u64>>>) {
    let script = Script { answers: Mutex::new(answers.into()), ..Script::default() };
    let offsets = Arc::clone(&script.offsets);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = tonic::transport::Server::builder();
    let incoming = TcpListenerStream::new(listener);
    let serving = server.serve_with_incoming(BlobsServer::new(script), incoming);
    let mut server = JoinSet::new();
    server.spawn(async move { serving.await.unwrap() });
    // It goes on until the test's runtime ends.
    server.detach_all();
    let endpoint = Endpoint::Plain(addr.try_into().unwrap());
    let identity = Identity::from_seed(&[1; 32]);
    let channel = link::connect(&endpoint, &identity).await.unwrap();
    (Origin { channel, peer: None }, offsets)
}

fn asked(offsets: &Mutex<Vec<u64>>) -> Vec<u64> {
    offsets.lock().unwrap().clone()
}

#[tokio::test]
async fn a_cut_download_goes_on_where_it_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let blob = content(7);
    let (origin, offsets) =
        serve(vec![Answer::Cut(vec![blob.slice(..100)]), Answer::Range(blob.clone())]).await;
    let digest = Digest::of(&blob);
    let cut = open(dir.path()).obtain(Some(&origin), digest, 300).await.unwrap_err();
    assert!(cut.passes(), "{cut}");
    // A new process knows the beginning too.
    let pin = open(dir.path()).obtain(Some(&origin), digest, 300).await.unwrap();
    assert_eq!(pin.read().await.unwrap(), blob);
    assert_eq!(asked(&offsets), [0, 100]);
}

#[tokio::test]
async fn wrong_bytes_are_refused_and_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(dir.path());
    let blob = content(7);
    let (origin, offsets) =
        serve(vec![Answer::Chunks(vec![content(8)]), Answer::Range(blob.clone())]).await;
    let digest = Digest::of(&blob);
    let refused = cache.obtain(Some(&origin), digest, 300).await.unwrap_err();
    assert!(matches!(refused, DownloadError::Corrupt(named) if named == digest));
    assert!(!has(&cache, digest).await);
    assert!(cache.obtain(Some(&origin), digest, 300).await.is_ok());
    assert_eq!(asked(&offsets), [0, 0]);
}

#[tokio::test]
async fn no_more_bytes_are_taken_than_the_blob_has() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(dir.path());
    let blob = content(7);
    let digest = Digest::of(&blob);
    let (origin, _) = serve(vec![
        Answer::Chunks(vec![blob.clone(), content(7)]),
        Answer::Chunks(vec![Bytes::from(vec![0; 1 << 20])]),
        Answer::Refuse(Status::not_found("no such blob")),
    ])
    .await;
    let refused = cache.obtain(Some(&origin), digest, 300).await.unwrap_err();
    assert!(matches!(refused, DownloadError::Size { expected: 300, found: 600, .. }), "{refused}");
    // It had all 300 bytes, so nothing is asked for again; the rest was never written.
    assert!(cache.obtain(Some(&origin), digest, 300).await.is_ok());
    let other = Digest::of(b"other");
    let refused = cache.obtain(Some(&origin), other, 5).await.unwrap_err();
    assert!(!refused.passes(), "oversized message: {refused}");
    let refused = cache.obtain(Some(&origin), other, 5).await.unwrap_err();
    assert!(matches!(refused, DownloadError::Refused { .. }), "{refused}");
    let refused = cache.obtain(Some(&origin), other, 5000).await.unwrap_err();
    assert!(matches!(refused, DownloadError::Cache(CacheError::Full { .. })), "{refused}");
}

#[tokio::test]
async fn one_download_serves_all_who_wait() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(dir.path());
    let blob = content(7);
    let (origin, offsets) = serve(vec![Answer::Range(blob.clone())]).await;
    let digest = Digest::of(&blob);
    let (a, b, c) = tokio::join!(
        cache.obtain(Some(&origin), digest, 300),
        cache.obtain(Some(&origin), digest, 300),
        cache.obtain(Some(&origin), digest, 300),
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(asked(&offsets), [0]);
}

#[tokio::test]
async fn an_empty_blob_comes_too() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(dir.path());
    let (origin, _) = serve(vec![Answer::Chunks(vec![])]).await;
    let pin = cache.obtain(Some(&origin), Digest::of(b""), 0).await.unwrap();
    assert_eq!(pin.read().await.unwrap(), Bytes::new());
}

#[tokio::test]
async fn uploads_arrive_whole() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), 10 << 20, None).unwrap();
    let (origin, _) = serve(vec![]).await;
    for bytes in [0, 300, CHUNK_BYTES_MAX, 3 * CHUNK_BYTES_MAX + 1] {
        let pin = cache.put(vec![5; bytes].into()).await.unwrap();
        upload(&origin.channel, &pin).await.unwrap();
    }
}

/// The error is the system's own, from a device that never has space.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_as_such() {
    use std::io::Write;

    let path = Path::new("/dev/full");
    let mut device = fs::OpenOptions::new().write(true).open(path).unwrap();
    let error = failed(path, device.write_all(b"a blob").unwrap_err());
    assert!(matches!(&error, CacheError::DiskFull(full) if full == path), "{error}");
}
