//! How far a bisection is.

use manyhands_core::digest::Digest;
use manyhands_core::replica::Class;
use manyhands_core::store::StoreError;
use manyhands_core::trust::bisect::{Bisection, Claim, Moment};
use prost::{Message, Oneof};

use super::dispute::two;
use super::statement::ClassBody;
use crate::store::sqlite::codec::{corrupt, digest};

#[derive(Clone, PartialEq, Message)]
pub(super) struct BisectionBody {
    /// Two, as what is said.
    #[prost(message, repeated, tag = "1")]
    claims: Vec<ClaimBody>,
    #[prost(uint64, tag = "2")]
    agreed_at: u64,
    #[prost(bytes = "vec", optional, tag = "3")]
    agreed: Option<Vec<u8>>,
    #[prost(uint64, tag = "4")]
    differ_at: u64,
    #[prost(message, repeated, tag = "5")]
    said: Vec<SaidBody>,
}

#[derive(Clone, PartialEq, Message)]
struct ClaimBody {
    #[prost(message, required, tag = "1")]
    class: ClassBody,
    #[prost(uint64, tag = "2")]
    ended_by: u64,
    #[prost(message, optional, tag = "3")]
    told: Option<ToldBody>,
}

#[derive(Clone, PartialEq, Message)]
struct ToldBody {
    #[prost(uint64, tag = "1")]
    calls: u64,
    #[prost(bytes = "vec", tag = "2")]
    state: Vec<u8>,
}

/// None of whoever was not asked.
#[derive(Clone, PartialEq, Message)]
struct SaidBody {
    #[prost(message, optional, tag = "1")]
    moment: Option<MomentBody>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct MomentBody {
    #[prost(oneof = "HowBody", tags = "1, 2")]
    how: Option<HowBody>,
}

#[derive(Clone, PartialEq, Oneof)]
enum HowBody {
    #[prost(bytes = "vec", tag = "1")]
    Running(Vec<u8>),
    #[prost(message, tag = "2")]
    Ended(ClassBody),
}

impl From<&Bisection> for BisectionBody {
    fn from(bisection: &Bisection) -> Self {
        let said = bisection.said.iter();
        Self {
            claims: bisection.claims.iter().map(ClaimBody::from).collect(),
            agreed_at: bisection.agreed_at,
            agreed: bisection.agreed.map(|state| state.0.to_vec()),
            differ_at: bisection.differ_at,
            said: said.map(|said| SaidBody { moment: said.as_ref().map(Into::into) }).collect(),
        }
    }
}

impl TryFrom<BisectionBody> for Bisection {
    type Error = StoreError;

    fn try_from(body: BisectionBody) -> Result<Self, StoreError> {
        let said = body.said.into_iter().map(|said| said.moment.map(Moment::try_from).transpose());
        Ok(Self {
            claims: two("claims", body.claims.into_iter().map(Claim::try_from))?,
            agreed_at: body.agreed_at,
            agreed: body.agreed.as_deref().map(digest).transpose()?,
            differ_at: body.differ_at,
            said: two("said", said)?,
        })
    }
}

impl From<&Claim> for ClaimBody {
    fn from(claim: &Claim) -> Self {
        let told = claim.told.map(|(calls, Digest(state))| ToldBody { calls, state: state.into() });
        Self { class: claim.class.into(), ended_by: claim.ended_by, told }
    }
}

impl TryFrom<ClaimBody> for Claim {
    type Error = StoreError;

    fn try_from(body: ClaimBody) -> Result<Self, StoreError> {
        let told = body.told.map(|ToldBody { calls, state }| Ok((calls, digest(&state)?)));
        Ok(Self {
            class: Class::try_from(body.class)?,
            ended_by: body.ended_by,
            told: told.transpose()?,
        })
    }
}

impl From<&Moment> for MomentBody {
    fn from(moment: &Moment) -> Self {
        let how = match *moment {
            Moment::Running(Digest(state)) => HowBody::Running(state.into()),
            Moment::Ended(class) => HowBody::Ended(class.into()),
        };
        Self { how: Some(how) }
    }
}

impl TryFrom<MomentBody> for Moment {
    type Error = StoreError;

    fn try_from(body: MomentBody) -> Result<Self, StoreError> {
        match body.how {
            Some(HowBody::Running(state)) => Ok(Self::Running(digest(&state)?)),
            Some(HowBody::Ended(class)) => Ok(Self::Ended(class.try_into()?)),
            None => Err(corrupt("moment", "it neither runs nor has ended")),
        }
    }
}
