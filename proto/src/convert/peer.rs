//! Records of peers and coordinators. Whether they are signed is another question: see [`crate::peer`].

use std::net::IpAddr;

use bytes::Bytes;
use manyhands_core::peer::{
    ADDRESSES_MAX, CoordinatorAt, CoordinatorRecord, PeerAddress, Record, SignedCoordinators,
    SignedRecord, WITNESSES_MAX, Witness, coordinators,
};
use manyhands_core::time::Timestamp;

use super::error::{Fault, WireError};
use super::field::{at_most, bounded, key, list, narrow, signature};
use crate::link::Address;
use crate::v1;

impl From<PeerAddress> for v1::PeerAddress {
    fn from(address: PeerAddress) -> Self {
        let ip = match address.ip() {
            IpAddr::V4(ip) => Bytes::copy_from_slice(&ip.octets()),
            IpAddr::V6(ip) => Bytes::copy_from_slice(&ip.octets()),
        };
        Self { ip, port: address.port().into() }
    }
}

impl TryFrom<v1::PeerAddress> for PeerAddress {
    type Error = WireError;

    fn try_from(wire: v1::PeerAddress) -> Result<Self, WireError> {
        let v4 = <[u8; 4]>::try_from(wire.ip.as_ref()).map(IpAddr::from);
        let ip = match v4 {
            Ok(ip) => ip,
            Err(_) => IpAddr::from(super::field::array::<16>("ip", &wire.ip)?),
        };
        Self::new(ip, narrow("port", wire.port)?).map_err(|error| WireError::domain("", &error))
    }
}

impl From<SignedRecord> for v1::PeerRecord {
    fn from(signed: SignedRecord) -> Self {
        let record = signed.record();
        let witness = |witness: &Witness| {
            let at = record.addresses().iter().position(|address| *address == witness.address);
            v1::PeerWitness {
                by: Bytes::copy_from_slice(witness.by.as_bytes()),
                address: at.and_then(|at| u32::try_from(at).ok()).unwrap_or_default(),
                seen_at_ms: witness.seen_at.0,
                signature: Bytes::copy_from_slice(&witness.signature.0),
            }
        };
        Self {
            project: Bytes::copy_from_slice(record.project().as_bytes()),
            key: Bytes::copy_from_slice(record.key().as_bytes()),
            addresses: record.addresses().iter().map(|address| (*address).into()).collect(),
            seq: record.seq(),
            expires_at_ms: record.expires_at().0,
            signature: Bytes::copy_from_slice(&signed.signature().0),
            witnesses: signed.witnesses().iter().map(witness).collect(),
        }
    }
}

/// A record as it must be, whoever signed it.
pub(crate) fn peer_record(wire: v1::PeerRecord) -> Result<SignedRecord, WireError> {
    at_most("witnesses", WITNESSES_MAX, wire.witnesses.len())?;
    let record = Record::new(
        key("project", &wire.project)?,
        key("key", &wire.key)?,
        list("addresses", ADDRESSES_MAX, wire.addresses)?,
        wire.seq,
        Timestamp(wire.expires_at_ms),
    );
    let record = record.map_err(|error| WireError::domain("", &error))?;
    let witness = |(index, witness): (usize, &v1::PeerWitness)| {
        witness_of(&record, witness).map_err(|error| error.within(&format!("witnesses[{index}]")))
    };
    let witnesses = wire.witnesses.iter().enumerate().map(witness).collect::<Result<_, _>>()?;
    let signed = SignedRecord::new(record, signature("signature", &wire.signature)?, witnesses);
    signed.map_err(|error| WireError::domain("", &error))
}

fn witness_of(record: &Record, wire: &v1::PeerWitness) -> Result<Witness, WireError> {
    let at = usize::try_from(wire.address).unwrap_or(usize::MAX);
    let max = record.addresses().len().saturating_sub(1) as u64;
    let absent = || Fault::TooLarge { max, actual: wire.address.into() };
    let address = record.addresses().get(at).copied();
    Ok(Witness {
        by: key("by", &wire.by)?,
        address: address.ok_or_else(|| WireError::new("address", absent()))?,
        seen_at: Timestamp(wire.seen_at_ms),
        signature: signature("signature", &wire.signature)?,
    })
}

impl From<SignedCoordinators> for v1::CoordinatorRecord {
    fn from(signed: SignedCoordinators) -> Self {
        let SignedCoordinators { record, signature } = signed;
        let at = |at: &CoordinatorAt| v1::CoordinatorAt {
            key: Bytes::copy_from_slice(at.key.as_bytes()),
            addresses: at.addresses.clone(),
        };
        Self {
            project: Bytes::copy_from_slice(record.project().as_bytes()),
            coordinators: record.coordinators().iter().map(at).collect(),
            seq: record.seq(),
            expires_at_ms: record.expires_at().0,
            signature: Bytes::copy_from_slice(&signature.0),
        }
    }
}

impl TryFrom<v1::CoordinatorAt> for CoordinatorAt {
    type Error = WireError;

    fn try_from(wire: v1::CoordinatorAt) -> Result<Self, WireError> {
        at_most("addresses", coordinators::COORDINATOR_ADDRESSES_MAX, wire.addresses.len())?;
        for (index, address) in wire.addresses.iter().enumerate() {
            let field = format!("addresses[{index}]");
            bounded(&field, coordinators::COORDINATOR_ADDRESS_BYTES_MAX, address)?;
            let read = address.parse::<Address>();
            let read = read.map_err(|error| WireError::domain(&field, &error))?;
            if read.to_string() != *address {
                return Err(WireError::new(field, Fault::NotCanonical));
            }
        }
        Ok(Self { key: key("key", &wire.key)?, addresses: wire.addresses })
    }
}

/// A coordinator record as it must be, whoever signed it.
pub(crate) fn coordinator_record(
    wire: v1::CoordinatorRecord,
) -> Result<SignedCoordinators, WireError> {
    let record = CoordinatorRecord::new(
        key("project", &wire.project)?,
        list("coordinators", coordinators::COORDINATORS_MAX, wire.coordinators)?,
        wire.seq,
        Timestamp(wire.expires_at_ms),
    );
    let record = record.map_err(|error| WireError::domain("", &error))?;
    Ok(SignedCoordinators { record, signature: signature("signature", &wire.signature)? })
}
