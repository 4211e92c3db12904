//! TLS between keys: configurations of both sides, and what they accept as proof.
//!
//! Our own programs prove raw keys (RFC 7250). Whoever calls with a library that does not know those is shown a
//! self-signed certificate of the same key, and may show one of its own: see [`certificate`].
//!
//! Sessions are never resumed: each connection proves both keys anew, and nothing is cached.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{AlwaysResolvesClientRawPublicKeys, Resumption};
use rustls::crypto::{CryptoProvider, verify_tls13_signature, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{
    CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{
    AlwaysResolvesServerRawPublicKeys, CertificateType, ClientHello, NoServerSessionStorage,
    ResolvesServerCert,
};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS13;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, OtherError,
    PeerIncompatible, ServerConfig, SignatureScheme,
};

use super::{ALPN_HTTP2, certificate};
use crate::identity::{Identity, PublicKey};

/// What stands before the 32 bytes of an Ed25519 key in its `SubjectPublicKeyInfo` (RFC 8410).
const SPKI_PREFIX: [u8; 12] = *b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

/// What stands before the 32 bytes of an Ed25519 seed in PKCS #8 (RFC 8410).
const PKCS8_PREFIX: [u8; 16] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

/// The server holds another key than the one that was pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the key {expected}, but {found} answered")]
pub struct WrongKey {
    /// The pinned key.
    pub expected: PublicKey,
    /// The key of whoever answered.
    pub found: PublicKey,
}

/// How a server proves its identity, in either form; which one, its caller says first of all.
#[derive(Clone, Debug)]
pub struct ServerTls {
    raw: Arc<ServerConfig>,
    certificate: Arc<ServerConfig>,
}

impl ServerTls {
    /// The form that a caller who begins so understands.
    pub(super) fn fitting(&self, hello: &ClientHello<'_>) -> Arc<ServerConfig> {
        let is_raw = |types: &[CertificateType]| types.contains(&CertificateType::RawPublicKey);
        let wants_raw = hello.server_cert_types().is_some_and(is_raw);
        Arc::clone(if wants_raw { &self.raw } else { &self.certificate })
    }
}

/// How a server proves `identity` and makes every client prove its own key.
///
/// # Errors
/// If the TLS stack refuses the key or its own defaults; no identity is known to cause it.
pub fn server_config(identity: &Identity) -> Result<ServerTls, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let raw = AlwaysResolvesServerRawPublicKeys::new(certified_key(identity, &provider)?);
    let shown = certificate::of(identity, &pkcs8(identity))?;
    let secret = provider.key_provider.load_private_key(pkcs8(identity).into())?;
    let certificate = SingleCertAndKey::from(CertifiedKey::new(vec![shown], secret));
    Ok(ServerTls {
        raw: server(&provider, Form::Raw, Arc::new(raw))?,
        certificate: server(&provider, Form::Certificate, Arc::new(certificate))?,
    })
}

fn server(
    provider: &Arc<CryptoProvider>,
    form: Form,
    shown: Arc<dyn ResolvesServerCert>,
) -> Result<Arc<ServerConfig>, Error> {
    let verifier = AnyKey { form, provider: Arc::clone(provider) };
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(shown);
    config.alpn_protocols = vec![ALPN_HTTP2.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// How a client proves `identity` and makes the server prove `pinned`.
pub(super) fn client_config(
    identity: &Identity,
    pinned: PublicKey,
) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = certified_key(identity, &provider)?;
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(PinnedKey { pinned, provider }))
        .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(key)));
    config.alpn_protocols = vec![ALPN_HTTP2.to_vec()];
    config.resumption = Resumption::disabled();
    // The key is the name: an eavesdropper need not read a host name.
    config.enable_sni = false;
    Ok(Arc::new(config))
}

/// The key that the other side proved, out of the certificate slot of a finished handshake.
pub(super) fn proven_key(certificates: Option<&[CertificateDer<'_>]>) -> Result<PublicKey, Error> {
    match certificates {
        Some([certificate]) => read_key(certificate),
        _ => Err(Error::NoCertificatesPresented),
    }
}

fn certified_key(
    identity: &Identity,
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, Error> {
    let spki = [SPKI_PREFIX.as_slice(), identity.public_key().as_bytes()].concat();
    let secret = provider.key_provider.load_private_key(pkcs8(identity).into())?;
    Ok(Arc::new(CertifiedKey::new(vec![CertificateDer::from(spki)], secret)))
}

fn pkcs8(identity: &Identity) -> PrivatePkcs8KeyDer<'static> {
    [PKCS8_PREFIX.as_slice(), identity.seed()].concat().into()
}

/// The key of what a peer showed, in either form. No certificate begins as a key does.
fn read_key(shown: &CertificateDer<'_>) -> Result<PublicKey, Error> {
    if shown.starts_with(&SPKI_PREFIX) {
        raw_key(shown)
    } else {
        raw_key(&certificate::spki(shown)?)
    }
}

fn raw_key(spki: &[u8]) -> Result<PublicKey, Error> {
    let bad = || Error::InvalidCertificate(CertificateError::BadEncoding);
    let bytes = spki.strip_prefix(SPKI_PREFIX.as_slice()).ok_or_else(bad)?;
    PublicKey::from_bytes(bytes).map_err(other)
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Other(OtherError(Arc::new(error)))
}

/// Whether the handshake is signed with the secret of the key in `certificate`.
fn verify_possession(
    provider: &CryptoProvider,
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let spki = SubjectPublicKeyInfoDer::from(certificate.as_ref());
    let schemes = &provider.signature_verification_algorithms;
    verify_tls13_signature_with_raw_key(message, &spki, signed, schemes)
}

/// How a key is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Raw,
    Certificate,
}

/// The server's demand: some Ed25519 key, whose secret the client holds.
#[derive(Debug)]
struct AnyKey {
    form: Form,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for AnyKey {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        key: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        read_key(key).map(|_any| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _key: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOfferedOrEnabled.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.form {
            Form::Raw => verify_possession(&self.provider, message, key, signed),
            Form::Certificate => {
                let schemes = &self.provider.signature_verification_algorithms;
                verify_tls13_signature(message, key, signed, schemes)
            }
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.form == Form::Raw
    }
}

/// The client's demand: this key, whose secret the server holds.
#[derive(Debug)]
struct PinnedKey {
    pinned: PublicKey,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinnedKey {
    fn verify_server_cert(
        &self,
        key: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = read_key(key)?;
        if found == self.pinned {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(other(WrongKey { expected: self.pinned, found }))
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _key: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOfferedOrEnabled.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_possession(&self.provider, message, key, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
