#!/usr/bin/env bash
# How fast a blob gets to eight peers from an origin with a slow line, and how often the origin sends it.
#
#   worker/benches/swarm.sh [ROW...]     all rows, or some of: relay plain dialout poison small delay
#
# One origin and eight peers, each in a network namespace of its own, hang on a bridge in a tenth; none of them has a way
# out. Uplinks have 20 Mbit/s and downlinks 100 (tbf). All peers begin together. Every copy is compared with the blob, and
# what the origin sends is counted at its port, headers and all. The bound is that of Kumar and Ross, with 1448 bytes of payload
# in 1514 on the wire: no program is faster.
#
#   relay     64 MiB, and each peer is a dozen lines of perl that pass on what they get to the next: the floor of what it
#             takes to receive and send as much as a peer of a swarm does, with nothing checked and nothing encrypted
#   plain     64 MiB
#   dialout   64 MiB, and nobody can dial peers 5 to 8
#   poison    64 MiB, and a ninth peer that gives bytes that do not match
#   small     1 MiB
#   delay     64 MiB with a round trip of 40 ms; needs netem
#
# Needs root, iproute2, perl for `relay`, nftables for `dialout`, and two cores with little else to do.
set -euo pipefail
cd "$(dirname "$0")/../.."

PEERS=8 UP=20 DOWN=100 PREFIX=mhswarm NET=10.77.0 LIMIT_S=170
WORK=$(mktemp -d /dev/shm/$PREFIX.XXXXXX)
HOST=$PWD/target/release/examples/swarm_host
STARTED=()

ns() { echo "$PREFIX-$1"; }
ip_of() { case $1 in origin) echo $NET.1 ;; *) echo $NET.$((10 + $1)) ;; esac; }

clear_up() {
  local pid name
  for pid in "${STARTED[@]}"; do kill -9 -- "-$pid" 2>/dev/null || true; done
  STARTED=()
  for name in $(ip netns list | awk '{print $1}' | grep "^$PREFIX-" || true); do ip netns del "$name"; done
}
trap 'clear_up; rm -rf "$WORK"' EXIT
trap 'exit 130' INT TERM

# A line of so many Mbit/s: bursts of 2 ms, and a queue of 50 ms.
line() { # namespace device mbit
  tc -n "$1" qdisc replace dev "$2" root handle 1: tbf rate "$3mbit" burst $(($3 * 250 > 8192 ? $3 * 250 : 8192)) latency 50ms
}

plug_in() { # host
  local host=$1 name; name=$(ns "$1")
  ip netns add "$name"
  ip link add eth0 netns "$name" type veth peer name "p$host" netns "$(ns switch)"
  # One frame for each packet, or shapers and counters would see packets of 64 KiB.
  ip -n "$name" link set eth0 gso_max_segs 1
  ip -n "$(ns switch)" link set "p$host" gso_max_segs 1
  ip -n "$(ns switch)" link set "p$host" master bridge up
  ip -n "$name" link set lo up
  ip -n "$name" addr add "$(ip_of "$host")/24" dev eth0
  ip -n "$name" link set eth0 up
  ip -n "$name" route replace $NET.0/24 dev eth0 src "$(ip_of "$host")" scope link congctl cubic
  line "$name" eth0 $UP
  line "$(ns switch)" "p$host" $DOWN
}

set_up() { # peers
  local host
  clear_up
  ip netns add "$(ns switch)"
  ip -n "$(ns switch)" link add bridge type bridge
  ip -n "$(ns switch)" link set bridge up
  for host in origin $(seq 1 "$1"); do plug_in "$host"; done
}

close_to_callers() { # host
  ip netns exec "$(ns "$1")" nft -f - <<'RULES'
table inet lan {
  chain input {
    type filter hook input priority 0
    iif lo accept
    ct state established,related accept
    meta l4proto { tcp, udp } drop
  }
}
RULES
}

