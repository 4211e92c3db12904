#!/bin/sh
# What htcondor.sub starts: the worker in the place of this shell, so that it gets HTCondor's signals itself. Its
# folder is in the job's scratch, which is gone afterwards.
# The invite is no argument: those are seen by everybody on the machine.
MANYHANDS_INVITE=$(cat manyhands.invite)
export MANYHANDS_INVITE
exec ./manyhands worker --yes \
    --data "${_CONDOR_SCRATCH_DIR:?no job of HTCondor}/worker" --slots auto --until-idle 10m --grace 25s
