//! Callers whose TLS library knows no raw keys: they see a certificate, and show one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io;
use std::sync::{Arc, Mutex};

use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::link::{self, Bounds, Incoming, Proof};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{ring, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS13;
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_stream::StreamExt;
use webpki::EndEntityCert;

/// What a caller of another language does: it takes any certificate, and looks at the key in it.
#[derive(Debug, Default)]
struct Onlooker {
    seen: Mutex<Option<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.seen.lock().unwrap() = Some(certificate.clone().into_owned());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        unreachable!("TLS 1.2 was not offered")
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let schemes = ring::default_provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, &schemes)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

fn server() -> Identity {
    Identity::from_seed(&[1; 32])
}

/// The last 32 bytes of a certificate's key: with Ed25519, the key itself.
fn key(certificate: &CertificateDer<'_>) -> PublicKey {
    let parsed = EndEntityCert::try_from(certificate).unwrap();
    let spki = parsed.subject_public_key_info();
    PublicKey::from_bytes(&spki[spki.len() - 32..]).unwrap()
}

fn certificate(of: &KeyPair) -> CertificateDer<'static> {
    CertificateParams::new(["whoever".to_owned()]).unwrap().self_signed(of).unwrap().into()
}

/// How the two ends of a handshake end: what the server knows of its caller, or what the caller was told; and the
/// key that the server showed.
async fn call(
    shown: CertificateDer<'static>,
    secret: &KeyPair,
) -> (Result<Proof, io::Error>, PublicKey) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let config = link::server_config(&server()).unwrap();
    let mut incoming = Incoming::tls(listener, config, Bounds::default());
    let onlooker = Arc::new(Onlooker::default());
    let secret = PrivateKeyDer::try_from(secret.serialize_der()).unwrap();
    let secret = ring::default_provider().key_provider.load_private_key(secret).unwrap();
    let mine = SingleCertAndKey::from(CertifiedKey::new(vec![shown], secret));
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::<Onlooker>::clone(&onlooker))
        .with_client_cert_resolver(Arc::new(mine));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let dial = async {
        let socket = TcpStream::connect(addr).await?;
        let connector = TlsConnector::from(Arc::new(config));
        let mut stream = connector.connect(ServerName::from(addr.ip()), socket).await?;
        // The caller is done first, and reads the server's judgement afterwards.
        stream.read_u8().await
    };
    let met = tokio::select! {
        connection = incoming.next() => Ok(connection.unwrap().unwrap().proof()),
        told = dial => Err(told.unwrap_err()),
    };
    let seen = onlooker.seen.lock().unwrap().take().unwrap();
    (met, key(&seen))
}

#[tokio::test]
async fn both_ends_know_each_others_key() {
    let mine = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let (met, shown) = call(certificate(&mine), &mine).await;
    assert_eq!(shown, server().public_key(), "what a caller compares with its invite");
    let Proof::Tls { key, .. } = met.unwrap() else { panic!("a link without a proof") };
    assert_eq!(key.as_bytes().as_slice(), mine.public_key_raw());
}

/// An identity is an Ed25519 key.
#[tokio::test]
async fn a_key_of_another_kind_is_refused() {
    let mine = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let (met, _) = call(certificate(&mine), &mine).await;
    assert!(met.is_err(), "{met:?}");
}

#[tokio::test]
async fn the_certificate_of_someone_else_is_refused() {
    let victim = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let mine = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let (met, _) = call(certificate(&victim), &mine).await;
    assert!(met.is_err(), "{met:?}");
}
