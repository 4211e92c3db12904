//! The key in a certificate's clothes, for callers whose TLS library knows nothing else.
//!
//! A certificate here proves what a raw key proves, and no more: that whoever shows it holds the key in it. Who
//! signed it, its names and its dates mean nothing. A caller in another language takes the server's certificate as it comes,
//! compares the key in it with the invite's, and shows a self-signed certificate of an Ed25519 key
//! of its own, which is then its identity. Needed are TLS 1.3, ALPN `h2` and Ed25519: the libraries of Go, Java and Node.js and
//! whatever is built on OpenSSL have all of them; BoringSSL refuses Ed25519 unless its user asks for it.

use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{CertificateError, Error};
use webpki::EndEntityCert;

use crate::identity::Identity;

/// For libraries that insist on a name.
const NAME: &str = "manyhands";

/// A certificate of this identity; the same whenever it is made.
pub(super) fn of(
    identity: &Identity,
    secret: &PrivatePkcs8KeyDer<'_>,
) -> Result<CertificateDer<'static>, Error> {
    let failed = |error: rcgen::Error| Error::General(error.to_string());
    let key = KeyPair::try_from(secret).map_err(failed)?;
    let mut params = CertificateParams::new([NAME.to_owned()]).map_err(failed)?;
    params.distinguished_name.push(DnType::CommonName, identity.public_key().to_string());
    params.serial_number = Some(1_u64.into());
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(9999, 1, 1));
    Ok(params.self_signed(&key).map_err(failed)?.into())
}

/// The `SubjectPublicKeyInfo` of a certificate.
pub(super) fn spki(certificate: &CertificateDer<'_>) -> Result<Vec<u8>, Error> {
    let bad = |_error| Error::InvalidCertificate(CertificateError::BadEncoding);
    let parsed = EndEntityCert::try_from(certificate).map_err(bad)?;
    Ok(parsed.subject_public_key_info().to_vec())
}
