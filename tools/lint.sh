#!/usr/bin/env bash
# tools/lint.sh - the part of docs/STYLE.md that a machine can hold, and that
# the documentation says what the program does.
#
# Each check is a function that prints its violations, one a line, as
# "file:line: what"; silence is a pass. Last line: "N passed, N failed".
# SINKLAB is the program to ask (default ./sinklab), CC the compiler, CPPFLAGS
# where it finds the libraries' headers.
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1
CC=${CC:-gcc}
SINKLAB=${SINKLAB:-./sinklab}
CPPFLAGS=${CPPFLAGS-$(pkg-config --cflags hdf5 openblas 2>/dev/null)}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sinklab-lint.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

mapfile -t sources < <(find src -name '*.c' | sort)
mapfile -t headers < <(find src tests -name '*.h' | sort)
mapfile -t code < <(find src tests tools -name '*.[ch]' | sort)
mapfile -t pages < <(find src/report/html -type f | sort)
mapfile -t scripts < <(find tools tests .ci -name '*.sh' -o -path .ci/run | sort)
mapfile -t configs < <(find configs experiments -name '*.ini' 2>/dev/null | sort)

check() { # description function arguments...
    local found
    found=$("${@:2}" 2>&1)
    if [ -z "$found" ]; then
        passed=$((passed + 1))
        echo "  ok      $1"
    else
        failed=$((failed + 1))
        echo "  FAILED  $1"
        printf '%s\n' "$found" | sed 's/^/            /'
    fi
}

skip() { # description reason
    echo "  skipped $1: $2"
}

# --- who may include whom ---------------------------------------------------

# A room (folder of src/) sees itself and those before it in this list; main.c
# sees cmd and base. KEEP WITH: docs/ARCHITECTURE.md, "Folders"
rooms=(base kern io data prepare
    nn nn/loss
    nn/attention/weights nn/attention/edits nn/attention nn/attention/heads
    nn/model nn/stages
    optim engine metric config run train sweep analysis exchange report verify cmd)
# shellcheck disable=SC2016 # awk's
includes_go_down() {
    find src -name '*.[ch]' -print0 | xargs -0 awk -v rooms="${rooms[*]}" '
        function room_of(path) {
            return match(path, /\/[^\/]*$/) ? substr(path, 1, RSTART - 1) : ""
        }
        BEGIN {
            n = split(rooms, list, " ")
            for (i = 1; i <= n; i++)
                rank[list[i]] = i
        }
        /^[ \t]*#[ \t]*include[ \t]*"/ {
            split($0, quoted, "\"")
            to = room_of(quoted[2]); from = room_of(substr(FILENAME, 5))
            place = FILENAME ":" FNR ": "
            if (!(to in rank))
                print place "want \"room/file.h\", got \"" quoted[2] "\""
            else if (from == "") {
                if (to != "cmd" && to != "base")
                    print place "main.c may include cmd and base only"
            } else if (!(from in rank))
                print place from " is not in the list of rooms"
            else if (rank[to] > rank[from])
                print place from " must not include " to
        }'
}

# A .c file and its header are one unit; no way over includes leads from a unit
# back to it. tsort names those of each circle.
# shellcheck disable=SC2016 # awk's
files_form_no_circle() {
    find src -name '*.[ch]' -print0 | xargs -0 awk '
        /^[ \t]*#[ \t]*include[ \t]*"/ {
            split($0, quoted, "\"")
            to = quoted[2]; from = substr(FILENAME, 5)
            sub(/\.[ch]$/, "", to); sub(/\.[ch]$/, "", from)
            if (to != from)
                print from, to
        }' | tsort 2>&1 >"$scratch/order" | awk '
        function tell() {
            if (circle != "")
                print "src: these include each other in a circle:" circle
            circle = ""
        }
        / contains a loop:$/ { tell(); next }
        { circle = circle " " $2 }
        END { tell() }'
    [ -s "$scratch/order" ] || echo "tsort gave no order"
}

one_home() { # header home
    grep -rnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]$1[>\"]" \
        src | grep -v "^src/$2:" | sed "s|\$|  belongs in src/$2|"
}

# HDF5's is a header that only the hdf files may see. Tests may include any:
# they read our files with the library itself.
third_party_has_one_home() {
    one_home 'hdf5\.h' io/hdf_library.h
    one_home 'hdf5_hl\.h' io/hdf_image_build.c
    one_home 'io/hdf_(library|image_read|image_build|record)\.h' 'io/hdf[a-z_]*\.c'
    one_home 'io/hdf_tree\.h' 'io/hdf[a-z_]*\.[ch]'
    one_home 'ini\.h' io/ini.c
    one_home 'jansson\.h' 'io/json[a-z_]*\.c'
    one_home 'cblas\.h' kern/gemm.c
    one_home 'dnnl\.h' kern/onednn.c
    one_home 'xxhash\.h' base/hash.c
    one_home 'mpi\.h' io/ranks_mpi.c
    one_home 'io/ranks_transport\.h' 'io/ranks[a-z_]*\.[ch]'
}

