//! One host of a swarm, for test beds: an origin that deals a file, or a peer that fetches it.
//!
//! ```text
//! swarm_host prepare      writes the file's digest and size beside it
//! swarm_host tracker      nothing: the origin names peers to each other, and knows from the start where they are
//! swarm_host origin       deals the file; then `./ready` is there
//! swarm_host leech        fetches it as `./out`; then `./done` is there, and it goes on giving; `./blamed` is how many
//!                         peers it caught
//! swarm_host poison       gives bytes that do not match
//! ```
//!
//! With `SW_UPLOAD=half` a host keeps to half of what its line carries, and `./uplink` tells of that.
//!
//! `SW_FILE`, `SW_OUT`, `SW_I`, `SW_IP`, `SW_ORIGIN_IP` and `SW_DIALOUT` say what and where, as
//! `worker/benches/swarm.sh` sets them. The keys follow from the numbers, so nobody has to be told them: this is for
//! test beds only.

mod poison;
mod records;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{env, fs};

use manyhands_core::digest::Digest;
use manyhands_core::swarm::UploadLimit;
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::link::{self, Address, Bounds, Incoming};
use manyhands_swarm::{Blob, Known, Pace, Settings, Swarm};
use tokio::net::TcpListener;
use tonic::transport::Server;

/// Where every host listens.
const PORT: u16 = 7_700;

/// The number that the origin's key is made from.
const ORIGIN: u8 = 0;

fn identity(number: u8) -> Identity {
    Identity::from_seed(&[number; 32])
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What the bed says.
struct Bed {
    file: PathBuf,
    out: PathBuf,
    /// This host's number; the origin has none.
    number: Option<u8>,
    ip: String,
    origin_ip: String,
    /// The numbers of those that nobody can dial.
    dialout: Vec<u8>,
    /// How much it may send to other networks.
    upload_limit: Option<UploadLimit>,
}

impl Bed {
    fn read() -> Self {
        let read = |name: &str| env::var(name).unwrap_or_default();
        let number = read("SW_I");
        Self {
            file: read("SW_FILE").into(),
            out: read("SW_OUT").into(),
            dialout: read("SW_DIALOUT")
                .split_whitespace()
                .filter_map(|it| it.parse().ok())
                .collect(),
            number: number.parse().ok(),
            upload_limit: (read("SW_UPLOAD") == "half").then_some(UploadLimit::HalfOfMeasured),
            ip: read("SW_IP"),
            origin_ip: read("SW_ORIGIN_IP"),
        }
    }

    fn identity(&self) -> Identity {
        identity(self.number.unwrap_or(ORIGIN))
    }

    fn origin(&self) -> Result<(Address, PublicKey), Failure> {
        let address = format!("{}:{PORT}", self.origin_ip).parse()?;
        Ok((address, identity(ORIGIN).public_key()))
    }

    fn note(&self) -> PathBuf {
        self.out.join("blob.note")
    }

    /// The file's digest and size, as `prepare` found them.
    fn blob(&self) -> Result<(Digest, u64), Failure> {
        let note = fs::read_to_string(self.note())?;
        let (digest, size_bytes) = note.split_once(' ').ok_or("the note is not two words")?;
        Ok((digest.parse()?, size_bytes.parse()?))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    tracing_subscriber::fmt().with_env_filter(env::var("SW_TRACE").unwrap_or_default()).init();
    let bed = Bed::read();
    match env::args().nth(1).as_deref() {
        Some("prepare") => prepare(&bed),
        Some("tracker") => Ok(fs::write("ready", "")?),
        Some("origin") => origin(&bed).await,
        Some("leech") => leech(&bed).await,
        Some("poison") => poison::run(&bed).await,
        _ => Err("say prepare, tracker, origin, leech or poison".into()),
    }
}

fn prepare(bed: &Bed) -> Result<(), Failure> {
    let content = fs::read(&bed.file)?;
    Ok(fs::write(bed.note(), format!("{} {}", Digest::of(&content), content.len()))?)
}

async fn origin(bed: &Bed) -> Result<(), Failure> {
    let (digest, _) = bed.blob()?;
    let blob = Blob::whole(&bed.file, Path::new("outboard"), digest)?;
    let budget_bytes = blob.geometry().size_bytes() / 16 * 17;
    let tracker = Arc::new(Mutex::new(records::tracker(bed)?));
    let swarm = swarm(bed, Known::Tracker(tracker));
    swarm.deal(blob, budget_bytes)?;
    let listener = listener(bed).await?;
    fs::write("ready", "")?;
    serve(bed, &swarm, listener).await
}

async fn leech(bed: &Bed) -> Result<(), Failure> {
    let (digest, size_bytes) = bed.blob()?;
    let swarm = swarm(bed, Known::Table(Arc::new(Mutex::new(records::table(bed)))));
    let listener = listener(bed).await?;
    let blob = Blob::partial(Path::new("out"), Path::new("outboard"), digest, size_bytes)?;
    swarm.share(blob, &[bed.origin()?])?;
    let fetched = async {
        swarm.whole(digest).await?;
        let blamed = swarm.status(digest).map_or(0, |status| status.blamed.len());
        fs::write("blamed", format!("{blamed}\n"))?;
        fs::write("done", "")?;
        std::future::pending::<Result<(), Failure>>().await
    };
    tokio::select! {
        ended = serve(bed, &swarm, listener) => ended,
        failed = fetched => failed,
    }
}

fn swarm(bed: &Bed, known: Known) -> Swarm {
    let identity = bed.identity();
    let pace = Arc::new(Pace::new(bed.upload_limit));
    Swarm::new(Settings { identity, known, is_near_only: false, pace })
}

async fn listener(bed: &Bed) -> Result<TcpListener, Failure> {
    Ok(TcpListener::bind(SocketAddr::new(bed.ip.parse()?, PORT)).await?)
}

async fn serve(bed: &Bed, swarm: &Swarm, listener: TcpListener) -> Result<(), Failure> {
    let config = link::server_config(&bed.identity())?;
    let incoming = Incoming::tls(listener, config, Bounds::default());
    let server = Server::builder().add_service(swarm.service()).serve_with_incoming(incoming);
    tokio::select! {
        served = server => Ok(served?),
        failed = tell_uplink(swarm) => failed,
    }
}

/// Writes down every second what may be sent, and what the line was seen to carry: bytes a second.
async fn tell_uplink(swarm: &Swarm) -> Result<(), Failure> {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    while let Some(uplink) = swarm.uplink() {
        let measured = uplink.measured_bytes_per_s.unwrap_or_default();
        fs::write("uplink", format!("{} {measured}\n", uplink.bytes_per_s))?;
        ticks.tick().await;
    }
    std::future::pending().await
}
