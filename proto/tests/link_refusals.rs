//! Clients that our own never are: without a key, with a stolen one, or from before TLS 1.3.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io;
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

/// The seed of a client that does all as it should.
const HONEST: [u8; 32] = [2; 32];

/// The seed of a client whose key is as good, but not its manners.
const ODD: [u8; 32] = [3; 32];

/// The seed of someone who is not here, and whose key another client shows.
const VICTIM: [u8; 32] = [4; 32];

fn public(seed: [u8; 32]) -> [u8; 32] {
    *Identity::from_seed(&seed).public_key().as_bytes()
}

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

/// Dials with `config`, then as the honest one: the honest one must be the first and only
/// connection that the listener hands out. Returns what the first client was told.
async fn refusal(config: ClientConfig) -> io::Error {
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
    let honest_config = client(&version::TLS13, showing(public(HONEST), HONEST));
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
    assert!(
        matches!(connection.proof(), Proof::Tls { key, .. } if *key.as_bytes() == public(HONEST))
    );
    drop(connection);
    match refused {
        Some(told) => told,
        None => dial_both.await,
    }
}

/// The alert that the server sent to this client before it closed the connection.
async fn alert(config: ClientConfig) -> AlertDescription {
    let refused = refusal(config).await;
    match refused.get_ref().and_then(|error| error.downcast_ref()) {
        Some(Error::AlertReceived(alert)) => *alert,
        _ => panic!("not an alert: {refused:?}"),
    }
}

#[tokio::test]
async fn no_key_at_all() {
    let silent = client(&version::TLS13, None);
    assert_eq!(alert(silent).await, AlertDescription::HandshakeFailure);
    let empty_handed = client(&version::TLS13, Some(Arc::new(EmptyHanded)));
    assert_eq!(alert(empty_handed).await, AlertDescription::CertificateRequired);
}

#[tokio::test]
async fn the_key_of_someone_else() {
    let thief = client(&version::TLS13, showing(public(VICTIM), ODD));
    assert_eq!(alert(thief).await, AlertDescription::DecryptError);
}

#[tokio::test]
async fn a_key_that_anyone_can_sign_for() {
    let mut weak = [0; 32];
    weak[0] = 1;
    let weak = client(&version::TLS13, showing(weak, ODD));
    assert_eq!(alert(weak).await, AlertDescription::HandshakeFailure);
}

#[tokio::test]
async fn tls_before_1_3() {
    let old = client(&version::TLS12, showing(public(ODD), ODD));
    assert_eq!(alert(old).await, AlertDescription::ProtocolVersion);
}

#[tokio::test]
async fn another_protocol_than_http2() {
    let mut config = client(&version::TLS13, showing(public(ODD), ODD));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    assert_eq!(alert(config.clone()).await, AlertDescription::NoApplicationProtocol);
    // TLS lets those pass who name no protocol; we do not.
    config.alpn_protocols.clear();
    assert_eq!(refusal(config).await.kind(), io::ErrorKind::UnexpectedEof);
}