own_header_comes_first() {
    local c own first
    for c in "${sources[@]}"; do
        own=${c#src/}
        own=${own%.c}.h
        [ -f "src/$own" ] || continue
        first=$(grep -m 1 '^#' "$c")
        [ "$first" = "#include \"$own\"" ] || echo "$c: does not begin with #include \"$own\""
    done
}

# --- files ------------------------------------------------------------------

# SINKLAB_NAME_H or SINKLAB_MODULE_NAME_H; options.h, which stands once in each
# module, has the latter.
headers_have_guards() {
    local h name module guard lines directives
    for h in "${headers[@]}"; do
        name=${h##*/} module=${h%/*}
        name=${name%.h} module=${module##*/}
        name=${name^^} module=${module^^}
        name=${name//[.-]/_}
        mapfile -t lines <"$h"
        mapfile -t directives < <(grep '^#' "$h")
        guard=${directives[0]#\#ifndef }
        case $guard in
        "SINKLAB_${module}_${name}_H") ;;
        SINKLAB_OPTIONS_H) echo "$h: guard $guard does not name the module" ;;
        "SINKLAB_${name}_H") ;;
        *) echo "$h: guard is not SINKLAB_${name}_H" ;;
        esac
        [ "${directives[1]}" = "#define $guard" ] ||
            echo "$h: no #define follows the #ifndef"
        [ "${lines[${#lines[@]} - 1]}" = '#endif' ] || echo "$h: last line is not #endif"
    done
}

# Of one that comes first in its own .c the build shows it.
headers_compile_alone() {
    local h flags
    read -r -a flags <<<"$CPPFLAGS"
    for h in "${headers[@]}"; do
        [[ $h == src/* && -f ${h%.h}.c ]] && continue
        "$CC" -std=c11 -fopenmp -D_GNU_SOURCE "${flags[@]}" -Isrc -Itests -Wall -Wextra -Werror \
            -fsyntax-only -x c - <<<"#include \"$PWD/$h\"" 2>&1 | head -n 3
    done
}

# A command and what it does share a name: cmd/train.c reads the command line of
# train/train.c.
basenames_are_unique() {
    find src -name '*.[ch]' ! -name 'options.[ch]' ! -path 'src/cmd/*' |
        sed 's|.*/||' | sort | uniq -d | sed 's/$/: more than one file of this name/'
}

# --- lines ------------------------------------------------------------------

# 80 columns; 100 where the line holds a string, which is better left whole.
lines_are_short() {
    awk 'length > (/"/ ? 100 : 80) {
        print FILENAME ":" FNR ": " length " columns" }' "${code[@]}"
}

no_blanks_at_ends() {
    grep -nHE '[[:space:]]$' "${code[@]}" "${scripts[@]}" "${configs[@]}" \
        "${pages[@]}" Makefile
}

no_tabs() {
    grep -nHF $'\t' "${code[@]}" "${scripts[@]}" "${configs[@]}" "${pages[@]}"
}

no_open_ends() {
    grep -nHwE 'TODO|FIXME|XXX' "${code[@]}" "${scripts[@]}" "${configs[@]}" \
        Makefile | grep -v '^tools/lint.sh:'
}

# Only main.c ends the program; bug_abort in err.c is for our own mistakes, and
# a forked child that cannot become its program, the handler of a signal, or a
# product in the middle of a pass has no other way out.
only_main_exits() {
    grep -nE '\b(_?exit|_Exit|quick_exit|abort)[[:space:]]*\(' "${sources[@]}" |
        grep -vE '^src/main\.c:|^src/base/err\.c:.*abort|^src/(io/(jobs|child|mapping)|kern/(library|onednn))\.c:.*_exit'
}

# docs/STYLE.md: tests wait for events. Two helpers look again and again.
tests_do_not_sleep() {
    grep -rnE '(^|[^[:alnum:]_/{])(u|nano)?sleep([[:space:]]+["$0-9.]|[[:space:]]*\()' tests |
        grep -vE '^tests/(await\.sh|harness\.c):'
}

clang_format_agrees() {
    "$formatter" --dry-run "${code[@]}" 2>&1 |
        sed -n 's/:.*: warning:.*/: make format would change it/p' |
        grep -v '^ ' | sort -u
}

# The scripts of the page of `compare --report`, which are compiled in unseen.
page_is_javascript() {
    local script
    for script in src/report/html/*.js; do
        node --check "$script" 2>&1 | head -n 4
    done
}

# --- the documents are true -------------------------------------------------

page_is_current() { # topic
    local page=docs/${1^^}.md
    if "$SINKLAB" help "$1" >"$scratch/page.md" 2>"$scratch/err"; then
        diff "$scratch/page.md" "$page" >"$scratch/diff" && return
        echo "$page: not what $SINKLAB help $1 prints; make docs"
        head -n 6 "$scratch/diff"
    else
        echo "$SINKLAB help $1: $(cat "$scratch/err")"
    fi
}

# Every line that the model of many machines prints.
scaling_is_current() {
    tools/scaling.py --sinklab "$SINKLAB" >"$scratch/scaling" 2>"$scratch/err" || {
        echo "tools/scaling.py: $(tail -n 1 "$scratch/err")"
        return
    }
    grep -vFx '' "$scratch/scaling" | grep -vFxf docs/SCALING.md |
        sed 's|^|docs/SCALING.md lacks: |' | head -n 4
}

# [text](target) outside of code blocks; the target without its #part exists.
# shellcheck disable=SC2016 # awk's
links_lead_somewhere() {
    local page target
    while IFS=: read -r page target; do
        [ -e "$(dirname "$page")/$target" ] || echo "$page: no file $target"
    done < <(find . '(' -path ./build -o -path ./runs -o -path ./.git ')' \
        -prune -o -name '*.md' -print0 | sed -z 's|^\./||' | xargs -0 awk '
        FNR == 1 { fenced = 0 }
        /^ *```/ { fenced = !fenced; next }
        fenced { next }
        {
            gsub(/`[^`]*`/, "")
            while (match($0, /\]\([^) ]+/)) {
                target = substr($0, RSTART + 2, RLENGTH - 2)
                $0 = substr($0, RSTART + RLENGTH)
                sub(/#.*/, "", target)
                if (target != "" && target !~ /^[a-z]+:/)
                    print FILENAME ":" target
            }
        }')
}

