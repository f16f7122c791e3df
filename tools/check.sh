#!/usr/bin/env bash
# tools/check.sh MAKE FOLDER - all checks, one after the other but for two that
# go on beside the others (`make check`).
#
# MAKE is the command to run make with, FOLDER where objects go. Each part ends
# with "N passed, N failed"; a part that does not, or fails without a count, is
# one failure. The last line adds them up.
set -u
read -r -a make <<<"$1"
# Lines are all that a report of a failure tells of the sources, and writing down
# the rest is a sixth of compiling
make+=("WERROR=1" "DEBUG_INFO=-g1")
folder=$2
passed=0 failed=0 summary=
log=$(mktemp "${TMPDIR:-/tmp}/sinklab-check.XXXXXX") || exit 1
# Those that wait, for processes that they have started or for a disk, leave
# processors to two more
export TEST_JOBS=${TEST_JOBS:-$(($(nproc 2>/dev/null || echo 2) + 2))}
now='' beside=() beside_names=()
end_all() {
    local pid
    for pid in $now ${beside[@]+"${beside[@]}"}; do
        kill -- -"$pid" 2>/dev/null && wait "$pid"
    done
    rm -rf "$log"* ${memory:+"$memory"}
}
trap end_all EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# A disk that is told to keep each file takes longer than all else that most tests
# do. Where this machine has a file system in memory, with room for far more than
# they leave at a time, the two largest parts are there; the others stay on the disk.
in_memory=() memory=
if [ -z "${TMPDIR-}" ] && [ -d /dev/shm ] &&
    [ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -ge 4194304 ] &&
    memory=$(mktemp -d /dev/shm/sinklab-check.XXXXXX); then
    in_memory=("TMPDIR=$memory")
fi

# Each is a process group of its own, which ends with us, whoever is told to end.
begin() { # command...
    set -m
    "$@" </dev/null &
    set +m
}
part() { # name command...
    local name=$1 status=0
    shift
    echo "== $name"
    begin shown "$@"
    now=$!
    wait "$now" || status=$?
    now=
    add "$name" "$status" "$log"
}
shown() {
    timed "$log" "$@" 2>&1 | tee "$log"
    exit "${PIPESTATUS[0]}"
}

