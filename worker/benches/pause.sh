#!/usr/bin/env bash
# How long programs go on after someone touches the machine: see worker/benches/volunteer/pause.rs.
#
#   worker/benches/pause.sh [TIMES]
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo bench -q --workspace --bench volunteer -- pause "${1:-20}"
