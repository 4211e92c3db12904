#!/usr/bin/env bash
# Holds a second instruction set against this one: builds Manyhands for aarch64 and runs it under an emulator.
#
#   worker/twin/second-isa.sh corpus [FIRST..LAST]   the same guests on x86-64, on the engine's interpreter
#                                                    and on aarch64; prints a table, fails if they differ
#   worker/twin/second-isa.sh grid                   a job whose two replicas run on x86-64 and on aarch64
#
# Needs an x86-64 Debian or Ubuntu with rustup; installs what else is missing (compiler, C library and emulator for
# aarch64 from the distribution, Rust's standard library for it with rustup). Starts processes on loopback only and
# leaves nothing but target/second-isa.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=aarch64-unknown-linux-gnu
folder=target/second-isa
emulator=/usr/bin/qemu-aarch64
emulated=("$emulator" -L /usr/aarch64-linux-gnu)

say() { printf '== %s (%s)\n' "$1" "$(date +%T)" >&2; }

install_tools() {
    if ! [[ -x $emulator && -d /usr/aarch64-linux-gnu/include ]] || ! command -v aarch64-linux-gnu-gcc >/dev/null; then
        say "installing a compiler and an emulator for aarch64"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user >/dev/null
    fi
    rustup target list --installed | grep -qx "$target" || rustup target add "$target"
}

# Builds packages for this machine and for the other one.
build() {
    local packages=()
    for package in "$@"; do packages+=(-p "$package"); done
    say "building for x86-64"
    cargo build --locked "${packages[@]}"
    say "building for aarch64"
    CARGO_TARGET_DIR=$folder \
        CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
        CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc \
        cargo build --locked "${packages[@]}" --target "$target"
}

corpus() {
    build manyhands-twin
    local here=target/debug/manyhands-twin lists=$folder/lists
    local there=("${emulated[@]}" "$folder/$target/debug/manyhands-twin")
    mkdir -p "$lists"
    for way in "" --unprepared; do
        say "guests $way"
        "$here" answer --seeds "$1" $way >"$lists/x86-64$way"
        "$here" answer --seeds "$1" $way --on pulley >"$lists/pulley$way"
        "${there[@]}" answer --seeds "$1" $way >"$lists/aarch64$way"
    done
    say "what differs if nothing is prepared"
    "$here" compare --show 3 x86-64="$lists/x86-64--unprepared" pulley="$lists/pulley--unprepared" \
        aarch64="$lists/aarch64--unprepared" || true
    say "what differs in the sandbox"
    "$here" compare x86-64="$lists/x86-64" pulley="$lists/pulley" aarch64="$lists/aarch64"
}

grid() {
    build manyhands
    local here=target/debug/manyhands there=$folder/$target/debug/manyhands
    dir=$(mktemp -d)
    processes=()
    trap 'kill "${processes[@]}" 2>/dev/null || true; wait; rm -r "$dir"' EXIT
    export MANYHANDS_PROFILE=$dir/profile

    "$here" coordinator --data "$dir/coordinator" --listen 127.0.0.1:0 >"$dir/coordinator.log" 2>&1 &
    processes+=($!)
    until grep -q '^manyhands://' "$dir/coordinator.log"; do kill -0 "${processes[0]}"; sleep 0.2; done
    invite() { "$here" invite --data "$dir/coordinator" "$@"; }

    say "one worker on x86-64, one on aarch64"
    "$here" worker --join "$(invite --volunteer ada)" --data "$dir/ada" --slots 1 --nickname ada \
        >"$dir/ada.log" 2>&1 &
    processes+=($!)
    "${emulated[@]}" "$there" worker --join "$(invite --volunteer grace)" --data "$dir/grace" --slots 1 \
        --nickname grace --launcher "${emulated[*]}" >"$dir/grace.log" 2>&1 &
    processes+=($!)

    "$here" join "$(invite --role scientist)"
    "$here" submit examples/dedoppler/job.toml --watch
    "$here" fetch 1 --to "$dir/results"
    "$here" hosts --data "$dir/coordinator"
    local receipt
    receipt=$("$here" receipt 1)
    echo "$receipt"
    grep -q 'done; each on equal answers of 2 different volunteers;.* on aarch64 and x86_64$' <<<"$receipt"
    say "both machines gave the same bytes for every unit"
}

case ${1:-} in
corpus)
    install_tools
    corpus "${2:-0..1000}"
    ;;
grid)
    install_tools
    grid
    ;;
*)
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
