//! Clients that our own never are: without a key, with a stolen one, or from before TLS 1.3.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use manyhands_proto::identity::Identity;
use manyhands_proto::link::{self, Bounds, Incoming, Proof};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{AlwaysResolvesClientRawPublicKeys, ResolvesClientCert};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    SupportedProtocolVersion, version,
};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_stream::StreamExt;

const SPKI: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
const PKCS8: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

/// Believes any server: only the server's judgement is under test.
#[derive(Debug)]
struct Gullible {
    raw_keys: bool,
}

impl ServerCertVerifier for Gullible {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.raw_keys
    }
}

/// Says that it has a raw key, and then has none.
#[derive(Debug)]
struct EmptyHanded;

impl ResolvesClientCert for EmptyHanded {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn only_raw_public_keys(&self) -> bool {
        true
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Shows the key `shown` but signs with the secret that grows from `seed`.
fn showing(shown: [u8; 32], seed: [u8; 32]) -> Option<Arc<dyn ResolvesClientCert>> {
    let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from([PKCS8, &seed].concat()));
    let secret = ring::default_provider().key_provider.load_private_key(secret).unwrap();
    let key = CertifiedKey::new(vec![[SPKI, &shown].concat().into()], secret);
    Some(Arc::new(AlwaysResolvesClientRawPublicKeys::new(Arc::new(key))))
}

fn client(
    version: &'static SupportedProtocolVersion,
    key: Option<Arc<dyn ResolvesClientCert>>,
) -> ClientConfig {
    let raw_keys = *version == version::TLS13;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Gullible { raw_keys }));
    let mut config = match key {
        Some(key) => config.with_client_cert_resolver(key),
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// Dials with `config`, then as the honest seed 2: the honest one must be the first and only
/// connection that the listener hands out. Returns what the first client was told.
async fn refusal(config: ClientConfig) -> Error {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = link::server_config(&Identity::from_seed(&[1; 32])).unwrap();
    let mut incoming = Incoming::tls(listener, server, Bounds::default());

    let dial = async |config: ClientConfig| {
        let socket = TcpStream::connect(addr).await?;
        let name = ServerName::from(addr.ip());
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, socket).await?;
        // In TLS 1.3 the client is done first, and reads the server's judgement afterwards.
        stream.read_u8().await
    };
    let honest = Identity::from_seed(&[2; 32]).public_key();
    let honest_config = client(&version::TLS13, showing(*honest.as_bytes(), [2; 32]));
    let dial_both = async {
        let refused = dial(config).await.unwrap_err();
        let _open_until_cancelled = dial(honest_config).await;
        refused
    };
    let mut dial_both = std::pin::pin!(dial_both);
    let mut refused = None;
    let connection = loop {
        tokio::select! {
            connection = incoming.next() => break connection.unwrap().unwrap(),
            told = &mut dial_both, if refused.is_none() => refused = Some(told),
        }
    };
    assert!(matches!(connection.proof(), Proof::Tls { key, .. } if key == honest));
    drop(connection);
    let refused = match refused {
        Some(told) => told,
        None => dial_both.await,
    };
    refused.get_ref().unwrap().downcast_ref::<Error>().unwrap().clone()
}

#[tokio::test]
async fn no_key_at_all() {
    let told = refusal(client(&version::TLS13, None)).await;
    assert_eq!(told, Error::AlertReceived(AlertDescription::HandshakeFailure));
    let told = refusal(client(&version::TLS13, Some(Arc::new(EmptyHanded)))).await;
    assert_eq!(told, Error::AlertReceived(AlertDescription::CertificateRequired));
}

#[tokio::test]
async fn the_key_of_someone_else() {
    let victim = Identity::from_seed(&[3; 32]).public_key();
    let config = client(&version::TLS13, showing(*victim.as_bytes(), [4; 32]));
    assert_eq!(refusal(config).await, Error::AlertReceived(AlertDescription::DecryptError));
}

#[tokio::test]
async fn a_key_that_anyone_can_sign_for() {
    let mut weak = [0; 32];
    weak[0] = 1;
    let config = client(&version::TLS13, showing(weak, [4; 32]));
    assert!(matches!(refusal(config).await, Error::AlertReceived(_)));
}

#[tokio::test]
async fn tls_before_1_3() {
    let own = Identity::from_seed(&[2; 32]).public_key();
    let config = client(&version::TLS12, showing(*own.as_bytes(), [2; 32]));
    assert_eq!(refusal(config).await, Error::AlertReceived(AlertDescription::ProtocolVersion));
}

#[tokio::test]
async fn another_protocol_than_http2() {
    let own = Identity::from_seed(&[2; 32]).public_key();
    let mut config = client(&version::TLS13, showing(*own.as_bytes(), [2; 32]));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let no_protocol = AlertDescription::NoApplicationProtocol;
    assert_eq!(refusal(config).await, Error::AlertReceived(no_protocol));
}
