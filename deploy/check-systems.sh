#!/usr/bin/env bash
# Checks that the `manyhands` binary compiles for the systems that nobody has at hand: types and borrows, and nothing is
# linked or run. Prints a line for each system; ends with 1 if one does not compile, with 2 if something is missing.
#
#   deploy/check-systems.sh [TARGET...]
#
# The build goes to CARGO_TARGET_DIR, or to target/systems.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target/systems}"

targets=("$@")
[ $# -gt 0 ] || targets=(aarch64-apple-darwin x86_64-pc-windows-gnu aarch64-unknown-linux-gnu)

# Build scripts compile C for the target. What is only checked is not linked, so macOS, whose compiler nobody may
# hand on, does without.
environment() {
    case $1 in
    aarch64-apple-darwin) echo CC_aarch64_apple_darwin=true CXX_aarch64_apple_darwin=true AR_aarch64_apple_darwin=true ;;
    x86_64-pc-windows-gnu) echo CC_x86_64_pc_windows_gnu=x86_64-w64-mingw32-gcc ;;
    aarch64-unknown-linux-gnu) echo CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc ;;
    *) echo ;;
    esac
}

# Says what has to be installed first, if anything.
missing() {
    rustup target list --installed | grep -qx "$1" || echo "rustup target add $1"
    case $1 in
    x86_64-pc-windows-gnu) command -v x86_64-w64-mingw32-gcc >/dev/null || echo "apt-get install gcc-mingw-w64-x86-64" ;;
    aarch64-unknown-linux-gnu) command -v aarch64-linux-gnu-gcc >/dev/null || echo "apt-get install gcc-aarch64-linux-gnu" ;;
    esac
}

worst=0
for target in "${targets[@]}"; do
    wanted=$(missing "$target")
    if [ -n "$wanted" ]; then
        echo "$target: not checked, first: ${wanted//$'\n'/, and: }"
        worst=2
        continue
    fi
    read -ra variables <<<"$(environment "$target")"
    if env "${variables[@]}" cargo check --quiet --locked -p manyhands --target "$target"; then
        echo "$target: compiles"
    else
        echo "$target: does not compile"
        [ $worst -ne 0 ] || worst=1
    fi
done
exit $worst
