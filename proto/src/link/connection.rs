//! One established connection, whichever side dialled and whichever way it is protected.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::pki_types::ServerName;
use rustls::server::Acceptor;
use rustls::{ClientConfig, CommonState};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::{LazyConfigAcceptor, TlsConnector, TlsStream};
use tokio_util::either::Either;
use tonic::transport::server::Connected;

use super::peer::Proof;
use super::tls::ServerTls;
use super::{ALPN_HTTP2, tls};

/// A stream of bytes to a peer, with what is proved about that peer.
#[derive(Debug)]
pub struct Connection {
    io: Either<Box<TlsStream<TcpStream>>, TcpStream>,
    proof: Proof,
    /// Frees the place among the listener's connections when this one ends.
    _place: Option<OwnedSemaphorePermit>,
}

impl Connection {
    /// The listening end of a handshake. Bounded in time by the caller.
    pub(super) async fn accept_tls(
        tls: ServerTls,
        socket: TcpStream,
        addr: SocketAddr,
    ) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        let begun = LazyConfigAcceptor::new(Acceptor::default(), socket).await?;
        let config = tls.fitting(&begun.client_hello());
        let stream = begun.into_stream(config).await?;
        Self::protected(TlsStream::Server(stream), addr)
    }

    /// The dialling end of a handshake. Bounded in time by the caller.
    pub(super) async fn connect_tls(
        config: Arc<ClientConfig>,
        socket: TcpStream,
    ) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        let addr = socket.peer_addr()?;
        // Neither sent nor checked: the pinned key is the name.
        let name = ServerName::from(addr.ip());
        let stream = TlsConnector::from(config).connect(name, socket).await?;
        Self::protected(TlsStream::Client(stream), addr)
    }

    /// Either end of a plain link.
    pub(super) fn plain(socket: TcpStream, addr: SocketAddr) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        Ok(Self { io: Either::Right(socket), proof: Proof::Plain { addr }, _place: None })
    }

    /// What is proved about the other end.
    #[must_use]
    pub fn proof(&self) -> Proof {
        self.proof
    }

    pub(super) fn occupying(self, place: OwnedSemaphorePermit) -> Self {
        Self { _place: Some(place), ..self }
    }

    fn protected(stream: TlsStream<TcpStream>, addr: SocketAddr) -> io::Result<Self> {
        let state: &CommonState = stream.get_ref().1;
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        if state.alpn_protocol() != Some(ALPN_HTTP2) {
            return Err(invalid("the other end did not agree on HTTP/2".to_owned()));
        }
        let key = tls::proven_key(state.peer_certificates()).map_err(|e| invalid(e.to_string()))?;
        let proof = Proof::Tls { key, addr };
        Ok(Self { io: Either::Left(Box::new(stream)), proof, _place: None })
    }
}

impl Connected for Connection {
    type ConnectInfo = Proof;

    fn connect_info(&self) -> Proof {
        self.proof
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
