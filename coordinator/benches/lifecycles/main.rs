//! How many units a coordinator takes from submission to assimilation each second.
//!
//! Everything is real: gRPC over loopback sockets, SQLite with `synchronous = full`, one stream
//! for each of 1,000 hosts, every one of another volunteer. Load generator and coordinator share
//! this process and machine. Hosts speak plain text and say their keys, so that their streams can
//! share a few connections; TLS is not part of the figure.
//!
//! The floor is what remains of a lifecycle when nobody decides anything and nobody talks: the
//! same rows, written straight to the same tables in batches of one transaction each.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops here")]
#![expect(clippy::print_stdout, reason = "a benchmark's report")]
#![expect(clippy::cast_precision_loss, reason = "figures of a report")]

mod floor;
mod grid;
mod load;
mod memory;
mod receipt;

use std::time::Duration;

/// Units of each job: more than any run ends. Units that nobody has begun cost nothing.
const UNITS_MAX: u32 = 10_000_000;

/// How long each run is measured.
const LENGTH: Duration = Duration::from_secs(7);

/// Hosts that are connected.
const HOSTS: usize = 1_000;

fn main() {
    // `cargo bench` passes its own arguments; `cargo test --benches` only wants to see it start.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    receipt();
    if std::env::args().any(|argument| argument == "receipt") {
        return;
    }
    let floor = [100, 1_000].map(|batch| (batch, floor::lifecycles_per_s(batch)));
    println!("{:<44} {:>12}", "raw floor, rows only", "lifecycles/s");
    for (batch, per_s) in floor {
        println!("  {batch:>4} lifecycles a transaction{:>31.0}", per_s);
    }
    let floor = floor.iter().map(|(_, per_s)| *per_s).fold(0.0, f64::max);

    println!(
        "{:<24} {:>12} {:>8} {:>6} {:>12} {:>8} {:>8} {:>8}",
        "whole lifecycles",
        "per second",
        "of floor",
        "CPU us",
        "half rate",
        "p50 ms",
        "p99 ms",
        "max ms"
    );
    let (mut best, mut p99_worst) = (0.0_f64, 0.0_f64);
    for replicas in [10, 100] {
        let full = runtime().block_on(load::run(replicas, None));
        let rate = full.lifecycles_per_s;
        let half = runtime().block_on(load::run(replicas, Some(rate / 2.0)));
        let [p50, p99, max] = [500, 990, 1_000].map(|part| half.quantile_ms(part));
        println!(
            "  {replicas:>3} replicas a message {rate:>12.0} {:>8.2} {:>6.0} {:>12.0} {p50:>8.1} {p99:>8.1} {max:>8.1}",
            rate / floor,
            full.cpu_us,
            half.lifecycles_per_s,
        );
        best = best.max(rate);
        p99_worst = p99_worst.max(p99);
    }

    let waiting = runtime().block_on(memory::waiting(1_000_000));
    println!(
        "1,000,000 waiting units: {} KiB more memory, {} KiB on disk, first lease {:.3} s after the start",
        waiting.memory_bytes >> 10,
        waiting.disk_bytes >> 10,
        waiting.restart.as_secs_f64()
    );

    println!("figure lifecycles_per_s {best:.0} per_s");
    println!("figure request_p99_ms {p99_worst:.1} ms");
    println!("figure lifecycle_over_floor {:.3} ratio", best / floor);
    println!("figure bytes_per_waiting_unit {:.2} bytes", waiting.memory_bytes as f64 / 1e6);
    println!("figure restart_s {:.3} s", waiting.restart.as_secs_f64());
}

/// Alone with `cargo bench -p manyhands-coordinator -- receipt`.
fn receipt() {
    let surveyed = receipt::survey(1_000_000);
    let (took, alone) = (surveyed.took.as_secs_f64(), surveyed.reads_alone.as_secs_f64());
    let page_max_ms = surveyed.page_max.as_secs_f64() * 1e3;
    println!(
        "receipt of 1,000,000 done units: read in {took:.2} s, reads alone {alone:.2} s, longest page {page_max_ms:.1} ms, {} KiB more memory",
        surveyed.memory_bytes >> 10
    );
    println!("figure receipt_million_units_s {took:.2} s");
    println!("figure receipt_over_reads {:.3} ratio", took / alone);
    println!("figure receipt_page_max_ms {page_max_ms:.1} ms");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Longest wait for anything; only a defect takes so long.
const PATIENCE: Duration = Duration::from_secs(120);
