#!/usr/bin/env bash
# What `make install` puts beside the program: the page of man, and what shells
# complete.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1

skip() { # WHAT WHY
    n_checks=$((n_checks + 1))
    echo "ok $n_checks - $1 # SKIP $2"
}
for page in man bash zsh fish; do
    check "there is a page $page" "$SINKLAB" help $page
    cp "$T/out" $page
done

# --- the page of man ---------------------------------------------------------

names_all() { # of the list of commands
    for command in $("$SINKLAB" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
        grep -q "^\\.SS sinklab $command\$" man || return 1
        grep -q "$command" bash && grep -q "'$command:" zsh && grep -q -- "-a $command -d" fish || return 1
    done
}
check "all pages name all commands" names_all
has_options() { # COMMAND
    local n=0
    for option in $("$SINKLAB" help $1 | grep -o '^  \(-[a-z], \)\?--[a-z-]*' | grep -o -- '--[a-z-]*'); do
        [ "$option" = --help ] || grep -qF -- "\\-\\-$(sed 's/^--//;s/-/\\-/g' <<<"$option")" man || return 1
        n=$((n + 1))
    done
    [ $n -gt 3 ]
}
check "and options of a command" has_options compare
if command -v mandoc >/dev/null; then
    check_not "mandoc finds nothing to warn of but a missing date" bash -c \
        'mandoc -Tlint -W warning man | grep -v "missing date"'
elif command -v groff >/dev/null; then
    check "groff sets it without a word" bash -c '[ -z "$(groff -man -Tutf8 -ww man 2>&1 >/dev/null)" ]'
else
    skip "man sets it" "neither mandoc nor groff is installed"
fi

# --- what shells complete ----------------------------------------------------

# completes WANTED WORD... - the last word may become what WANTED lists, files
# aside
completes() {
    local wanted=$1
    shift
    bash -c '. ./bash
        wanted=$1
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _sinklab
        printf "%s\n" "${COMPREPLY[@]}" | sort -u | tr "\n" " "' - "$wanted" "$@" >completed 2>&1
    [ "$(cat completed)" = "$wanted" ] || { cat completed; return 1; }
}
check "bash: a command" completes 'compare ' sinklab comp
check "bash: a part" completes 'head info prepare ' sinklab data ''
check "bash: an option" completes '--report ' sinklab compare --rep
check "bash: an option of a part" completes '--from ' sinklab data head --fro
check "bash: a key" completes 'attention.weights= ' sinklab train attention.wei
check "bash: a value" completes 'softmax softmax1 ' sinklab train attention.weights = softm
check "bash: all values" completes 'no yes ' sinklab train model.biases =
touch attention.x a.ini
check "bash: no key where there are none" completes 'attention.x ' sinklab compare attention.
check "bash: a file behind a key" completes 'a.ini ' sinklab train data.path = a.i
check "bash: a kind" completes 'loss ' sinklab list lo
for shell in zsh fish; do
    if command -v $shell >/dev/null; then
        check "$shell can read it" $shell -n ./$shell
    else
        skip "$shell can read it" "$shell is not installed"
    fi
done
finish
