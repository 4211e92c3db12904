//! A tour of what a Rust program does with its surroundings: a hash map's random order, arguments,
//! files, instants and a panic.

use std::collections::HashMap;
use std::io::Read;
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, io, thread};

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().collect();
    println!("arguments: {args:?}, environment: {}", env::vars().count());
    let started = Instant::now();

    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word).or_default() += 1;
    }
    println!("words, in the order of a hash map: {:?}", counts.keys().collect::<Vec<_>>());

    fs::create_dir_all("/out/deep/er")?;
    fs::write("/out/deep/er/counts", format!("{}\n", counts.len()))?;
    fs::copy("/in/data/blob", "/out/blob")?;
    let mut names: Vec<_> = fs::read_dir("/in/data")?.map(|e| e.unwrap().file_name()).collect();
    names.sort();
    println!("inputs: {names:?}");
    fs::write("/tmp/gone", "x")?;
    fs::remove_file("/tmp/gone")?;
    println!("gone: {:?}", fs::metadata("/tmp/gone").map(|m| m.len()).map_err(|e| e.kind()));
    println!("outside: {:?}", fs::read("/in/../../secret").map_err(|e| e.kind()));

    thread::sleep(Duration::from_secs(5));
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    println!("elapsed: {:?}, now: {:?}", started.elapsed(), now);
    if args.get(1).is_some_and(|a| a == "panic") {
        panic!("as asked");
    }
    Ok(())
}
