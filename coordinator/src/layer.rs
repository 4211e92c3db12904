//! What every call passes before a service sees it: a span for its logs, a bound on calls at a
//! time, a bound on calls of one key, a bound on time. (Message sizes are bounded where messages
//! are decoded: see `serve`.)

mod rate;
mod shed;
mod time_limit;
mod trace;

use std::pin::Pin;

use tonic::body::Body;

pub(crate) use rate::RateLimitLayer;
pub(crate) use shed::ShedLayer;
pub(crate) use time_limit::TimeLimitLayer;
pub(crate) use trace::TraceLayer;

type Request = http::Request<Body>;
type Response = http::Response<Body>;
type BoxFuture<E> = Pin<Box<dyn Future<Output = Result<Response, E>> + Send>>;
