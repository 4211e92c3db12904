#!/usr/bin/env bash
# A coordinator is killed in the middle of a job, stays away, and comes back from the same folder at another address.
#
#   client/tests/outage.sh [SECONDS_AWAY]     600 unless said otherwise
#
# One coordinator and three workers, each in a network namespace of its own, hang on a bridge; none of them has a way out, and no
# name is resolved. Workers are told nothing but the coordinator's key: they find it by multicast DNS, at the start and again
# when it has moved; one of them is killed in between and started with the old address. Each unit takes some seconds and is
# computed by two of them. The scientist's program is told nothing of the new address either. At the end all units must have their answer, and the ledger is replayed: each answer was paid for once.
#
# Needs root and iproute2. Takes the time away, some seconds until all have found it, and a minute for the job.
# MANYHANDS names the program, if it is not to be built.
set -euo pipefail
cd "$(dirname "$0")/../.."

AWAY_S=${1:-600} WORKERS=3 PREFIX=mhaway NET=10.78.0 PATIENCE_S=1500
WORK=$(mktemp -d /dev/shm/$PREFIX.XXXXXX)
BIN=${MANYHANDS:-$PWD/target/release/manyhands}
STARTED=()

ns() { echo "$PREFIX-$1"; }

clear_up() {
  local pid name
  for pid in "${STARTED[@]}"; do kill -9 -- "-$pid" 2>/dev/null || true; done
  STARTED=()
  for name in $(ip netns list | awk '{print $1}' | grep "^$PREFIX-" || true); do ip netns del "$name"; done
}
trap 'clear_up; [[ ${KEEP:-} ]] || rm -rf "$WORK"' EXIT
trap 'exit 130' INT TERM

plug_in() { # host address
  local name; name=$(ns "$1")
  ip netns add "$name"
  ip link add eth0 netns "$name" type veth peer name "p$1" netns "$(ns switch)"
  ip -n "$(ns switch)" link set "p$1" master bridge up
  ip -n "$name" link set lo up
  ip -n "$name" addr add "$2/24" dev eth0
  ip -n "$name" link set eth0 up
}

start() { # host log command...
  local host=$1 log=$2; shift 2
  setsid ip netns exec "$(ns "$host")" "$@" >"$WORK/$log" 2>"$WORK/$log.err" &
  STARTED+=($!)
  disown
}

