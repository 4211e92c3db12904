//! How much a load on all cores, and a thread that wakes often, are disturbed by what runs beside them: a worker, loops
//! at `nice 19`, and BOINC's client if this machine has it. All of these compute on all cores when the load begins. A worker
//! as volunteers have it then leaves the cores to the load; the others, and a worker with `always`, are told not to mind
//! that the owner computes too. What Linux shares among sessions first makes a difference, so loops and BOINC's client are
//! shown in the session of the load as well as in one of their own; services, as the worker here, have their own.
//!
//! In each round every neighbour has its turn, and is compared with nothing in the same round; medians over rounds
//! are shown. Neighbours that wait for their turn are stopped. A round in which something else computed on this machine
//! is thrown away.

use std::fs;
use std::path::Path;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use super::boinc::Boinc;
use super::latency::Lateness;
use super::neighbour::Neighbour;
use super::{Failure, compile, latency, median, process};

/// Processes of the load, for each core.
const UNITS: u64 = 1_000;

/// How long the thread that wakes is alone.
const AWAKE: Duration = Duration::from_millis(1_000);

/// Cores that anything else may have kept busy in a turn that counts.
const OTHERS_MAX: f64 = 0.06;

/// So many rounds are begun for each that is wanted, and no more.
const ATTEMPTS: u64 = 6;

/// A part of what was measured.
type Of = fn(&Turn) -> f64;

/// A row of the table: what runs beside the load, how its figures' names begin, and itself.
type Row = (&'static str, &'static str, Neighbour);

/// What was measured beside one neighbour in one round.
struct Turn {
    /// The load, in seconds.
    load: f64,
    /// The thread that wakes, during the load.
    busy: Lateness,
    /// The same without load.
    quiet: Lateness,
    /// Cores that the neighbour kept busy: one that did not compute disturbs nobody.
    own: f64,
    /// Cores that something else kept busy.
    others: f64,
}

pub(super) fn measure(rounds: u64, only: &[&str]) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let cores = available_parallelism()?.get();
    let neighbours = neighbours(folder.path(), cores, only)?;
    let scratch = folder.path().join("load");
    fs::create_dir(&scratch)?;
    let turn = |neighbour: &Neighbour| -> Result<Turn, Failure> {
        let units = UNITS * cores as u64;
        let (begun, before) = (Instant::now(), busy_of_others(neighbour)?);
        let own_before = neighbour.cpu_time();
        let (load, busy) = latency::during(|| compile::run(&scratch, units, cores))?;
        let quiet = latency::alone(AWAKE)?;
        let span = begun.elapsed().as_secs_f64();
        let others = (busy_of_others(neighbour)? - before) / span;
        let own = neighbour.cpu_time().saturating_sub(own_before).as_secs_f64() / span;
        Ok(Turn { load: load.as_secs_f64(), busy, quiet, own, others })
    };
    let mut turns: Vec<Vec<Turn>> = neighbours.iter().map(|_| Vec::new()).collect();
    turn(&neighbours[0].2)?;
    let mut begun = 0;
    while (turns[0].len() as u64) < rounds && begun < ATTEMPTS * rounds {
        begun += 1;
        let round = neighbours.iter().map(|(_, _, it)| it.beside(|| turn(it)));
        let round = round.collect::<Result<Vec<_>, _>>()?;
        let shown = |of: Of| {
            round.iter().map(|turn| format!("{:.2}", of(turn))).collect::<Vec<_>>().join(", ")
        };
        let [loads, own, others] = [shown(|it| it.load), shown(|it| it.own), shown(|it| it.others)];
        println!("round {begun}: load {loads} s; its cores {own}; cores of anything else {others}");
        if round.iter().all(|turn| turn.others <= OTHERS_MAX) {
            turns.iter_mut().zip(round).for_each(|(turns, turn)| turns.push(turn));
        }
    }
    let counted = turns[0].len();
    if counted == 0 {
        return Err("something else computed on this machine in every round".into());
    }
    println!("{begun} rounds, of which {counted} count: in the others, something else computed");
    let names: Vec<_> = neighbours.iter().map(|(name, figure, _)| (*name, *figure)).collect();
    show(&names, &turns)
}

