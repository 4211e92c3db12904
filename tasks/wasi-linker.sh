#!/bin/sh
# The linker that cargo calls when the compiler is a distribution's and brings no WASI of its own:
# clang with the distribution's wasi-libc. A library crate is linked as a reactor, the form of a
# step program; rustc asks for that with a flag that clang knows only for dynamic libraries.
for argument do
    shift
    [ "$argument" = -shared ] && argument=-mexec-model=reactor
    set -- "$@" "$argument"
done
exec "${WASI_CLANG:-clang-22}" "$@" --target=wasm32-wasi
