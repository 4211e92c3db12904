#!/bin/sh
# Builds geng.wasm from the unmodified source of nauty 2.8.6 and checks its digest.
#
#   examples/geng/build.sh                  fetch the source with apt-get, build, check
#   examples/geng/build.sh nauty.tar.xz     the same with a source archive that is already here
#
# Fetching needs a Debian 12 machine with `deb-src` lines in its package sources. Building needs
# clang-22 lld-22 wasi-libc libclang-rt-22-dev-wasm32; WASI_CLANG names another clang.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
source_version=2.8.6+ds-2
source_sha256=685227e0aa6dc1b66cab480b04d41e20a57e2b4297722616bf649ac0e527cb0d
digest=9b983644fdaab96810775eaf1091f18efdee9657bd01b8f50896c9190c189b50

die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ $# -gt 0 ]; then
    cp -- "$1" "$work/nauty.tar.xz"
else
    (cd "$work" && apt-get source --download-only "nauty=$source_version") ||
        die 'cannot fetch the source: add deb-src lines, or give the archive as an argument'
    mv "$work"/nauty_*.orig.tar.xz "$work/nauty.tar.xz"
fi
printf '%s  %s\n' "$source_sha256" "$work/nauty.tar.xz" | sha256sum --check --quiet ||
    die 'this is another source archive than the one the module is built from'

tar -xf "$work/nauty.tar.xz" -C "$work"
cd "$work/nauty2_8_6"
for header in nauty naututil gtools; do
    sed -f "$here/wasi-headers.sed" "$header-h.in" >"$header.h"
done

# The same files and definitions as the target `geng` of nauty's makefile.
"${WASI_CLANG:-clang-22}" --target=wasm32-wasi -Wno-deprecated -O3 -w \
    -DWORDSIZE=32 -DMAXN=WORDSIZE \
    -Wl,--strip-all -Wl,-z,stack-size=262144 -o "$here/geng.wasm" \
    geng.c gtools.c nauty.c nautil.c naugraph.c schreier.c naurng.c
chmod 644 "$here/geng.wasm"
cp COPYRIGHT "$here/COPYRIGHT.nauty"

printf '%s  %s\n' "$digest" "$here/geng.wasm" | b3sum --check ||
    die "geng.wasm differs from the committed one: another compiler or C library?"
