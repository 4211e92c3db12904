#!/bin/sh
# Builds every guest program in this folder into wasm/ and checks the digests.
#
#   tasks/build.sh            build, and fail if a module differs from wasm/DIGESTS
#   tasks/build.sh --update   build, and write wasm/DIGESTS
#
# Two tool chains are known, and README.md tells which one made the committed modules:
#   rustup   `rustup target add wasm32-wasip1` was run;
#   debian   Debian's rustc-web cargo-web rust-web-src clang-22 lld-22 wasi-libc
#            libclang-rt-22-dev-wasm32, with the standard library built from source.
# MANYHANDS_TOOLCHAIN=rustup or debian chooses; else the one that is there. C programs need a clang
# with wasi-libc either way; without one they are left as they are.
set -eu

tasks=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
target=wasm32-wasip1
cd "$tasks"
mkdir -p wasm

say() { printf '%s\n' "$*"; }
die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

has_rustup_target() {
    [ -d "$(rustc --print sysroot 2>/dev/null)/lib/rustlib/$target/lib" ]
}

is_debian() {
    command -v clang-22 >/dev/null && [ -x /usr/bin/cargo ] && [ -f /usr/lib/wasm32-wasi/libc.a ]
}

choose_toolchain() {
    if [ -n "${MANYHANDS_TOOLCHAIN:-}" ]; then say "$MANYHANDS_TOOLCHAIN"
    elif is_debian; then say debian
    elif has_rustup_target; then say rustup
    else die 'no WASI target: run `rustup target add wasm32-wasip1`, or install the Debian packages named in this script'
    fi
}

# No path of this machine may reach a module.
common_flags() {
    printf '%s ' "-C target-feature=+simd128" "--remap-path-prefix=$tasks=/tasks"
    # One folder for each registry or mirror; which of them it was must not show either.
    for crates in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
        printf '%s ' "--remap-path-prefix=$crates=/crates"
    done
}

cargo_debian() {
    RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc \
    CARGO_TARGET_WASM32_WASIP1_LINKER="$tasks/wasi-linker.sh" \
    RUSTFLAGS="-C link-self-contained=no -C linker-flavor=gcc $(common_flags)" \
        /usr/bin/cargo build --release --locked --target "$target" -Z build-std=std,panic_abort "$@"
}

cargo_rustup() {
    RUSTFLAGS=$(common_flags) cargo build --release --locked --target "$target" "$@"
}

build_rust() {
    say "building the Rust programs ($toolchain)"
    cargo fetch --quiet --locked
    # Step programs are libraries, commands are binaries: one invocation each.
    "cargo_$toolchain" --lib -p mersenne
    "cargo_$toolchain" --bin dedoppler -p dedoppler
    "cargo_$toolchain" --bins -p kernels
    kernels=$(cd kernels/src/bin && printf '%s ' *.rs | sed 's/\.rs / /g')
    for name in mersenne dedoppler $kernels; do
        install -m 644 "target/$target/release/$name.wasm" "wasm/$name.wasm"
    done
}

build_c() {
    clang=${WASI_CLANG:-clang-22}
    if ! command -v "$clang" >/dev/null; then
        say "no $clang: the C example is left as it is (WASI_CLANG names another)"
        return
    fi
    say "building the C example"
    "$clang" --target=wasm32-wasi -O2 -msimd128 -mexec-model=reactor -Wall -Wextra -Wno-deprecated \
        -Wl,--strip-all -o wasm/c-example.wasm c/example.c
    chmod 644 wasm/c-example.wasm
}

# BLAKE3 in the form of b3sum: digest, two spaces, name.
digests() {
    (cd wasm && b3sum -- *.wasm) || die 'b3sum is needed: `cargo install b3sum`'
}

check_digests() {
    digests >wasm/DIGESTS.new || { rm -f wasm/DIGESTS.new; exit 1; }
    if [ "$1" = --update ]; then
        mv wasm/DIGESTS.new wasm/DIGESTS
        say "wrote wasm/DIGESTS:"
        cat wasm/DIGESTS
    elif cmp -s wasm/DIGESTS.new wasm/DIGESTS; then
        rm wasm/DIGESTS.new
        say "all modules are as in wasm/DIGESTS"
    else
        diff wasm/DIGESTS wasm/DIGESTS.new || true
        rm wasm/DIGESTS.new
        die 'modules differ from wasm/DIGESTS: another tool chain, or run with --update'
    fi
}

toolchain=$(choose_toolchain)
build_rust
build_c
check_digests "${1:---check}"
