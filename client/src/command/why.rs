//! `manyhands why`: one sentence about what is, or is not, going on.

use std::str::FromStr;

use clap::Args;
use manyhands_core::id::{HostId, JobId, UnitId};
use manyhands_proto::v1::why_request::About;
use manyhands_proto::v1::{self};

use crate::context::Context;
use crate::failure::Failure;

/// Say in a sentence why a unit has no host, or a host no work
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands why 3/17")]
pub(crate) struct Why {
    /// A job such as 3, a unit such as 3/17, or a host such as host:5
    subject: Subject,
}

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Job(JobId),
    Unit(UnitId),
    Host(HostId),
}

impl FromStr for Subject {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let subject = if let Some(host) = text.strip_prefix("host:") {
            host.parse().map(Self::Host)
        } else if text.contains('/') {
            text.parse().map(Self::Unit)
        } else {
            text.parse().map(Self::Job)
        };
        // The core's own words cannot know which of the three was meant.
        subject.or(Err("name a job such as 3, a unit such as 3/17, or a host such as host:5"))
    }
}

impl Why {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (session, _) = context.session().await?;
        let about = match self.subject {
            Subject::Job(job) => About::Job(job.0),
            Subject::Unit(unit) => About::Unit(unit.into()),
            Subject::Host(host) => About::Host(host.0),
        };
        let request = v1::WhyRequest { about: Some(about) };
        let reply = session.jobs().why(request).await?.into_inner();
        context.terminal.line(&reply.sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_told_apart() {
        assert_eq!("3".parse(), Ok(Subject::Job(JobId(3))));
        assert_eq!("3/17".parse(), Ok(Subject::Unit(JobId(3).unit(17))));
        assert_eq!("host:5".parse(), Ok(Subject::Host(HostId(5))));
        for text in ["", "host:", "host", "3/", "x/1", "-1"] {
            assert!(text.parse::<Subject>().is_err(), "{text}");
        }
    }
}
