//! Three workers and a coordinator, each in a network of its own behind one switch, find each other by
//! multicast DNS alone.
//!
//! Network namespaces need root on Linux, and a bridge. Elsewhere the test says so and is not run: `cargo test -p
//! manyhands-proto --test lan -- --nocapture` shows it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::collections::BTreeSet;
use std::env;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::lan::{Announcement, Role, Search};

/// Tells a process of this test that it is one of the hosts, and which.
const HOST: &str = "MANYHANDS_TEST_LAN_HOST";

/// The hosts: a coordinator and three workers.
const HOSTS: u8 = 4;

/// Nobody waits longer for what is promised within three seconds; a machine that builds at the same time may be late.
const PATIENCE: Duration = Duration::from_secs(30);

fn key(host: u8) -> PublicKey {
    Identity::from_seed(&[host; 32]).public_key()
}

/// What each host does: announces itself, and says whom it found, until it knows everybody else.
fn host(own: u8) {
    let role = if own == 0 { Role::Coordinator } else { Role::Worker };
    let begun_at = Instant::now();
    let _announced = Announcement::new(key(own), role, 7_654).unwrap();
    let mut search = Search::new().unwrap();
    let mut missing: BTreeSet<PublicKey> = (0..HOSTS).filter(|it| *it != own).map(key).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        while !missing.is_empty() {
            let found = tokio::time::timeout(PATIENCE, search.next()).await;
            let found = found.expect("not everybody was found").expect("the search has ended");
            let is_coordinator = found.role == Role::Coordinator;
            assert_eq!(is_coordinator, found.key == key(0));
            missing.remove(&found.key);
        }
    });
    say(&format!("found {}", begun_at.elapsed().as_millis()));
    // The others may still be looking for this one.
    let mut end = String::new();
    std::io::stdin().read_line(&mut end).unwrap();
}

#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn say(line: &str) {
    println!("{line}");
}

#[test]
fn hosts_of_a_lan_find_each_other_without_any_set_up() {
    if let Ok(own) = env::var(HOST) {
        return host(own.parse().unwrap());
    }
    let Some(lan) = Lan::laid() else {
        return say("skipped: network namespaces need root on Linux, and `ip` from iproute2");
    };
    let mut hosts: Vec<Child> = (0..HOSTS).map(|own| lan.start(own)).collect();
    let mut slowest = 0;
    // Kept to the end: who writes to a closed pipe fails.
    let mut said: Vec<_> =
        hosts.iter_mut().map(|host| BufReader::new(host.stdout.take().unwrap()).lines()).collect();
    for lines in &mut said {
        let found = lines.map(Result::unwrap).find_map(|line| {
            // The test's own frame may stand before it on the line.
            let (_, ms) = line.split_once("found ")?;
            Some(ms.parse::<u64>().unwrap())
        });
        slowest = slowest.max(found.expect("a host ended without having found the others"));
    }
    for mut host in hosts {
        drop(host.stdin.take());
        assert!(host.wait().unwrap().success());
    }
    drop(said);
    say(&format!("figure lan_discovery_ms {slowest} ms"));
}

/// A switch with a cable to each host's own network. Taken down when dropped.
struct Lan {
    prefix: String,
}

impl Lan {
    /// None if that is not possible here.
    fn laid() -> Option<Self> {
        let lan = Self { prefix: format!("mh{}", std::process::id()) };
        let switch = lan.switch();
        ip(&["netns", "add", &switch])?;
        ip(&["-n", &switch, "link", "add", "br0", "type", "bridge"])?;
        ip(&["-n", &switch, "link", "set", "br0", "up"])?;
        for own in 0..HOSTS {
            let (host, port) = (lan.host(own), format!("p{own}"));
            let address = format!("10.77.0.{}/24", own + 1);
            ip(&["netns", "add", &host])?;
            let cable = ["link", "add", &port, "type", "veth", "peer", "name", "eth0", "netns"];
            ip(&[&["-n", &switch], &cable[..], &[&host]].concat())?;
            ip(&["-n", &switch, "link", "set", &port, "master", "br0", "up"])?;
            ip(&["-n", &host, "address", "add", &address, "dev", "eth0"])?;
            ip(&["-n", &host, "link", "set", "eth0", "up"])?;
            ip(&["-n", &host, "link", "set", "lo", "up"])?;
        }
        Some(lan)
    }

    fn start(&self, own: u8) -> Child {
        Command::new("ip")
            .args(["netns", "exec", &self.host(own)])
            .arg(env::current_exe().unwrap())
            .arg("--nocapture")
            .env(HOST, own.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn switch(&self) -> String {
        format!("{}s", self.prefix)
    }

    fn host(&self, own: u8) -> String {
        format!("{}h{own}", self.prefix)
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        for own in 0..HOSTS {
            ip(&["netns", "delete", &self.host(own)]);
        }
        ip(&["netns", "delete", &self.switch()]);
    }
}

/// Runs `ip`; none if it is not there or refuses.
fn ip(args: &[&str]) -> Option<()> {
    let done = Command::new("ip").args(args).stderr(Stdio::null()).status();
    done.ok().filter(std::process::ExitStatus::success).map(drop)
}