begin_beside() { # name command...
    beside_names+=("$1")
    shift
    begin hidden "$log.beside${#beside[@]}" "$@"
    beside+=($!)
}
hidden() { # log command...
    timed "$@" >"$1" 2>&1
}
end_beside() {
    local i status
    for ((i = 0; i < ${#beside_names[@]}; i++)); do
        status=0
        wait "${beside[i]}" || status=$?
        echo "== ${beside_names[i]}"
        cat "$log.beside$i"
        add "${beside_names[i]}" "$status" "$log.beside$i"
    done
    beside=()
}

# To be called in a process of its own: LOG.s gets the seconds that the command
# took, and those of processors.
timed() { # log command...
    local log=$1 status start=$SECONDS
    shift
    "$@"
    status=$?
    awk -v s=$((SECONDS - start)) '{ print s, int(($16 + $17) / '"$(getconf CLK_TCK)"') }' \
        "/proc/$BASHPID/stat" >"$log.s" 2>/dev/null || echo "$((SECONDS - start)) 0" >"$log.s"
    return $status
}

add() { # name status log
    local p f last seconds cpu_s
    last=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$3" | tail -n 1)
    read -r p _ f _ <<<"${last:-0 passed, 0 failed}"
    read -r seconds cpu_s <"$3.s"
    [ "$2" -ne 0 ] && [ "$f" -eq 0 ] && f=1
    passed=$((passed + p))
    failed=$((failed + f))
    summary+=$(printf '  %-40s %5d passed %4d failed %5d s %6d s of processors' \
        "$1" "$p" "$f" "$seconds" "$cpu_s")
    summary+=$'\n'
}

# A build that must come out without a warning: one passed or one failed.
build() { # make arguments
    if "${make[@]}" "$@"; then
        echo "1 passed, 0 failed"
    else
        echo "0 passed, 1 failed"
        return 1
    fi
}

part "build, gcc" build B="$folder" all tests
CONFIG_WHEN=pairs FAULTS_FORM=--half \
    part "tests" env ${in_memory[@]+"${in_memory[@]}"} "${make[@]}" B="$folder" test-all
part "gradients in double" "${make[@]}" B="$folder" double
# Most of the time one process at a time: it takes what the others leave
if command -v python3 >/dev/null; then
    begin_beside "docs/EXTENDING.md, done" "${make[@]}" B="$folder" extending
else
    echo "== python3 is not installed: docs/EXTENDING.md is not tried"
fi

# Can this processor run what is built for x86-64-v2, -v3, -v4?
can_run() { # level
    local flag flags
    flags=" $(grep -m 1 '^flags' /proc/cpuinfo) "
    for flag in $(sed -n "s/^$1: //p" <<<"$level_flags"); do
        case $flags in *" $flag "*) ;; *) return 1 ;; esac
    done
}
level_flags='v2: cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3
v3: cx16 popcnt sse4_2 avx avx2 bmi1 bmi2 f16c fma abm movbe
v4: avx2 bmi2 fma avx512f avx512bw avx512cd avx512dq avx512vl'

# Unit tests of what computes: of those that include such a header, or one of
# the tests' own models, and none of the rooms beyond. The others are the same
# with every set of instructions; they have run with gcc for this processor, and
# do with clang.
rooms='base kern io data nn optim engine metric config prepare run train analysis'
read -r -d '' -a computing_tests < <(
    grep -lE '"((kern|data|nn|optim|engine|metric|train|analysis)/|[a-z_]*(tiny|case|cases|chained|strided|model)\.h")' \
        tests/test_*.c | xargs grep -LE '"((sweep|exchange|report|verify|cmd)/|sweep_case)' |
        grep -v test_grad_)

# All unit tests under the sanitizers. Where clang has them this is also the build
# by a second compiler, and for v2, the least processor: one build of everything
# instead of two. Elsewhere the compiler at hand does it.
sanitizers() { # name, and what make gets
    local name=$1
    shift
    part "sanitizers, $name" env ${in_memory[@]+"${in_memory[@]}"} \
        "${make[@]}" B="$folder" FORM=short "$@" asan
}
has_clang_sanitizers() {
    local program=$folder-probe status
    echo 'int main(void) { return 0; }' |
        clang -fsanitize=address,undefined -x c - -o "$program" 2>/dev/null
    status=$?
    rm -f "$program"
    return $status
}

# Build for a level, run its unit tests if that can be; if not, compile what has
# loops over numbers. -O2 and no debug information: these builds are many and
# never debugged. What the long form of a test has more than the short one is
# the same with every set of instructions.
for_level() { # name compiler level [more of make] tests: their files, or all
    local name="$2, $3$1" folder=$folder-$2-$3 level=$3 goals="all tests"
    set -- CC="$2" MARCH="x86-64-$3" OPT=-O2 DEBUG_INFO=-g0 B="$folder" FORM=short "${@:4}"
    if [ "${!#}" = all ]; then
        set -- "${@:1:$#-1}"
    else
        goals=tests
        set -- "${@:1:$#-1}" ROOMS="$rooms" TESTS="${!#}"
    fi
    if can_run "$level"; then
        # shellcheck disable=SC2086 # words
        part "build, $name" build "$@" $goals
        part "unit tests, $name" "${make[@]}" "$@" unit
    else
        echo "== this processor is no x86-64-$level: what computes is only compiled"
        part "kernels, $name" build "$@" kernels
    fi
}
of_clang_v2=all
if [ "$(uname -m)" = x86_64 ] && has_clang_sanitizers && can_run v2; then
    sanitizers "clang, v2" CC=clang MARCH=x86-64-v2
    of_clang_v2=
else
    sanitizers gcc
fi
# Mostly one process at a time, too
begin_beside "lint" "${make[@]}" B="$folder" lint
# The first build, where it is gcc's and for this very processor, stands for the
# highest level that this processor can: its instructions, and all tests.
of_first=
if grep -qs '^gcc .* -march=native ' "$folder/flags"; then
    for level in v3 v4; do
        can_run $level && of_first=gcc-$level
    done
fi
if [ "$(uname -m)" = x86_64 ]; then
    for cc in gcc clang; do
        if command -v $cc >/dev/null; then
            for level in v2 v3 v4; do
                if [ $cc-$level = clang-v2 ]; then
                    [ -z "$of_clang_v2" ] || for_level "" $cc $level all
                elif [ $cc-$level = "$of_first" ]; then
                    echo "== $cc, $level: the first build, for this processor, has shown it"
                else
                    for_level "" $cc $level "${computing_tests[*]}"
                fi
            done
        else
            echo "== $cc is not installed: its builds are skipped"
        fi
    done
    # Attention's panels as wide as levels above this processor have them, in the
    # folder of v2: only what knows of panels is compiled again
    read -r -d '' -a panel_tests < <(
        printf '%s\n' "${computing_tests[@]}" |
            xargs grep -lE '"(kern/(small|gemm_own)|nn/(attention|model|head|stage))')
    for panel in v3:64 v4:128; do
        can_run "${panel%:*}" || for_level ", ${panel#*:} bytes a panel" gcc v2 \
            PANEL="${panel#*:}" "${panel_tests[*]}"
    done
elif command -v clang >/dev/null; then
    part "build, clang" build CC=clang B="$folder-clang" all tests
    part "unit tests, clang" "${make[@]}" CC=clang B="$folder-clang" unit
fi
end_beside

echo
echo "== total"
printf '%s' "$summary"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