slow_down() { # host ms
  tc -n "$(ns "$1")" qdisc add dev eth0 parent 1: handle 2: netem delay "$2ms" limit 10000
}

start() { # host word dialout
  local dir=$WORK/$1; mkdir -p "$dir"
  (cd "$dir" && exec env SW_FILE="$WORK/blob" SW_OUT="$WORK" SW_I="$1" SW_IP="$(ip_of "$1")" SW_ORIGIN_IP="$(ip_of origin)" \
    SW_DIALOUT="$3" setsid timeout $LIMIT_S ip netns exec "$(ns "$1")" "$HOST" "$2" >"$dir/log" 2>&1) &
  STARTED+=($!)
  disown
}

sent_bytes() { ip netns exec "$(ns origin)" cat /sys/class/net/eth0/statistics/tx_bytes; }
now() { date +%s.%N; }

await() { # file...: until all are there
  local file
  for file in "$@"; do
    until [[ -e $file ]]; do
      sleep 0.05
      if ((SECONDS > END_S)); then
        echo "no $file in time" >&2
        exit 1
      fi
    done
  done
}

cpu_s() { # of all hosts
  local pid
  for pid in $(for host in origin $(seq 1 $PEERS); do ip netns pids "$(ns "$host")"; done); do cat "/proc/$pid/stat" 2>/dev/null || true; done |
    sed 's/.*) //' | awk -v hz="$(getconf CLK_TCK)" '{ ticks += $12 + $13 } END { print ticks / hz }'
}

