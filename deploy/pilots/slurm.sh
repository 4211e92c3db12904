#!/bin/bash
# A worker as a job of Slurm: it computes on what the job was given, and ends when there has been no work for ten
# minutes, or when Slurm wants the node back; units that it has not finished go on elsewhere from their
# checkpoints.
#
#   (umask 077; manyhands invite --data grid --role worker --uses 1000 > ~/manyhands.invite)
#   sbatch --array=1-100 slurm.sh
#
# With `invite --volunteer NAME` all of them count as one volunteer, and confirm nothing to each other.
# `--slots auto` takes SLURM_CPUS_PER_TASK cores, and programs half of the job's memory. Who submits this lends the
# cores, hence --yes.
#SBATCH --job-name=manyhands
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=08:00:00
#SBATCH --requeue
# Where the site has a queue whose jobs may be taken away, that is the one:
##SBATCH --partition=preempt
# SIGTERM a minute before the time is over, and to this script, which hands it on.
#SBATCH --signal=B:TERM@60
#SBATCH --output=manyhands-%A-%a.log
set -euo pipefail

# Not an argument: those are seen by everybody on the node.
MANYHANDS_INVITE=${MANYHANDS_INVITE:-$(< "$HOME/manyhands.invite")}
export MANYHANDS_INVITE
# Of this job alone; it may be gone afterwards. A folder that stays, one to a node, keeps the host's standing and its
# cache: then no two jobs may run on one node.
data=$(mktemp -d "${SLURM_TMPDIR:-${TMPDIR:-/tmp}}/manyhands.XXXXXX")
trap 'rm -rf "$data"' EXIT

# Slurm's signal drains the worker; a second one ends it.
signals=0
worker=
trap 'signals=$((signals + 1)); [[ -z $worker ]] || kill -TERM "$worker"' TERM
manyhands worker --yes --data "$data" --slots auto --until-idle 10m --grace 25s &
worker=$!
((signals == 0)) || kill -TERM "$worker"
while :; do
    heard=$signals
    wait "$worker" && code=0 || code=$?
    # A signal ends the wait, but not yet the worker.
    ((signals > heard)) || exit "$code"
done