# [data] source of a config, or of what it includes.
source_of() {
    local ini=$1 source=
    while [ "$ini" ]; do
        source=$(sed -n 's/^source = \([a-z]*\).*/\1/p' "$ini")
        [ "$source" ] && echo "$source" && return
        ini=$(sed -n "s|^include = |${ini%/*}/|p" "$ini")
    done
}

# data.path for those that read a text, or tokens, of the user's.
configs_load() {
    local ini path
    truncate -s 128M "$scratch/tokens.bin"
    for ini in configs/*.ini; do
        path=()
        case $(source_of "$ini") in
        text) path=(data.path=Makefile) ;;
        tokens) path=(data.path="$scratch/tokens.bin" data.token_bytes=2) ;;
        esac
        "$SINKLAB" train "$ini" --dry-run --rate 1000 "${path[@]}" \
            run.dir="$scratch/run" >/dev/null 2>"$scratch/err" </dev/null ||
            echo "$ini: $(cat "$scratch/err")"
        [ -e "$scratch/run" ] && echo "$ini: --dry-run made the run folder"
    done
}

# docs/RELIABILITY.md: tests by name, files, targets of make.
named_tests_exist() {
    local page=docs/RELIABILITY.md name
    while read -r name; do
        case $name in
        test_*__*) grep -qrE "static void $name\\(" tests ;;
        tests/* | tools/*) [ -e "$name" ] ;;
        make\ *) grep -q "^${name#make }:" Makefile ;;
        esac || echo "$page: there is no $name"
    done < <(grep -oE '`(test_[a-z0-9_]+__[a-z0-9_]+|(tests|tools)/[^` ]+|make [a-z-]+)`' \
        "$page" | tr -d '`' | sort -u)
}

# C files and headers that code, comments and documents name are there, by their
# path or by the end of it. Members of structs (one letter), patterns and what
# is not ours are passed over; docs/EXTENDING.md names files that are to be made.
# shellcheck disable=SC2016 # awk's
named_files_exist() {
    local others='xxhash.h cblas.h dnnl.h hdf5.h cmocka.h ini.h jansson.h omp.h mpi.h family_name.c room/file.h'
    others+=' llm.c karpathy/llm.c' # a project
    find src tests tools -name '*.[ch]' >"$scratch/files"
    find src tests tools docs README.md -name '*.[ch]' -o -name '*.sh' -o -name '*.py' \
        -o -name '*.md' ! -name EXTENDING.md | sort |
        xargs awk -v list="$scratch/files" -v others="$others" '
        BEGIN {
            split(others, other, " ")
            for (i in other)
                known[other[i]]
            while ((getline path < list) > 0) {
                known[path]
                while (sub(/^[^\/]*\//, "", path))
                    known[path]
            }
        }
        /^[ \t]*#[ \t]*include[ \t]*</ { next }
        {
            while (match($0, /[A-Za-z0-9_.\/-]*[A-Za-z0-9_]\.[ch]([^A-Za-z0-9_.(]|$)/)) {
                name = substr($0, RSTART, RLENGTH)
                $0 = substr($0, RSTART + RLENGTH)
                sub(/[^A-Za-z0-9_]$/, "", name)
                sub(/^(\.\.?\/)+/, "", name)
                if (name !~ /^.\.|[A-Z]/ && !(name in known))
                    print FILENAME ":" FNR ": there is no file " name
            }
        }'
}

# results/claims.csv is what the program says of the tables beside it; the page is
# held against that by tools/pages.py.
figures_are_current() {
    local folder status=0
    for folder in experiments/*/; do
        [ ! -e "$folder/results/settings.csv" ] ||
            SINKLAB=$SINKLAB tools/figures.sh --check "$folder" || status=1
    done
    if command -v python3 >/dev/null; then
        tools/softmax_figure.py "$scratch/softmax.svg"
        tools/figures.sh --alike "$scratch/softmax.svg" experiments/softmax.svg ||
            echo "experiments/softmax.svg: not what the tables give: tools/softmax_figure.py draws it"
    fi
    return $status
}

