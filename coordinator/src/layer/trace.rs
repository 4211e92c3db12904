//! A span for each call, and a line when it is answered.

use std::fmt::Display;
use std::task::{Context, Poll};
use std::time::Instant;

use manyhands_proto::link::Peer;
use tonic::Status;
use tower::{Layer, Service};
use tracing::{Instrument as _, debug, debug_span, field};

use super::{BoxFuture, Request, Response};

/// Makes [`Trace`] services.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TraceLayer;

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Trace<S> {
        Trace { inner }
    }
}

/// Puts calls into spans that name the method and the caller.
#[derive(Debug, Clone)]
pub(crate) struct Trace<S> {
    inner: S,
}

impl<S> Service<Request> for Trace<S>
where
    S: Service<Request, Response = Response, Error: Display, Future: Send + 'static>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = BoxFuture<S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let span = debug_span!("call", method = request.uri().path(), key = field::Empty);
        let peer = Peer::read(request.extensions(), request.headers());
        if let Ok(Peer { key: Some(key), .. }) = peer {
            span.record("key", field::display(key));
        }
        let began_at = Instant::now();
        let answer = self.inner.call(request);
        let traced = async move {
            let answer = answer.await;
            let took_us = began_at.elapsed().as_micros();
            match &answer {
                Ok(response) => {
                    let refused = Status::from_header_map(response.headers()).map(|s| s.code());
                    debug!(took_us, ?refused, "answered");
                }
                Err(error) => debug!(took_us, %error, "failed"),
            }
            answer
        };
        Box::pin(traced.instrument(span))
    }
}
