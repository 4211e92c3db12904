#!/usr/bin/env bash
# Checks the service files with systemd's own checker, against a stand-in for the binary,
# since a build machine has not installed it; and runs what clusters' schedulers would, with another one.
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
manyhands=$PWD/../../target/debug/manyhands
if [[ -x $manyhands ]]; then
    HOME=$work XDG_CONFIG_HOME=$work/config "$manyhands" worker install --no-start --yes \
        --join manyhands+plain://127.0.0.1:9/ >/dev/null
    XDG_RUNTIME_DIR=$work check --user "$work/config/systemd/user/manyhands-worker.service"
    echo "manyhands-worker.service of a user: ok"
fi

# What schedulers run, here with a worker that only says with which words it was started, and waits for SIGTERM.
cd ../pilots
pilot=$work/pilot
mkdir -p "$pilot/scratch"
cat > "$pilot/manyhands" <<'SH'
#!/bin/sh
trap 'kill $!; echo drained >> "$PILOT/said"; exit 0' TERM
: "${MANYHANDS_INVITE:?}"
echo "$*" > "$PILOT/said"
if [ -n "${PILOT_STAYS:-}" ]; then sleep 60 & wait; fi
SH
chmod 755 "$pilot/manyhands"
export PILOT=$pilot PATH=$pilot:$PATH MANYHANDS_INVITE=manyhands+plain://127.0.0.1:9/

# Ends well when there is no work, and removes its folder.
TMPDIR=$pilot/scratch ./slurm.sh
[[ -z $(ls "$pilot/scratch") ]]
rm "$pilot/said"
# Hands the signal on, and waits until the worker has drained.
PILOT_STAYS=1 TMPDIR=$pilot/scratch ./slurm.sh &
script=$!
until [[ -n $(ls "$pilot/scratch") && -s $pilot/said ]]; do sleep 0.05; done
kill -TERM "$script"
wait "$script"
grep -q drained "$pilot/said"
cp "$pilot/said" "$work/words"
echo "slurm.sh: ok"

echo "$MANYHANDS_INVITE" > "$pilot/manyhands.invite"
(cd "$pilot" && _CONDOR_SCRATCH_DIR=$pilot/scratch sh "$OLDPWD/htcondor.sh")
cat "$pilot/said" >> "$work/words"
if command -v condor_submit >/dev/null; then
    condor_submit -dry-run /dev/null htcondor.sub >/dev/null
    echo "htcondor.sub: ok"
else
    echo "htcondor.sh: ok; htcondor.sub was not checked, for want of condor_submit"
fi

if python3 -c 'import yaml' 2>/dev/null; then
    python3 - kubernetes.yaml >> "$work/words" <<'PY'
import sys, yaml
job = yaml.safe_load(open(sys.argv[1]))
assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
pod = job["spec"]["template"]["spec"]
worker = pod["containers"][0]
volumes = {volume["name"] for volume in pod["volumes"]}
assert {mount["name"] for mount in worker["volumeMounts"]} == volumes
args = worker["args"]
assert all(isinstance(arg, str) for arg in args), args
grace = args[args.index("--grace") + 1]
assert int(grace.removesuffix("s")) < pod["terminationGracePeriodSeconds"], grace
print(*args)
PY
    echo "kubernetes.yaml: ok"
else
    echo "kubernetes.yaml was not checked, for want of Python's yaml"
fi

# Each option that they name is one of the worker's.
if [[ -x $manyhands ]]; then
    "$manyhands" worker --help > "$work/help"
    grep -oE -- '--[a-z][a-z-]*' "$work/words" | sort -u | while read -r option; do
        grep -qE -- "$option( |$)" "$work/help" || { echo "the worker has no $option"; exit 1; }
    done
    echo "options of the pilots: ok"
fi
