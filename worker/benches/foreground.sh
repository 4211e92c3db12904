#!/usr/bin/env bash
# How much the owner's programs are slowed down by a worker, and how much by loops at `nice 19` and by BOINC's client with
# tasks that only count: see worker/benches/volunteer/foreground.rs. The client is left out where there is no `boinc` on
# the path (Debian: `apt-get install boinc-client`; its service need not run, and if it does, must have no work). Needs
# all cores with nothing else to do, for two minutes a round.
#
#   worker/benches/foreground.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo bench -q --workspace --bench volunteer -- foreground "${1:-3}"
