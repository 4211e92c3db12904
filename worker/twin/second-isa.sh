#!/usr/bin/env bash
# Holds a second instruction set against this one: builds the sandbox for aarch64 and runs it under an emulator.
#
#   worker/twin/second-isa.sh corpus [FIRST..LAST [PREFIX]]
#       the same prepared guests as x86-64 code, on the engine's interpreter and as aarch64 code, with these seeds of
#       made guests; prints a table, fails and names the case if one differs
#   worker/twin/second-isa.sh unprepared [PREFIX]
#       the same float guests, not prepared: what would differ
#   worker/twin/second-isa.sh grid
#       a job whose two replicas run on x86-64 and on aarch64
#
# PREFIX takes only the guests whose names begin so, such as programs/, floats/f32. or smith/000000.
#
# Needs an x86-64 Linux with rustup, and says what else is missing. Starts processes on loopback only and leaves
# nothing but target/.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=aarch64-unknown-linux-gnu
folder=target/second-isa
lists=$folder/lists
here=target/debug
there=$folder/$target/release
emulated=(qemu-aarch64 -L /usr/aarch64-linux-gnu)

say() { printf '== %s (%s)\n' "$1" "$(date +%T)" >&2; }

# Installs nothing: that is for the person at the machine to decide.
check_tools() {
    local missing=()
    command -v aarch64-linux-gnu-gcc >/dev/null || missing+=(gcc-aarch64-linux-gnu)
    [[ -e /usr/aarch64-linux-gnu/include/stdio.h ]] || missing+=(libc6-dev-arm64-cross)
    command -v qemu-aarch64 >/dev/null || missing+=(qemu-user)
    if ((${#missing[@]})); then
        echo "missing: a C compiler, C library or emulator for aarch64; on Debian: apt-get install ${missing[*]}" >&2
    fi
    if ! rustup target list --installed | grep -qx "$target"; then
        echo "missing: Rust's standard library for aarch64: rustup target add $target" >&2
        missing+=("$target")
    fi
    ((${#missing[@]} == 0)) || exit 2
}

# For this machine as its developers build it; for the other one optimised, because the emulator is slow enough.
build() {
    say "building for x86-64"
    cargo build --locked --workspace
    say "building for aarch64"
    CARGO_TARGET_DIR=$folder \
        CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
        CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc \
        cargo build --locked --release --workspace --bin manyhands-twin --bin manyhands-slot --target "$target"
}

# Writes the three lists of answers, a line for each guest whose name begins so.
answer() {
    local prefix=$1
    shift
    mkdir -p "$lists"
    say "guests as x86-64 code"
    $here/manyhands-twin answer "$@" --only "$prefix" >"$lists/x86-64"
    say "guests on the engine's interpreter"
    $here/manyhands-twin answer "$@" --only "$prefix" --on pulley >"$lists/pulley"
    say "guests as aarch64 code, under an emulator"
    # In pieces, each a process of its own: the emulator does not give back the memory of code that is gone, and
    # grows by gigabytes.
    local pieces piece
    mapfile -t pieces < <(cut -f1 "$lists/x86-64" | sed -E 's|^(floats/[^/]*/).*|\1|; s|^(smith/.*)..$|\1|' | uniq)
    if ((${#pieces[@]} == 0)); then
        echo "no guest has a name that begins with $prefix" >&2
        exit 2
    fi
    for piece in "${pieces[@]}"; do
        if [[ $prefix == "$piece"* ]]; then piece=$prefix; fi
        "${emulated[@]}" "$there/manyhands-twin" answer "$@" --only "$piece"
    done >"$lists/aarch64"
}

# Prints the table; 1 says that a guest differs.
compare() {
    say "compared"
    $here/manyhands-twin compare --show 3 \
        x86-64="$lists/x86-64" pulley="$lists/pulley" aarch64="$lists/aarch64"
}

grid() {
    dir=$(mktemp -d)
    processes=()
    trap 'kill "${processes[@]}" 2>/dev/null || true; wait; rm -r "$dir"' EXIT
    export MANYHANDS_PROFILE=$dir/profile
    manyhands() { $here/manyhands "$@"; }
    invite() { manyhands invite --data "$dir/coordinator" "$@"; }
    # A function in the background would be a shell of its own, and outlive its kill.
    start() { local log=$1; shift; $here/manyhands "$@" >"$dir/$log.log" 2>&1 & processes+=($!); }

    start coordinator coordinator --data "$dir/coordinator" --listen 127.0.0.1:0
    until grep -q '^manyhands://' "$dir/coordinator.log"; do kill -0 "${processes[0]}"; sleep 0.2; done

    say "one worker with slots for x86-64, one with slots for aarch64"
    start ada worker --yes --join "$(invite --volunteer ada)" --data "$dir/ada" --slots 1 --always --nickname ada
    start grace worker --yes --join "$(invite --volunteer grace)" --data "$dir/grace" --slots 1 --always --nickname grace \
        --slot-command "${emulated[*]} $PWD/$there/manyhands-slot"

    manyhands join "$(invite --role scientist)"
    manyhands submit examples/dedoppler/job.toml --watch
    manyhands fetch 1 --to "$dir/results"
    manyhands hosts --data "$dir/coordinator"
    manyhands receipt 1
    manyhands receipt 1 --json | tee "$dir/receipt.json"
    local receipt
    receipt=$(tr -d ' \n' <"$dir/receipt.json")
    [[ $receipt == *'"isas":["aarch64","x86_64"]'* && $receipt == *'"replicas_invalid":0,'* ]]
    say "both gave the same bytes for every unit"
}

case ${1:-} in
corpus)
    check_tools
    build
    answer "${3:-}" --seeds "${2:-0..300}"
    compare
    ;;
unprepared)
    check_tools
    build
    answer "${2:-floats/}" --unprepared
    # That some differ is the point.
    compare || (($? == 1))
    ;;
grid)
    check_tools
    build
    grid
    ;;
*)
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
    ;;
esac
