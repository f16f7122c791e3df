#!/bin/sh
# tools/deps.sh - see that what sinklab is built from is here, or get it.
#
# Says nothing and costs a few milliseconds when all is there. What is missing
# is installed with apt where that is possible without a question (as root, or
# sudo without a password); elsewhere the lines to type are printed and the
# status is 1. `tools/deps.sh --check` also wants what only `make check` uses;
# that part is optional: without it, its checks are skipped.
# So is oneDNN, which the program is built with where its header is found.
# Models made elsewhere have more that is optional, all of Python's own packages:
# `tokenizers` for tools/model_tokens.py; torch, transformers and safetensors for
# tools/parity/models.py (pip install ...). No row asks for these.
# `tools/deps.sh --slurm` wants a Slurm, for tests/system/slurm.sh alone;
# `tools/deps.sh --mpi` an MPI, for `make MPI=1` and tests/system/mpi.sh.
#
# One row a package: kind, what to look for (a program, or the pkg-config name
# and header of a library), its package on Debian, Fedora, Arch and Homebrew
# ("-": comes with another row or the system), and what it is for.
set -u

# shellcheck disable=SC2317 # called by name
rows() {
    cat <<'END'
program cc         - gcc gcc gcc gcc | gcc: compiles C11 with OpenMP
program make       - make make make make | make: builds
program pkg-config - pkg-config pkgconf-pkg-config pkgconf pkgconf | pkg-config: finds the libraries
blas    openblas   cblas.h libopenblas-pthread-dev openblas-devel openblas openblas | OpenBLAS: matrix products
library hdf5       hdf5.h libhdf5-dev hdf5-devel hdf5 hdf5 | HDF5: checkpoints and analysis files
library inih       ini.h libinih-dev inih-devel libinih inih | inih: reads INI files
library libxxhash  xxhash.h libxxhash-dev xxhash-devel xxhash xxhash | xxHash: hashes of tensors and configs
library jansson    jansson.h libjansson-dev jansson-devel jansson jansson | jansson: writes JSON
library cmocka     cmocka.h libcmocka-dev libcmocka-devel cmocka cmocka | cmocka: unit tests
program gnuplot    - gnuplot-nox gnuplot-minimal gnuplot gnuplot | gnuplot: figures
charts  chart.js   - libjs-chart.js - - - | Chart.js: curves on the page of compare --report
program h5dump     - hdf5-tools hdf5 hdf5 hdf5 | h5dump: tests read our files with it
END
}

# shellcheck disable=SC2317
extra_rows() {
    cat <<'END'
program clang        - clang clang clang - | clang: a second compiler's warnings
program clang-format - clang-format clang-tools-extra - clang-format | clang-format: layout of the source
program python3      - python3 python3 python python3 | Python: holds the pages of experiments/ against their results
program chromium     - chromium chromium chromium chromium | Chromium: uses the page of compare --report as a reader does
library dnnl         dnnl.h libdnnl-dev onednn-devel onednn onednn | oneDNN: train.products = onednn, and bfloat16 at full speed
mpi     mpi          - libopenmpi-dev openmpi-devel openmpi open-mpi | MPI: one run on many processes (make MPI=1)
program mpirun       - openmpi-bin openmpi openmpi open-mpi | mpirun: starts them
program spm_train    - sentencepiece sentencepiece-tools - sentencepiece | SentencePiece: tests of data prepare with sub-words
openmp  clang        - libomp-dev libomp-devel openmp - | libomp: OpenMP for clang
END
}

# shellcheck disable=SC2317
mpi_rows() {
    extra_rows | grep -E '^(mpi|program mpirun) '
}

# shellcheck disable=SC2317
slurm_rows() {
    cat <<'END'
program slurmctld - slurm-wlm slurm slurm-llnl - | Slurm: tests of sweep --slurm
program slurmd    - slurm-wlm slurm-slurmd slurm-llnl - | Slurm: tests of sweep --slurm
program munged    - munge munge munge - | MUNGE: Slurm's identities
END
}

