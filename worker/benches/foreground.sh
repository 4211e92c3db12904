#!/usr/bin/env bash
# How much the owner's programs are slowed down by a worker, and how much by loops at `nice 19` and by BOINC's client with
# tasks that only count: see worker/benches/volunteer/foreground.rs. The client is left out where there is no `boinc` on
# the path (Debian: `apt-get install boinc-client`; its service need not run, and if it does, must have no work). Needs
# all cores with nothing else to do, for two minutes a round.
#
# Neighbours are called as their figures are: foreground, always, nice19, nice19_session, boinc, boinc_this_session.
#
#   worker/benches/foreground.sh [ROUNDS [NEIGHBOUR...]]
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo bench -q --workspace --bench volunteer -- foreground "${@:-3}"
