#!/usr/bin/env bash
# What a volunteer's line feels of what others fetch from there: how well it is measured, and who has to wait.
#
#   worker/benches/uplink.sh
#
# A volunteer behind a modem with 20 Mbit/s up, which lets half a second of traffic wait, gives a blob to four peers of other
# networks. Each host is a network namespace, and none has a way out. After half a minute somebody else at home uploads
# something as fast as it goes (one TCP connection), and after another half stops again. Meanwhile a ping from there tells how
# late everything else is on that line.
#
# Needs root, iproute2, ping and perl, and two cores with little else to do.
set -euo pipefail
cd "$(dirname "$0")/../.."

PEERS=4 UP=20 DOWN=100 QUEUE_MS=500 PREFIX=mhline HOME_NET=198.51.100 NET=203.0.113 PHASE_S=30
WORK=$(mktemp -d /dev/shm/$PREFIX.XXXXXX)
HOST=$PWD/target/release/examples/swarm_host
STARTED=()

ns() { echo "$PREFIX-$1"; }
ip_of() { case $1 in origin) echo $HOME_NET.1 ;; home) echo $HOME_NET.2 ;; sink) echo $NET.2 ;; *) echo $NET.$((10 + $1)) ;; esac; }

clear_up() {
  local pid name
  for pid in "${STARTED[@]}"; do kill -9 -- "-$pid" 2>/dev/null || true; done
  STARTED=()
  for name in $(ip netns list | awk '{print $1}' | grep "^$PREFIX-" || true); do ip netns del "$name"; done
}
trap 'clear_up; rm -rf "$WORK"' EXIT
trap 'exit 130' INT TERM

line() { # namespace device mbit queue_ms
  tc -n "$1" qdisc replace dev "$2" root handle 1: tbf rate "$3mbit" burst $(($3 * 250 > 8192 ? $3 * 250 : 8192)) latency "$4ms"
}

add_switch() { # name
  ip netns add "$(ns "$1")"
  ip -n "$(ns "$1")" link add bridge type bridge
  ip -n "$(ns "$1")" link set bridge up
}

plug_in() { # host device switch address
  local name; name=$(ns "$1")
  ip netns add "$name" 2>/dev/null || true
  ip link add "$2" netns "$name" type veth peer name "p$1" netns "$(ns "$3")"
  # One frame for each packet, or shapers would see packets of 64 KiB.
  ip -n "$name" link set "$2" gso_max_segs 1
  ip -n "$(ns "$3")" link set "p$1" gso_max_segs 1
  ip -n "$(ns "$3")" link set "p$1" master bridge up
  ip -n "$name" link set lo up
  ip -n "$name" addr add "$4/24" dev "$2"
  ip -n "$name" link set "$2" up
}

set_up() {
  local host
  clear_up
  add_switch street
  add_switch house
  plug_in modem eth0 house $HOME_NET.254
  plug_in modem eth1 street $NET.254
  line "$(ns modem)" eth1 $UP $QUEUE_MS
  line "$(ns modem)" eth0 $DOWN 50
  ip netns exec "$(ns modem)" sysctl -q -w net.ipv4.ip_forward=1
  for host in origin home; do
    plug_in "$host" eth0 house "$(ip_of "$host")"
    ip -n "$(ns "$host")" route add default via $HOME_NET.254 congctl cubic
  done
  for host in sink $(seq 1 $PEERS); do
    plug_in "$host" eth0 street "$(ip_of "$host")"
    ip -n "$(ns "$host")" route add default via $NET.254 congctl cubic
    line "$(ns street)" "p$host" $DOWN 50
  done
}

start() { # host command...: in its namespace and folder
  local host=$1; shift
  mkdir -p "$WORK/$host"
  (cd "$WORK/$host" && exec env SW_FILE="$WORK/blob" SW_OUT="$WORK" SW_I="$host" SW_IP="$(ip_of "$host")" \
    SW_ORIGIN_IP="$(ip_of origin)" SW_DIALOUT="$DIALOUT" setsid ip netns exec "$(ns "$host")" "$@" >>log 2>&1) &
  STARTED+=($!)
  disown
}

sent_bytes() { ip netns exec "$(ns origin)" cat /sys/class/net/eth0/statistics/tx_bytes; }
sunk_bytes() { stat -c %s "$WORK/sink/log"; }

# Says how much of the line is used for what in so many seconds, and how late a ping is, in the last two thirds of them.
phase() { # name
  local sent sunk third=$((PHASE_S / 3)) pings
  sleep $third
  sent=$(sent_bytes) sunk=$(sunk_bytes)
  pings=$(ip netns exec "$(ns home)" ping -q -i 0.05 -w $((PHASE_S - third)) "$(ip_of sink)" | tail -1 | cut -d= -f2)
  awk -v name="$1" -v s=$((PHASE_S - third)) -v sent=$(($(sent_bytes) - sent)) -v sunk=$((($(sunk_bytes) - sunk) * 1000)) -v up=$UP \
    -v pings="$pings" -v uplink="$(cat "$WORK/origin/uplink")" 'BEGIN {
      split(pings, ping, "/"); split(uplink, now, " ")
      wire = up * 1e6 / 8; line = wire * 1448 / 1514 # headers and all, and without
      printf "%-8s  of the line: given %4.1f %%, otherwise %4.1f %%   ping %5.1f ms, at most %5.1f ms   seen to carry %4.1f %%\n", name,
        100 * sent / s / wire, 100 * sunk / s / line, ping[2], ping[3], 100 * now[2] / line
      printf "figure uplink_%s_given_percent %.1f %%\nfigure uplink_%s_ping_ms %.1f ms\n", name, 100 * sent / s / wire, name, ping[2] >>"/dev/fd/3"
      if (name == "alone") printf "figure uplink_measured_over_line %.3f ratio\n", now[2] / line >>"/dev/fd/3"
      if (name == "beside") printf "figure uplink_beside_other_percent %.1f %%\n", 100 * sunk / s / line >>"/dev/fd/3"
    }'
}

cargo build --release -q -p manyhands-swarm --example swarm_host
exec 3>"$WORK/figures"
head -c 512M /dev/urandom >"$WORK/blob"
(cd "$WORK" && SW_FILE=$WORK/blob SW_OUT=$WORK "$HOST" prepare)
set_up
# Nobody dials others here: all is given by the one whose line it is.
DIALOUT=$(seq -s ' ' 1 $PEERS)
SW_UPLOAD=half start origin "$HOST" origin
# A byte for each thousand that came, to be counted.
start sink perl -MIO::Socket::INET -e '$| = 1; my $l = IO::Socket::INET->new(LocalPort => 9000, Listen => 1, ReuseAddr => 1) or die;
  my $rest = 0; while (my $c = $l->accept) { while (sysread $c, my $b, 65536) { $rest += length $b; print "." x int($rest / 1000); $rest %= 1000 } }'
until [[ -e $WORK/origin/ready && -e $WORK/sink/log ]]; do sleep 0.05; done
for host in $(seq 1 $PEERS); do start "$host" "$HOST" leech; done
phase alone
start home perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(PeerAddr => shift, PeerPort => 9000) or die;
  my $b = "x" x 65536; my $end = time + shift; while (time < $end) { syswrite $s, $b }' "$(ip_of sink)" $PHASE_S
phase beside
phase after
cat "$WORK/figures"