have() { # kind name header
    case $1 in
    program)
        if [ "$2" = cc ]; then
            command -v gcc || command -v clang || command -v cc
        else
            command -v "$2"
        fi ;;
    blas) # Debian has three flavours; the Makefile says why it is this one
        if [ -e /etc/debian_version ]; then
            ls /usr/lib/*/openblas-pthread/libopenblas.so
        else
            have library "$2" "$3"
        fi ;;
    library)
        pkg-config --exists "$2" ||
            echo "#include <$3>" | "${CC:-cc}" -E -x c - ;;
    mpi) # any of those that the Makefile asks for
        pkg-config --exists mpi-c || pkg-config --exists ompi-c ||
            pkg-config --exists mpich || pkg-config --exists mpi ;;
    charts) # Debian packages it, others do not: there CHART_JS names a copy
        [ ! -e /etc/debian_version ] ||
            ls /usr/share/javascript/chart.js/chart.min.js ||
            ls /usr/share/nodejs/chart.js/dist/chart.min.js ;;
    openmp)
        echo '#include <omp.h>' | clang -fopenmp -fsyntax-only -x c - ;;
    esac >/dev/null 2>&1
}

add() { # list word
    case "$1 $2 " in
    *" - " | *" $2 "*" $2 ") echo "$1" ;;
    *) echo "$1 $2" ;;
    esac
}

# Sets missing_debian, missing_fedora, missing_arch, missing_brew, reasons.
look() { # rows on stdin
    missing_debian='' missing_fedora='' missing_arch='' missing_brew=''
    reasons=''
    while read -r kind name header debian fedora arch brew _ why; do
        have "$kind" "$name" "$header" && continue
        missing_debian=$(add "$missing_debian" "$debian")
        missing_fedora=$(add "$missing_fedora" "$fedora")
        missing_arch=$(add "$missing_arch" "$arch")
        missing_brew=$(add "$missing_brew" "$brew")
        reasons="$reasons
  $why"
    done
}

look_at() { # rows, extra_rows, mpi_rows or slurm_rows
    found=$("$1") && look <<END
$found
END
}

apt() {
    $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o DPkg::Lock::Timeout=120 "$@" >&2
}

install_with_apt() { # packages
    command -v apt-get >/dev/null 2>&1 || return 1
    sudo=''
    if [ "$(id -u)" != 0 ]; then
        sudo -n true >/dev/null 2>&1 || return 1
        sudo="sudo -n"
    fi
    echo "deps: installing $*" >&2
    for try in 1 2; do
        apt update || echo "deps: cannot refresh the list of packages" >&2
        apt install -y --no-install-recommends "$@" && return 0
        [ "$try" = 1 ] && sleep 3
    done
    return 1
}

print_lines() {
    echo "deps: missing:$reasons"
    echo "deps: install with the line of your system:"
    echo "  Debian, Ubuntu: sudo apt-get install$missing_debian"
    echo "  Fedora:         sudo dnf install$missing_fedora"
    echo "  Arch:           sudo pacman -S --needed$missing_arch"
    echo "  macOS:          brew install$missing_brew"
} >&2

ensure() { # rows, extra_rows, mpi_rows or slurm_rows
    look_at "$1"
    [ -z "$reasons" ] && return 0
    # shellcheck disable=SC2086 # a list of words
    [ -n "$missing_debian" ] && install_with_apt $missing_debian
    look_at "$1"
    [ -z "$reasons" ] && return 0
    print_lines
    return 1
}

case ${1-} in
'' | --check) ;;
--slurm)
    ensure slurm_rows
    exit ;;
--mpi)
    ensure mpi_rows
    exit ;;
*)
    echo "usage: tools/deps.sh [--check | --mpi | --slurm]" >&2
    exit 2 ;;
esac

ensure rows || exit 1
if [ "${1-}" = --check ] && ! ensure extra_rows; then
    echo "deps: going on without; make check skips what needs them" >&2
fi
exit 0
