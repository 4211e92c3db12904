//! The test outside the grid: `cargo run --release -p mersenne -- P` writes `out/result.txt`.

fn main() -> std::process::ExitCode {
    manyhands_task::run::<mersenne::Mersenne>()
}
