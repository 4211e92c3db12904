//! A bound on the calls of one key: a token bucket for each, in a table of bounded size.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use manyhands_proto::identity::PublicKey;
use manyhands_proto::link::Peer;
use tonic::Status;
use tower::{Layer, Service};

use super::{BoxFuture, Request, Response};

/// Keys remembered in each of two generations. Whoever is forgotten has a full bucket again, so
/// flooding the table with new keys gains what new keys would have been given anyway.
const KEYS_MAX: usize = 16_384;

/// Micro-calls in one call: buckets count in whole numbers.
const CALL: u64 = 1_000_000;

/// Makes [`RateLimit`] services that share their buckets.
#[derive(Debug, Clone)]
pub(crate) struct RateLimitLayer {
    buckets: Arc<Mutex<Buckets>>,
}

impl RateLimitLayer {
    /// `per_s` calls of one key each second, and `burst` at once after a quiet time.
    pub(crate) fn new(per_s: u32, burst: u32) -> Self {
        let (young, old) = (BTreeMap::new(), BTreeMap::new());
        let buckets = Buckets { per_s, burst, young, old };
        Self { buckets: Arc::new(Mutex::new(buckets)) }
    }
}

impl<S> Layer<S> for RateLimitLayer {
    type Service = RateLimit<S>;

    fn layer(&self, inner: S) -> RateLimit<S> {
        RateLimit { inner, buckets: Arc::clone(&self.buckets) }
    }
}

/// Refuses calls of a key that calls too often.
#[derive(Debug, Clone)]
pub(crate) struct RateLimit<S> {
    inner: S,
    buckets: Arc<Mutex<Buckets>>,
}

#[derive(Debug)]
struct Buckets {
    per_s: u32,
    burst: u32,
    /// Keys seen since the last change of generations.
    young: BTreeMap<Option<PublicKey>, Bucket>,
    /// Keys of the generation before.
    old: BTreeMap<Option<PublicKey>, Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// What is left, in micro-calls.
    left: u64,
    filled_at: Instant,
}

impl Buckets {
    /// Whether this key may call now. Callers without a key share a bucket.
    fn admits(&mut self, key: Option<PublicKey>, now: Instant) -> bool {
        let full = u64::from(self.burst) * CALL;
        let known = self.young.get(&key).or_else(|| self.old.get(&key));
        let mut bucket = known.copied().unwrap_or(Bucket { left: full, filled_at: now });
        let since = now.saturating_duration_since(bucket.filled_at).as_micros();
        let dropped_in = u64::try_from(since).unwrap_or(u64::MAX).saturating_mul(self.per_s.into());
        let filled = bucket.left.saturating_add(dropped_in).min(full);
        let is_admitted = filled >= CALL;
        bucket.left = if is_admitted { filled - CALL } else { filled };
        bucket.filled_at = now;
        if self.young.len() >= KEYS_MAX {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, bucket);
        is_admitted
    }
}

impl<S> Service<Request> for RateLimit<S>
where
    S: Service<Request, Response = Response, Future: Send + 'static>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = BoxFuture<S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let key = match Peer::read(request.extensions(), request.headers()) {
            Ok(peer) => peer.key,
            Err(error) => return Box::pin(async move { Ok(Status::from(error).into_http()) }),
        };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let is_admitted = buckets.admits(key, Instant::now());
        drop(buckets);
        if is_admitted {
            return Box::pin(self.inner.call(request));
        }
        let refused = Status::resource_exhausted("too many calls with your key: slow down");
        Box::pin(async move { Ok(refused.into_http()) })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use manyhands_proto::identity::Identity;

    use super::*;

    fn key(n: u8) -> Option<PublicKey> {
        Some(Identity::from_seed(&[n; 32]).public_key())
    }

    #[test]
    fn a_burst_is_spent_and_refills_with_time() {
        let layer = RateLimitLayer::new(10, 3);
        let mut buckets = layer.buckets.lock().unwrap();
        let start = Instant::now();
        let admitted = [1, 1, 1, 1, 2].map(|n| buckets.admits(key(n), start));
        assert_eq!(admitted, [true, true, true, false, true], "each key has its own");
        let later = start + Duration::from_millis(100);
        assert_eq!([0; 2].map(|_| buckets.admits(key(1), later)), [true, false]);
        let much_later = start + Duration::from_secs(3_600);
        assert_eq!([0; 4].map(|_| buckets.admits(key(1), much_later)), [true, true, true, false]);
    }

    #[test]
    fn one_key_has_one_bucket_however_often_it_calls() {
        let layer = RateLimitLayer::new(1, 1);
        let mut buckets = layer.buckets.lock().unwrap();
        let now = Instant::now();
        assert!(buckets.admits(None, now));
        (0..KEYS_MAX).for_each(|_| assert!(!buckets.admits(None, now)));
        assert_eq!(buckets.young.len(), 1);
    }
}
