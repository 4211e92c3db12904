//! The science programs, examples and test guests of this repository, on short units.

use bytes::Bytes;
use manyhands_worker::sandbox::{Input, Unit};

use crate::case::{Case, unit};

const C_EXAMPLE: &[u8] = include_bytes!("../../../../tasks/wasm/c-example.wasm");
const DEDOPPLER: &[u8] = include_bytes!("../../../../tasks/wasm/dedoppler.wasm");
const MERSENNE: &[u8] = include_bytes!("../../../../tasks/wasm/mersenne.wasm");
const GENG: &[u8] = include_bytes!("../../../../examples/geng/geng.wasm");
const TOUR_C: &[u8] = include_bytes!("../../../tests/guests/tour-c.wasm");
const TOUR_RUST: &[u8] = include_bytes!("../../../tests/guests/tour-rust.wasm");
const WALK: &[u8] = include_bytes!("../../../tests/guests/walk.wasm");

const QUIET: &[u8] = include_bytes!("../../../../examples/dedoppler/data/1-quiet.fil");
const SPACECRAFT: &[u8] = include_bytes!("../../../../examples/dedoppler/data/2-spacecraft.fil");
const SIXTEEN_BIT: &[u8] = include_bytes!("../../../../examples/dedoppler/data/6-sixteen-bit.fil");

/// Every program, most on several units, and one on a unit that it refuses.
#[must_use]
pub fn programs() -> Vec<Case> {
    let case = |name: &str, wasm: &[u8], unit: Unit| Case {
        name: format!("programs/{name}"),
        wasm: wasm.to_vec(),
        unit,
    };
    let mut cases = vec![
        case("collatz-200000", C_EXAMPLE, unit(&["collatz", "200000"])),
        case("collatz-without-argument", C_EXAMPLE, unit(&["collatz"])),
        case("geng-7", GENG, unit(&["geng", "-q", "-c", "7"])),
        case("geng-8-part", GENG, unit(&["geng", "-q", "-c", "8", "3/10"])),
        case("tour-c", TOUR_C, tour(&[("numbers.txt", "30 -4\n17 17 1000000\n")])),
        case("tour-c-without-input", TOUR_C, tour(&[])),
        case("tour-rust", TOUR_RUST, tour(&[("data/blob", "blob"), ("data/a", "")])),
        case("walk", WALK, unit(&["walk"])),
        case("walk-another-seed", WALK, Unit { seed: [8; 32], ..unit(&["walk"]) }),
    ];
    for exponent in ["7", "61", "1277", "1279", "2203"] {
        let name = format!("mersenne-{exponent}");
        cases.push(case(&name, MERSENNE, unit(&["mersenne", exponent])));
    }
    for (name, data) in [("quiet", QUIET), ("spacecraft", SPACECRAFT), ("16-bit", SIXTEEN_BIT)] {
        let arguments = ["dedoppler", "--max-drift", "4", "--snr", "10"];
        let inputs = vec![Input::new("observation.fil", Bytes::from_static(data))];
        let unit = Unit { inputs, ..unit(&arguments) };
        cases.push(case(&format!("dedoppler-{name}"), DEDOPPLER, unit));
    }
    cases
}

fn tour(files: &[(&str, &'static str)]) -> Unit {
    Unit {
        stdin: Bytes::from_static(b"the cat and the dog and the bird"),
        inputs: files.iter().map(|&(path, text)| Input::new(path, text)).collect(),
        ..unit(&["tour", "one", "two words"])
    }
}
