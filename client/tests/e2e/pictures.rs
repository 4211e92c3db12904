//! The pictures in `worker/docs`, taken of a worker with a month behind it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::browser::Browser;
use crate::grid::{Grid, example};
use crate::process::{run, stdout};

/// The date so many days ago.
fn date(ago: u64) -> String {
    let date = Command::new("date").args(["-d", &format!("-{ago} day"), "+%F"]).output();
    stdout(&date.expect("a calendar")).trim().to_owned()
}

/// A number below `most` that is another one each day.
fn chance(ago: u64, most: u64, salt: u64) -> u64 {
    (ago * 37 + salt * 11) % most
}

/// Bytes moved on a day; those given to and taken from other workers.
fn bytes(ago: u64) -> [u64; 3] {
    let (given, taken) = (1 + chance(ago, 60, 7), chance(ago, 90, 8));
    [3 + chance(ago, 100, 6) + given + taken, given, taken].map(|mebibytes| mebibytes << 20)
}

/// A diary of a month that ends today, as a worker writes it.
fn diary() -> String {
    let day = |ago: u64| {
        let date = date(ago);
        let of = |most: u64, salt: u64| chance(ago, most, salt);
        let [moved, given, taken] = bytes(ago);
        let donated = 5 + of(9, 1);
        let (in_use, battery, heat, away) = (of(6, 2), of(2, 3), of(4, 4), of(3, 5));
        let hour = 3_600_000;
        let lines = [
            (donated * hour, "donated"),
            (in_use * hour, "in-use"),
            (battery * hour, "rule:battery"),
            (heat * hour / 4, "rule:heat"),
            (away * hour / 3, "coordinator-away"),
            (2 * donated * hour, "cores"),
            (2 * donated * 18_000_000, "energy"),
            (moved, "moved"),
            (given, "given"),
            (taken, "taken"),
        ];
        lines.map(|(sum, code)| format!("{date} {sum} {code}\n")).concat()
    };
    (0..30).map(day).collect()
}

#[test]
#[ignore = "takes the pictures in worker/docs anew"]
fn pictures_of_the_page() {
    let mut browser = Browser::start().expect("a Chromium");
    let mut grid = Grid::start();
    let sensors = grid.text("sensors");
    let seen = "idle = 600\ntemperature = 61.5\nload of others = 0.2\nbattery = 87\non battery = no\n\
                free memory = 9216\nfree disk = 81920\nfull screen = no\n";
    fs::write(&sensors, seen).expect("the sensors are written");
    let data = grid.path("attic");
    fs::create_dir(&data).expect("a folder");
    fs::write(data.join("diary"), diary()).expect("a diary");
    let budget = format!("{} 3600000 {} 0\n", date(0), bytes(0)[0]);
    fs::write(data.join("budget"), budget).expect("a budget");
    fs::write(data.join("credit"), "31239999\n").expect("credit");
    let settings = format!("sensors_from = {sensors:?}\ncheckpoint_interval = \"1 s\"");
    grid.add_governed_worker("attic", "ada", &settings);
    let job = grid.path("job.toml");
    let module = example("../tasks/wasm/mersenne.wasm");
    let text = format!(
        "name = \"mersenne\"\ndescription = \"Which 2^p - 1 are prime?\"\nmodule = {module:?}\nkind = \"step\"\n\
         args = [\"{{p}}\"]\noutputs = [\"result.txt\"]\nmemory = \"64 MiB\"\n[quorum]\nsize = 1\n\
         [[axis]]\nname = \"p\"\nvalues = [86243, 110503, 132049]\n"
    );
    fs::write(&job, text).expect("the job is written");
    grid.submit(&job);
    let output = run(&grid.path("profile"), &["worker", "page", "--data", &grid.text("attic")]);
    browser.open(&stdout(&output));
    browser.wait_for("find('#slots progress')?.value > 0");
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../worker/docs");
    browser.picture(1280, "light", &docs.join("page.png"));
    browser.picture(400, "dark", &docs.join("page-narrow.png"));
}
