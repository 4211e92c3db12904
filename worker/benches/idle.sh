#!/usr/bin/env bash
# What a worker costs that has no work, or is paused: see worker/benches/volunteer/idle.rs.
#
#   worker/benches/idle.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo bench -q --workspace --bench volunteer -- idle "${1:-120}"
