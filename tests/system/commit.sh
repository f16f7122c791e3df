#!/usr/bin/env bash
# Which commit a program says it is of: with files changed since, but for those
# that an experiment writes, as its runs shall stay by one program.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
if ! command -v git >/dev/null; then
    n_checks=$((n_checks + 1))
    echo "ok $n_checks - commits # SKIP git is not installed"
    finish
fi
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
mkdir -p tree/experiments tree/src
cp "$ROOT/Makefile" tree
cd tree || exit 1
touch src/main.c experiments/README.md
git init -q . && git add . && git -c user.name=a -c user.email=b commit -qm all

# shellcheck disable=SC2016 # make's
commit() {
    make -s --no-print-directory --eval='say: ; @echo $(COMMIT)' say
}
is() { # PATTERN
    commit | grep -Eqx -- "$1"
}
check "a clean tree is its commit" is '[0-9a-f]{12}'
echo page >>experiments/README.md
check "results of an experiment change no program" is '[0-9a-f]{12}'
echo 'int x;' >>src/main.c
check "a changed source is told" is '[0-9a-f]{12}-dirty'
rm -rf .git
check "without a repository nothing is known" is unknown
finish