run() { # name mib dialout poisoners delay_ms
  local name=$1 mib=$2 dialout=$3 poisoners=$4 delay=$5 host before last good=0
  rm -rf "${WORK:?}"/*
  head -c "${mib}M" /dev/urandom >"$WORK/blob"
  (cd "$WORK" && SW_FILE=$WORK/blob SW_OUT=$WORK "$HOST" prepare)
  set_up $((PEERS + poisoners))
  for host in $dialout; do close_to_callers "$host"; done
  if ((delay > 0)); then for host in origin $(seq 1 $PEERS); do slow_down "$host" $((delay / 2)); done; fi
  END_S=$((SECONDS + LIMIT_S))
  start origin origin ""
  await "$WORK/origin/ready"
  sleep 0.3
  before=$(sent_bytes)
  BEGAN=$(now)
  for host in $(seq 1 $PEERS); do start "$host" leech "$dialout"; done
  for ((host = PEERS + 1; host <= PEERS + poisoners; host++)); do start "$host" poison ""; done
  await $(seq -f "$WORK/%g/done" 1 $PEERS)
  last=$(stat -c %.9Y $(seq -f "$WORK/%g/done" 1 $PEERS) | sort -n | tail -1)
  for host in $(seq 1 $PEERS); do cmp -s "$WORK/blob" "$WORK/$host/out" && good=$((good + 1)); done
  awk -v name="$name" -v mib="$mib" -v up=$UP -v down=$DOWN -v n=$PEERS -v took="$(awk "BEGIN { print $last - $BEGAN }")" \
    -v sent=$(($(sent_bytes) - before)) -v good="$good" -v cpu="$(cpu_s)" -v poisoners="$poisoners" \
    -v caught="$(cat $(seq -f "$WORK/%g/blamed" 1 $PEERS) | grep -c 1 || true)" 'BEGIN {
      wire = mib * 1048576 * 8 / 1e6 * 1514 / 1448
      bound = wire / up; if (wire / down > bound) bound = wire / down
      together = n * wire / (up + n * up); if (together > bound) bound = together
      printf "%-8s %4d MiB  last %6.2f s  bound %6.2f s  x %5.3f  origin %5.3f  good %d of %d  cpu %4.1f %% of a core each",
        name, mib, took, bound, took / bound, sent / (mib * 1048576), good, n, 100 * cpu / took / (n + 1)
      print poisoners ? sprintf("  caught by %d", caught) : ""
      suffix = name == "plain" ? "" : "_" name
      printf "figure swarm_cpu_percent%s %.1f %%\n", suffix, 100 * cpu / took / (n + 1) >>"/dev/fd/3"
      printf "figure swarm_last_over_bound%s %.3f ratio\nfigure swarm_origin_copies%s %.3f copies\n", suffix, took / bound, suffix,
        sent / (mib * 1048576) >>"/dev/fd/3"
      exit good < n
    }'
  clear_up
}

# Peers that pass on, one to the next: who listens is there before who sends.
relay() { # mib
  local host next cpu last
  rm -rf "${WORK:?}"/*
  head -c "$1M" /dev/urandom >"$WORK/blob"
  set_up $PEERS
  END_S=$((SECONDS + LIMIT_S))
  for host in $(seq $PEERS -1 1) origin; do
    next=$([[ $host == origin ]] && ip_of 1 || ([[ $host -lt $PEERS ]] && ip_of $((host + 1)) || true))
    mkdir -p "$WORK/$host"
    (cd "$WORK/$host" && exec setsid timeout $LIMIT_S ip netns exec "$(ns "$host")" perl -MIO::Socket::INET -e '
      my ($next, $from) = @ARGV;
      my ($in, $out, $listener);
      if ($from) { open $in, "<", $from or die } else {
        $listener = IO::Socket::INET->new(LocalPort => 7701, Listen => 1, ReuseAddr => 1) or die;
        open my $ready, ">", "ready" or die;
        $in = $listener->accept or die;
      }
      if ($next) { $out = IO::Socket::INET->new(PeerAddr => $next, PeerPort => 7701) or die }
      while (my $n = sysread $in, my $bytes, 65536) {
        for (my $at = 0; $out && $at < $n;) { $at += syswrite($out, $bytes, $n - $at, $at) // die }
      }
      close $out if $out;
      open my $done, ">", "done" or die;
      close $done;
      sleep 600' "$next" "$([[ $host == origin ]] && echo "$WORK/blob" || true)" >log 2>&1) &
    STARTED+=($!)
    disown
    if [[ $host == origin ]]; then BEGAN=$(now); else await "$WORK/$host/ready"; fi
  done
  await "$WORK/$PEERS/done"
  last=$(stat -c %.9Y "$WORK/$PEERS/done")
  cpu=$(cpu_s)
  awk -v mib="$1" -v took="$(awk "BEGIN { print $last - $BEGAN }")" -v cpu="$cpu" -v n=$PEERS 'BEGIN {
      printf "%-8s %4d MiB  last %6.2f s  cpu %4.1f %% of a core each\n", "relay", mib, took, 100 * cpu / took / (n + 1)
      printf "figure swarm_cpu_percent_relay %.1f %%\n", 100 * cpu / took / (n + 1) >>"/dev/fd/3"
    }'
  clear_up
}

cargo build --release -q -p manyhands-swarm --example swarm_host
exec 3>"$WORK.figures"
trap 'clear_up; rm -rf "$WORK" "$WORK.figures"' EXIT
for row in ${*:-relay plain dialout poison small delay}; do
  case $row in
    relay) relay 64 ;;
    plain) run plain 64 "" 0 0 ;;
    dialout) run dialout 64 "5 6 7 8" 0 0 ;;
    poison) run poison 64 "" 1 0 ;;
    small) run small 1 "" 0 0 ;;
    delay)
      if ip netns add $PREFIX-try && ip netns exec $PREFIX-try tc qdisc add dev lo root netem delay 1ms 2>/dev/null; then
        run delay 64 "" 0 40
      else
        echo "delay    left out: this system has no netem"
      fi
      clear_up ;;
    *) echo "no such row: $row; rows are relay, plain, dialout, poison, small and delay" >&2; exit 2 ;;
  esac
done
cat "$WORK.figures"
