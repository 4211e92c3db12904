#!/usr/bin/env bash
# Checks that the code compiles for systems that are not at hand: its types and names, without linking anything. So
# the C in some dependencies need not be compiled, and stand-ins take the place of the C compiler and the archiver.
# Nothing is run: that something compiles does not mean that it works.
#
#   deploy/portability.sh                          # all systems below
#   deploy/portability.sh aarch64-apple-darwin     # only this one
#
# A first run builds all dependencies for each system, some minutes on two cores; the gate does not run it.
set -euo pipefail
cd "$(dirname "$0")/.."

systems=(aarch64-unknown-linux-gnu aarch64-apple-darwin)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A compiler that makes an empty file of the name that is asked for.
cat > "$work/cc" <<'SH'
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
        -o) shift; : > "$1" ;;
        -o*) : > "${1#-o}" ;;
    esac
    shift
done
SH
# An archiver: the archive is the argument that looks like one.
cat > "$work/ar" <<'SH'
#!/bin/sh
for word in "$@"; do
    case $word in *.a | *.lib) : > "$word" ;; esac
done
SH
# What tells on a Mac where its libraries are.
cat > "$work/xcrun" <<'SH'
#!/bin/sh
case $* in *--show-sdk-version*) echo 14.0 ;; *) echo / ;; esac
SH
chmod 755 "$work"/*
export PATH=$PATH:$work

check() {
    local system=$1 name=${1//-/_}
    rustup target add "$system" >/dev/null 2>&1 || { echo "rustup has no $system"; return 1; }
    env "CC_$name=$work/cc" "CXX_$name=$work/cc" "AR_$name=$work/ar" \
        cargo check --workspace --locked --target "$system"
}

failed=0
results=()
for system in "${@:-${systems[@]}}"; do
    if check "$system"; then
        results+=("$system: compiles")
    else
        results+=("$system: does not compile")
        failed=1
    fi
done
printf '%s\n' "${results[@]}"
exit "$failed"
