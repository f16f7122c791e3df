#!/usr/bin/env bash
# tests/slurm/cluster.sh start|stop FOLDER - a Slurm of one node, this machine.
#
# For tests/system/slurm.sh and for trying things out. All it writes lies in
# FOLDER; `. FOLDER/environment` then makes sbatch, squeue and scontrol talk to
# it. Needs root, slurmctld, slurmd and munged (apt-get install slurm-wlm
# munge); says in one sentence what is missing and ends with status 77.
#
#   SLURM_TEST_CPUS=4   processors the node claims to have
set -u
# shellcheck source=tests/await.sh
. "$(dirname "$0")/../await.sh"
cpus=${SLURM_TEST_CPUS:-4}

skip() {
    echo "$*"
    exit 77
}

check_tools() {
    local tool
    [ "$(id -u)" = 0 ] || skip "starting a Slurm of one's own takes root"
    for tool in munged slurmctld slurmd sbatch squeue scontrol srun; do
        command -v "$tool" >/dev/null ||
            skip "$tool is not installed (apt-get install slurm-wlm munge)"
    done
}

free_port() { # from
    local port=$1
    while (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null; do
        port=$((port + 1))
    done
    echo "$port"
}

# No control groups, which containers lack; short patience, since all is local.
write_conf() { # folder
    local host ctld_port slurmd_port
    host=$(hostname -s)
    ctld_port=$(free_port $((20000 + RANDOM % 10000)))
    slurmd_port=$(free_port $((ctld_port + 1)))
    mkdir -p "$1"/{state,spool,munge}
    cat >"$1/slurm.conf" <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$ctld_port
SlurmdPort=$slurmd_port
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$1/munge/socket
StateSaveLocation=$1/state
SlurmdSpoolDir=$1/spool
SlurmctldPidFile=$1/slurmctld.pid
SlurmdPidFile=$1/slurmd.pid
SlurmctldLogFile=$1/slurmctld.log
SlurmdLogFile=$1/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,batch_sched_delay=1
SlurmdParameters=config_overrides
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
MpiDefault=none
ReturnToService=2
KillWait=5
MessageTimeout=10
InactiveLimit=0
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=4000 State=UNKNOWN
PartitionName=low Nodes=$host Default=YES MaxTime=60 State=UP PriorityTier=1 GraceTime=10
PartitionName=high Nodes=$host MaxTime=60 State=UP PriorityTier=9 PreemptMode=OFF
END
    cat >"$1/environment" <<END
export SLURM_CONF=$1/slurm.conf
END
}

start_munge() { # folder
    head -c 1024 /dev/urandom >"$1/munge/key"
    chmod 600 "$1/munge/key"
    munged --force --key-file="$1/munge/key" --socket="$1/munge/socket" \
        --pid-file="$1/munge/pid" --log-file="$1/munge/log" \
        --seed-file="$1/munge/seed" --num-threads=2
}

# Until the node is idle.
is_idle() {
    sinfo -h -o %T | grep -q '^idle'
}
wait_ready() {
    AWAIT_S=30 await is_idle && return
    echo "Slurm did not come up"
    return 1
}

start() { # folder
    check_tools
    mkdir -p "$1" || exit 1
    write_conf "$1"
    # shellcheck disable=SC1091
    . "$1/environment"
    if ! start_munge "$1" || ! slurmctld -c || ! slurmd -c || ! wait_ready; then
        tail -n 5 "$1"/*.log "$1/munge/log" 2>/dev/null
        stop "$1"
        skip "this machine cannot run a Slurm of its own"
    fi
}

has_ended() { # process
    ! kill -0 "$1"
}

end_process() { # file with its id
    local id
    id=$(cat "$1" 2>/dev/null) || return 0
    kill "$id" 2>/dev/null
    AWAIT_S=10 await has_ended "$id" || kill -KILL "$id" 2>/dev/null
    return 0
}

stop() { # folder
    # shellcheck disable=SC1091
    . "$1/environment"
    scancel --full --user=root --quiet 2>/dev/null
    for file in slurmctld.pid slurmd.pid munge/pid; do
        end_process "$1/$file"
    done
}

case ${1-} in
start | stop)
    [ $# -eq 2 ] || exit 2
    mkdir -p "$2" && "$1" "$(cd "$2" && pwd)" ;;
*)
    echo "usage: tests/slurm/cluster.sh start|stop FOLDER" >&2
    exit 2 ;;
esac