/// All that are compared, or of them those whose figures have one of the names `only`; the first is nothing.
fn neighbours(folder: &Path, cores: usize, only: &[&str]) -> Result<Vec<Row>, Failure> {
    let mut rows = vec![("alone", "", Neighbour::nothing())];
    let mut add = |name, figure: &'static str, start: &dyn Fn() -> Result<Neighbour, Failure>| {
        if only.is_empty() || only.contains(&figure) {
            rows.push((name, figure, start()?));
        }
        Ok::<_, Failure>(())
    };
    add("worker", "foreground", &|| Neighbour::polite_worker(&folder.join("polite"), cores))?;
    add("worker, always", "always", &|| Neighbour::worker(&folder.join("grid"), cores))?;
    add("nice 19, this session", "nice19", &|| Neighbour::loops(cores, 19, false))?;
    add("nice 19, another session", "nice19_session", &|| Neighbour::loops(cores, 19, true))?;
    let Some(boinc) = Boinc::find()? else {
        println!("BOINC's client is left out: there is no `boinc` on the path");
        return Ok(rows);
    };
    println!("BOINC's client is {}", boinc.version);
    let start = |name, is_service| Neighbour::boinc(&boinc, &folder.join(name), cores, is_service);
    add("BOINC's client", "boinc", &|| start("boinc", true))?;
    add("BOINC's, this session", "boinc_this_session", &|| start("boinc_this_session", false))?;
    Ok(rows)
}

/// Seconds of all cores that were not used by this process, its load, and the neighbour whose turn it is.
fn busy_of_others(neighbour: &Neighbour) -> Result<f64, Failure> {
    let own = process::own_cpu_time()? + neighbour.cpu_time();
    Ok(process::machine_cpu_time()?.as_secs_f64() - own.as_secs_f64())
}

/// Prints the table, and the figures.
fn show(names: &[(&str, &str)], turns: &[Vec<Turn>]) -> Result<(), Failure> {
    let autogroup = fs::read_to_string("/proc/sys/kernel/sched_autogroup_enabled");
    let autogroup = autogroup.map_or_else(|_error| "unknown".to_owned(), |it| it.trim().to_owned());
    let cores = available_parallelism()?;
    println!("{cores} cores, sched_autogroup_enabled {autogroup}; lateness in µs");
    println!(
        "{:26} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "beside",
        "load s",
        "slower %",
        "busy p50",
        "busy p99",
        "quiet p50",
        "quiet p99",
        "its cores"
    );
    let [alone, others @ ..] = turns else { return Ok(()) };
    for ((name, _), turns) in names.iter().zip(turns) {
        let shown = |of: Of| median(&turns.iter().map(of).collect::<Vec<_>>());
        println!(
            "{name:26} {:>8.2} {:>9.2} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {:>9.2}",
            shown(|it| it.load),
            more_percent(turns, alone, |it| it.load),
            shown(|it| it.busy.p50),
            shown(|it| it.busy.p99),
            shown(|it| it.quiet.p50),
            shown(|it| it.quiet.p99),
            shown(|it| it.own),
        );
    }
    for ((_, figure), turns) in names[1..].iter().zip(others) {
        let figures: [(&str, Of); 3] = [
            ("slowdown_percent", |it| it.load),
            ("wakeup_p99_percent", |it| it.busy.p99),
            ("quiet_wakeup_p99_percent", |it| it.quiet.p99),
        ];
        for (name, of) in figures {
            println!("figure {figure}_{name} {:.1} percent", more_percent(turns, alone, of));
        }
    }
    Ok(())
}

/// How much more something was than alone, in percent: the median over rounds.
fn more_percent(turns: &[Turn], alone: &[Turn], of: Of) -> f64 {
    let pairs = turns.iter().zip(alone);
    median(&pairs.map(|(turn, alone)| (of(turn) / of(alone) - 1.0) * 100.0).collect::<Vec<_>>())
}