await() { # what file pattern [count]: a line like that, or so many of them
  local end=$((SECONDS + PATIENCE_S))
  until [[ $(grep -c -- "$3" "$2" 2>/dev/null) -ge ${4:-1} ]]; do
    sleep 0.1
    if ((SECONDS > end)); then echo "$1: did not come about" >&2; tail -3 "$WORK"/*.err >&2; exit 1; fi
  done
}

as_scientist() { ip netns exec "$(ns "$HOME_OF")" env MANYHANDS_PROFILE="$WORK/profile" "$BIN" "$@"; }
join_as_scientist() { as_scientist join "$(as_scientist invite --data "$WORK/grid" --role scientist 2>/dev/null)" >"$WORK/join" 2>&1; }
now() { date +%s.%N; }
since() { awk -v from="$1" -v to="$(now)" 'BEGIN { printf "%.1f", to - from }'; }

start_coordinator() { # host port
  HOME_OF=$1
  start "$1" "coordinator-$1" "$BIN" coordinator --config "$WORK/coordinator.toml" --data "$WORK/grid" --listen "0.0.0.0:$2"
  COORDINATOR=${STARTED[-1]}
  await "a coordinator" "$WORK/coordinator-$1" '^manyhands://'
}

[[ ${MANYHANDS:-} ]] || cargo build --release --locked -p manyhands
ip netns add "$(ns switch)"
ip -n "$(ns switch)" link add bridge type bridge mcast_snooping 0
ip -n "$(ns switch)" link set bridge up
plug_in here $NET.1
plug_in there $NET.2
for worker in $(seq $WORKERS); do plug_in "$worker" $NET.$((10 + worker)); done

echo 'heartbeat = "1 s"' >"$WORK/coordinator.toml"
start_coordinator here 7654
KEY=$(sed -n 's/.*#//p' "$WORK/coordinator-here" | head -1)
join_as_scientist
for worker in $(seq $WORKERS); do
  token=$(as_scientist invite --data "$WORK/grid" --volunteer "volunteer-$worker" 2>/dev/null | sed 's/.*#[^.]*\.//')
  printf 'data_dir = "%s"\nalways = true\npriority = "inherited"\nslots = 1\nslot_memory = "256 MiB"\n' \
    "$WORK/worker-$worker.data" >"$WORK/worker-$worker.toml"
  start "$worker" "worker-$worker" "$BIN" worker --yes --config "$WORK/worker-$worker.toml" --join "lan#$KEY.$token"
  LAST_WORKER=${STARTED[-1]}
done
for worker in $(seq $WORKERS); do await "worker $worker" "$WORK/worker-$worker" "^connected to $NET.1:7654"; done
echo "three workers found the coordinator by its key alone"

# Numbers without a small factor, so that every unit takes all of its steps.
PS=(20011 20021 20023 20029 20047 20051 20063 20071 20089 20101 20107 20113 20117 20123 20129 20143 20147 20149 20161 20173)
cat >"$WORK/job.toml" <<JOB
name = "outage"
module = "$PWD/tasks/wasm/mersenne.wasm"
kind = "step"
args = ["{p}"]
outputs = ["result.txt"]
memory = "64 MiB"
[quorum]
size = 2
[[axis]]
name = "p"
values = [$(IFS=,; echo "${PS[*]}")]
JOB
UNITS=${#PS[@]}
JOB=$(as_scientist submit "$WORK/job.toml" --json | grep -o '"job": *[0-9]*' | tr -dc 0-9)
start here watch env MANYHANDS_PROFILE="$WORK/profile" "$BIN" watch "$JOB"
await "the first answers" "$WORK/watch" "^job $JOB: [4-9] of"

kill -9 -- "-$COORDINATOR"
GONE=$(now)
echo "the coordinator is killed, with $(tail -1 "$WORK/watch" | sed 's/,.*//') done"
for worker in $(seq $WORKERS); do await "worker $worker" "$WORK/worker-$worker" "^the coordinator is away"; done
sleep $((AWAY_S / 2))
kill -9 -- "-$LAST_WORKER"
# Its folder is free once it is gone.
while kill -0 -- "-$LAST_WORKER" 2>/dev/null; do sleep 0.05; done
start $WORKERS "worker-$WORKERS-again" "$BIN" worker --yes --config "$WORK/worker-$WORKERS.toml" --join "manyhands://$NET.1:7654/#$KEY"
echo "in between, a worker is killed and started again, and told the old address"
sleep $((AWAY_S - AWAY_S / 2))
start_coordinator there 9999
BACK=$(now)
echo "it is started again at $NET.2:9999, from the same folder, $(since "$GONE") s later"
for worker in 1 2 "$WORKERS-again"; do await "worker $worker" "$WORK/worker-$worker" "^connected to $NET.2:9999"; done
FOUND_S=$(since "$BACK")
echo "all three have found it after $FOUND_S s"
as_scientist jobs >"$WORK/jobs" 2>&1 || { cat "$WORK/jobs" >&2; exit 1; }
# Whichever of the scientist's programs was the first to find it has said so.
grep -h 'has moved' "$WORK/jobs" "$WORK/watch.err" | head -1
start there watch-again env MANYHANDS_PROFILE="$WORK/profile" "$BIN" watch "$JOB"
await "the end of the job" "$WORK/watch-again" "is finished"

as_scientist fetch "$JOB" --to "$WORK/results" >/dev/null
as_scientist ledger export "$WORK/ledger.jsonl" >/dev/null
as_scientist ledger verify "$WORK/ledger.jsonl" | head -1
as_scientist receipt "$JOB" --json >"$WORK/receipt.json"
as_scientist receipt "$JOB" | head -3
DONE=$(find "$WORK/results" -name '*result.txt' | wc -l)
PAID=$(grep -c '"kind":"grant"' "$WORK/ledger.jsonl")
TAKEN_BACK=$(grep -c '"kind":"take-back"' "$WORK/ledger.jsonl" || true)
TWICE=$(grep '"kind":"grant"' "$WORK/ledger.jsonl" | grep -o '"replica":[0-9]*\|"unit":[0-9]*' | paste - - | sort | uniq -d | wc -l)
COPIES=$(grep -o '"leased":[0-9]*' "$WORK/receipt.json" | head -1 | tr -dc 0-9)
echo
printf '%-34s %s\n' "seconds away" "$AWAY_S" "seconds until all had found it" "$FOUND_S" "units asked for" "$UNITS" \
  "units with an answer" "$DONE" "answers paid for" "$PAID" "answers paid for twice" "$TWICE" "leases in all" "$COPIES"
echo "figure outage_units_lost $((UNITS - DONE)) units"
echo "figure outage_paid_twice $((TWICE + TAKEN_BACK)) answers"
echo "figure outage_found_s $FOUND_S s"
awk -v copies="$COPIES" -v units="$UNITS" 'BEGIN { printf "figure outage_leases_over_needed %.3f x\n", copies / (2 * units) }'
((DONE == UNITS && PAID == 2 * UNITS && TWICE == 0))
