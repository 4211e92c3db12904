#!/usr/bin/env bash
# Checks the service files with systemd's own checker, against a stand-in for the binary,
# since a build machine has not installed it.
set -euo pipefail
cd "$(dirname "$0")/systemd"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '#!/bin/sh\n' > "$work/manyhands"
chmod 755 "$work/manyhands"

check() {
    systemd-analyze verify --man=no --recursive-errors=no "$@"
}

for unit in *.service; do
    sed "s|/usr/local/bin/manyhands|$work/manyhands|" "$unit" > "$work/$unit"
    check "$work/$unit"
    echo "$unit: ok"
done

# A user's own, as `manyhands worker install` writes it, if the program has been built.
manyhands=../../target/debug/manyhands
if [[ -x $manyhands ]]; then
    HOME=$work XDG_CONFIG_HOME=$work/config "$manyhands" worker install --no-start --yes \
        --join manyhands+plain://127.0.0.1:9/ >/dev/null
    XDG_RUNTIME_DIR=$work check --user "$work/config/systemd/user/manyhands-worker.service"
    echo "manyhands-worker.service of a user: ok"
fi
