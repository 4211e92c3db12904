//! `dedoppler [--max-drift HZ_PER_S] [--snr MIN] [--out FOLDER] [FILE]`: see the crate's page.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use dedoppler::arguments::Arguments;
use dedoppler::filterbank::Filterbank;
use dedoppler::flatten::flatten;
use dedoppler::search::Search;
use dedoppler::{hits, picture, table};

fn main() -> ExitCode {
    match Arguments::parse(std::env::args().skip(1)).map_err(Into::into).and_then(|a| run(&a)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dedoppler: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let bytes = fs::read(&arguments.file)
        .map_err(|error| format!("cannot read {}: {error}", arguments.file))?;
    let observation = Filterbank::parse(&bytes)?;
    let plane = flatten(&observation.samples);
    let search = Search::run(&plane, &observation.header, arguments.max_drift_hz_s)?;
    let hits = hits::find(&plane, &search, arguments.snr_min);

    let out = Path::new(&arguments.out);
    fs::write(out.join("hits.csv"), table::csv(&observation.header, &search, &hits))?;
    let picture = picture::draw(&observation.header, &plane, &search, &hits, arguments.snr_min);
    fs::write(out.join("waterfall.png"), picture.to_png()?)?;
    println!("{}: {} hits", observation.header.source_name, hits.len());
    Ok(())
}