claims_are_current() {
    local folder
    for folder in experiments/*/; do
        SINKLAB=$SINKLAB tools/claims.sh "${folder%/}" "$scratch/claims.csv" 2>&1
        if [ -e "$scratch/claims.csv" ] || [ -e "${folder}results/claims.csv" ]; then
            diff -N "$scratch/claims.csv" "${folder}results/claims.csv" >"$scratch/diff" ||
                echo "${folder}results/claims.csv: not what the tables beside it give: tools/claims.sh ${folder%/} ${folder}results/claims.csv"
        fi
        rm -f "$scratch/claims.csv"
    done
}

check "includes go downwards" includes_go_down
check "files form no circle" files_form_no_circle
check "a third-party header has one home" third_party_has_one_home
check "a header comes first in its own .c" own_header_comes_first
check "headers have their guard" headers_have_guards
check "headers compile alone" headers_compile_alone
check "basenames are unique" basenames_are_unique
check "lines have at most 80 columns" lines_are_short
check "no blanks at ends of lines" no_blanks_at_ends
check "no tabs" no_tabs
check "nothing left to do" no_open_ends
check "only main.c exits" only_main_exits
check "tests do not sleep" tests_do_not_sleep
# The layout differs between versions; 14 is what the code is laid out with.
formatter=$(command -v clang-format-14 || command -v clang-format)
if [ -n "$formatter" ] && "$formatter" --version | grep -q 'version 14\.'; then
    check "layout is clang-format's" clang_format_agrees
else
    skip "layout is clang-format's" "clang-format 14 is not installed"
fi
if command -v node >/dev/null; then
    check "scripts of the page are JavaScript" page_is_javascript
else
    skip "scripts of the page are JavaScript" "node is not installed"
fi
check "docs/CONFIG.md is current" page_is_current config
check "docs/ATTENTION.md is current" page_is_current attention
check "links in the documents lead somewhere" links_lead_somewhere
check "every file in configs/ loads" configs_load
# docs/EXTENDING.md, done to a copy, leaves results as they are: this has been asked
is_copy=${EXTENDED-}
[ -n "$is_copy" ] || check "verdicts on claims are those of the tables" claims_are_current
if [ -z "$is_copy" ] && command -v gnuplot >/dev/null; then
    check "figures of experiments are those of the tables" figures_are_current
fi
if [ -n "$is_copy" ]; then
    :
elif command -v python3 >/dev/null; then
    check "experiments say what their results say" tools/pages.py --check
    check "docs/SCALING.md has the tables of tools/scaling.py" scaling_is_current
    check "docs/EXTENDING.md fits the tree" tools/extending.py --check
else
    skip "experiments say what their results say" "python3 is not installed"
    skip "docs/SCALING.md has the tables of tools/scaling.py" "python3 is not installed"
    skip "docs/EXTENDING.md fits the tree" "python3 is not installed"
fi
check "tests that RELIABILITY.md names exist" named_tests_exist
check "files that code and documents name exist" named_files_exist

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
