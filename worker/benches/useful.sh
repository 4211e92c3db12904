#!/usr/bin/env bash
# How much of the time that was lent guests got, on the shipped examples: see worker/benches/volunteer/useful.rs.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo bench -q --workspace --bench volunteer -- useful
