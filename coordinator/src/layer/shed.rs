//! A bound on calls in progress: one more is refused at once instead of waiting unseen.

use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::Semaphore;
use tonic::Status;
use tower::{Layer, Service};

use super::{BoxFuture, Request, Response};

/// Makes [`Shed`] services that share one bound.
#[derive(Debug, Clone)]
pub(crate) struct ShedLayer {
    places: Arc<Semaphore>,
}

impl ShedLayer {
    /// At most `requests_max` calls at a time. A stream counts until its first answer.
    pub(crate) fn new(requests_max: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(requests_max)) }
    }
}

impl<S> Layer<S> for ShedLayer {
    type Service = Shed<S>;

    fn layer(&self, inner: S) -> Shed<S> {
        Shed { inner, places: Arc::clone(&self.places) }
    }
}

/// Refuses calls when as many are in progress as there may be.
#[derive(Debug, Clone)]
pub(crate) struct Shed<S> {
    inner: S,
    places: Arc<Semaphore>,
}

impl<S> Service<Request> for Shed<S>
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
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            let busy = Status::resource_exhausted("the coordinator is busy: try again in a moment");
            return Box::pin(async move { Ok(busy.into_http()) });
        };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            drop(place);
            answer
        })
    }
}
