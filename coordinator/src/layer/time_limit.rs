//! A bound on the time of calls that are no streams of the caller's.

use std::task::{Context, Poll};
use std::time::Duration;

use tonic::Status;
use tower::{Layer, Service};

use super::{BoxFuture, Request, Response};

/// Calls that last as long as the caller has something to say; they bound themselves.
const UNBOUNDED: [&str; 3] =
    ["/manyhands.v1.Work/Attach", "/manyhands.v1.Blobs/Put", "/manyhands.v1.Peers/Exchange"];

/// Makes [`TimeLimit`] services.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeLimitLayer(Duration);

impl TimeLimitLayer {
    /// At most `limit` until the first answer.
    pub(crate) fn new(limit: Duration) -> Self {
        Self(limit)
    }
}

impl<S> Layer<S> for TimeLimitLayer {
    type Service = TimeLimit<S>;

    fn layer(&self, inner: S) -> TimeLimit<S> {
        TimeLimit { inner, limit: self.0 }
    }
}

/// Gives up on calls that take too long.
#[derive(Debug, Clone)]
pub(crate) struct TimeLimit<S> {
    inner: S,
    limit: Duration,
}

impl<S> Service<Request> for TimeLimit<S>
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
        let is_bounded = !UNBOUNDED.contains(&request.uri().path());
        let answer = self.inner.call(request);
        if !is_bounded {
            return Box::pin(answer);
        }
        let limit = self.limit;
        Box::pin(async move {
            tokio::time::timeout(limit, answer).await.unwrap_or_else(|_elapsed| {
                let late = "not answered in time: whether it happened is not known, ask again";
                Ok(Status::deadline_exceeded(late).into_http())
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future;

    use tonic::Code;
    use tonic::body::Body;

    use super::*;

    #[tokio::test]
    async fn a_call_that_is_never_answered_is_given_up() {
        let never = tower::service_fn(|_: Request| future::pending::<Result<_, Infallible>>());
        let mut limited = TimeLimitLayer::new(Duration::from_millis(1)).layer(never);
        let request = http::Request::get("/manyhands.v1.Jobs/Get").body(Body::empty()).unwrap();
        let answer = limited.call(request).await.unwrap();
        let status = Status::from_header_map(answer.headers()).unwrap();
        assert_eq!(status.code(), Code::DeadlineExceeded);
    }
}
