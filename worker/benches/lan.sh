#!/usr/bin/env bash
# What a laboratory fetches from outside: three workers of one network behind a router, and a coordinator beyond it.
#
#   worker/benches/lan.sh [MANYHANDS]      the program; by default target/release/manyhands
#
# Each host is a network namespace. The workers hang on a bridge and reach the coordinator through a router that hides their
# addresses, so nobody outside can dial them, and the coordinator cannot tell them of each other: they find each other by
# multicast DNS alone. First one worker computes a job with an input of 4 MiB; then the second, then the third comes, and
# computes a job with the same input. What crosses the router towards the laboratory meanwhile is counted there, headers and all.
#
# Needs root, iproute2, nftables and jq.
set -euo pipefail
cd "$(dirname "$0")/../.."

MANYHANDS=$(realpath "${1:-target/release/manyhands}")
PREFIX=mhlab LIMIT_S=120 INPUT_BYTES=4194304
WORK=$(mktemp -d /dev/shm/$PREFIX.XXXXXX)
STARTED=()
HOSTS=(outside router switch lab1 lab2 lab3)

ns() { echo "$PREFIX-$1"; }
in_ns() { ip netns exec "$(ns "$1")" "${@:2}"; }

clear_up() {
  local pid host
  for pid in "${STARTED[@]}"; do kill -9 -- "-$pid" 2>/dev/null || true; done
  for host in "${HOSTS[@]}"; do ip netns del "$(ns "$host")" 2>/dev/null || true; done
}
trap 'clear_up; rm -rf "$WORK"' EXIT
trap 'exit 130' INT TERM

set_up() {
  local host number
  clear_up
  for host in "${HOSTS[@]}"; do
    ip netns add "$(ns "$host")"
    ip -n "$(ns "$host")" link set lo up
  done
  ip -n "$(ns switch)" link add bridge type bridge
  ip -n "$(ns switch)" link set bridge up
  number=1
  for host in lab1 lab2 lab3 router; do
    ip link add eth0 netns "$(ns "$host")" type veth peer name "p$host" netns "$(ns switch)"
    ip -n "$(ns switch)" link set "p$host" master bridge up
    ip -n "$(ns "$host")" addr add "10.77.0.$number/24" dev eth0
    ip -n "$(ns "$host")" link set eth0 up
    number=$((number + 1))
  done
  for host in lab1 lab2 lab3; do ip -n "$(ns "$host")" route add default via 10.77.0.4; done
  ip link add eth1 netns "$(ns router)" type veth peer name eth0 netns "$(ns outside)"
  ip -n "$(ns router)" addr add 203.0.113.2/24 dev eth1
  ip -n "$(ns router)" link set eth1 up
  ip -n "$(ns outside)" addr add 203.0.113.1/24 dev eth0
  ip -n "$(ns outside)" link set eth0 up
  in_ns router sysctl -q -w net.ipv4.ip_forward=1
  in_ns router nft -f - <<'RULES'
table ip hide {
  chain postrouting {
    type nat hook postrouting priority 100
    oifname "eth1" masquerade
  }
}
RULES
}

start() { # host args...
  (exec setsid timeout $LIMIT_S ip netns exec "$(ns "$1")" "$MANYHANDS" "${@:2}" >"$WORK/$1.log" 2>&1) &
  STARTED+=($!)
  disown
}

await() { # words command...: until it prints a line with the words
  local end=$((SECONDS + LIMIT_S))
  until "${@:2}" 2>/dev/null | grep -q -- "$1"; do
    ((SECONDS < end)) || { echo "never: $1" >&2; tail -5 "$WORK"/*.log >&2; exit 1; }
    sleep 0.1
  done
}

scientist() { in_ns outside env MANYHANDS_PROFILE="$WORK/profile" "$MANYHANDS" "$@"; }
from_outside() { in_ns router cat /sys/class/net/eth1/statistics/rx_bytes; }

worker() { # host
  local invite; invite=$(in_ns outside "$MANYHANDS" invite --data "$WORK/coordinator" --role worker --volunteer "$1" 2>/dev/null)
  cat >"$WORK/$1.toml" <<TOML
invite = "$invite"
data_dir = "$WORK/$1"
slots = 1
slot_memory = "256 MiB"
priority = "inherited"
always = true
TOML
  start "$1" worker --yes --config "$WORK/$1.toml"
  await connected cat "$WORK/$1.log"
}

compute() { # replicas
  local job
  sed "s/^size = .*/size = $1/" "$WORK/job.toml" >"$WORK/job$1.toml"
  job=$(scientist submit "$WORK/job$1.toml" --json | jq .job)
  await "is finished" scientist watch "$job"
}

set_up
cat >"$WORK/coordinator.toml" <<TOML
listen = "203.0.113.1:7654"
heartbeat = "1 s"
# All three come from the router's address, and still count for themselves.
own_networks = ["203.0.113.0/24"]
TOML
start outside coordinator --config "$WORK/coordinator.toml" --data "$WORK/coordinator"
await manyhands:// cat "$WORK/outside.log"
scientist join "$(in_ns outside "$MANYHANDS" invite --data "$WORK/coordinator" --role scientist 2>/dev/null)" >/dev/null 2>&1

head -c $INPUT_BYTES /dev/urandom >"$WORK/input.dat"
cp tasks/wasm/mersenne.wasm "$WORK"
# The program does not read it: that it is there is all that counts here.
cat >"$WORK/job.toml" <<TOML
name = "lab"
module = "mersenne.wasm"
kind = "step"
args = ["{p}"]
outputs = ["result.txt"]
memory = "64 MiB"
[quorum]
size = 1
[[axis]]
name = "p"
values = [3]
[[input]]
path = "/in/input.dat"
file = "input.dat"
TOML

before=$(from_outside)
number=1
for host in lab1 lab2 lab3; do
  worker $host
  # The newcomer looks around before there is work for it.
  for ((known = 1; known < number; known++)); do
    await '"known_from": "lan"' in_ns $host "$MANYHANDS" peers --data "$WORK/$host" --json
  done
  compute $number
  now=$(from_outside)
  pieces=$(in_ns $host "$MANYHANDS" peers --data "$WORK/$host" --json |
    jq '[.[].peers[] | select(.role == "coordinator") | .received_bytes] + [.[].whole_bytes] | add')
  near=$(in_ns $host "$MANYHANDS" peers --data "$WORK/$host" --json |
    jq '[.[].peers[] | select(.role == "worker") | .received_bytes] | add // 0')
  echo "$host: $((now - before)) bytes came from outside; of blobs $pieces from the coordinator, $near from workers of the laboratory"
  echo "figure lan_outside_copies_$number $(awk "BEGIN { printf \"%.3f\", ($now - $before) / $INPUT_BYTES }") copies" >>"$WORK/figures"
  before=$now
  number=$((number + 1))
done
in_ns lab3 "$MANYHANDS" peers --data "$WORK/lab3"
cat "$WORK/figures"
