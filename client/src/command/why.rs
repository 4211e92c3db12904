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
    /// A job such as 3, a unit such as 3/17, or a host such as host 5
    #[arg(required = true, num_args = 1..=2)]
    subject: Vec<String>,
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

    /// The kind may be said before the number, as in `unit 3/17` or `unit:3/17`; a host's must be.
    fn from_str(text: &str) -> Result<Self, &'static str> {
        let (kind, id) = text.split_once([' ', ':']).unwrap_or(("", text));
        let subject = match kind {
            "host" => id.parse().map(Self::Host),
            "unit" => id.parse().map(Self::Unit),
            "job" => id.parse().map(Self::Job),
            "" if id.contains('/') => id.parse().map(Self::Unit),
            "" => id.parse().map(Self::Job),
            _ => return Err(KNOWN),
        };
        // The core's own words cannot know which of the three was meant.
        subject.or(Err(KNOWN))
    }
}

const KNOWN: &str = "name a job such as 3, a unit such as 3/17, or a host such as host 5";

impl Why {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let subject = self.subject.join(" ").parse().map_err(Failure::bad_input)?;
        let (session, _) = context.session().await?;
        let about = match subject {
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
        for text in ["host:5", "host 5"] {
            assert_eq!(text.parse(), Ok(Subject::Host(HostId(5))));
        }
        assert_eq!("job 3".parse(), Ok(Subject::Job(JobId(3))));
        assert_eq!("unit 3/17".parse(), Ok(Subject::Unit(JobId(3).unit(17))));
        for text in ["", "host:", "host", "3/", "x/1", "-1", "unit 3", "worker 3", "3 4"] {
            assert!(text.parse::<Subject>().is_err(), "{text}");
        }
    }
}
