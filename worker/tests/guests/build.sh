#!/bin/sh
# Rebuilds the guest programs of the tests: tour-c.wasm, tour-rust.wasm, walk.wasm.
# Needs clang with a WASI libc, and a Rust that can build for wasm32-wasip1: either one with that target
# installed (rustup target add wasm32-wasip1), or Debian's rustc-web, cargo-web and rust-web-src.
set -eu
cd "$(dirname "$0")"
CLANG=${CLANG:-clang-22}
FLAGS="--target=wasm32-wasi -O2 -msimd128 -s"

$CLANG $FLAGS tour.c -o tour-c.wasm
$CLANG $FLAGS -mexec-model=reactor walk.c -o walk.wasm

folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
mkdir "$folder/src"
cp tour.rs "$folder/src/main.rs"
cat >"$folder/Cargo.toml" <<TOML
[package]
name = "tour"
edition = "2021"
[profile.release]
opt-level = "s"
lto = true
panic = "abort"
strip = true
codegen-units = 1
TOML
cd "$folder"
if rustup target list --installed 2>/dev/null | grep -q '^wasm32-wasip1$'; then
  RUSTFLAGS="-C target-feature=+simd128 --remap-path-prefix=$folder=." \
    cargo build --release --target wasm32-wasip1
else
  printf '#!/bin/sh\nexec %s "$@" --target=wasm32-wasi\n' "$CLANG" >linker
  chmod +x linker
  RUSTC_BOOTSTRAP=1 RUSTC=${RUSTC_WEB:-/usr/bin/rustc} \
    CARGO_TARGET_WASM32_WASIP1_LINKER="$folder/linker" \
    RUSTFLAGS="-C link-self-contained=no -C linker-flavor=gcc -C target-feature=+simd128 --remap-path-prefix=$folder=." \
    "${CARGO_WEB:-/usr/bin/cargo}" build --release --target wasm32-wasip1 -Z build-std=std,panic_abort
fi
cd - >/dev/null
cp "$folder/target/wasm32-wasip1/release/tour.wasm" tour-rust.wasm
