#!/usr/bin/env bash
# How much the owner's programs are slowed down by a worker, beside what loops at `nice 19` do: see
# worker/benches/volunteer/foreground.rs. Needs all cores with nothing else to do, for half a minute a round.
#
#   worker/benches/foreground.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo bench -q --workspace --bench volunteer -- foreground "${1:-5}"
