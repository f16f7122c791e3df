#!/usr/bin/env bash
# tools/deps.sh where nothing is missing, and on a system without packages.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1

# A PATH with the few tools the script itself needs, and no compiler.
mkdir bare
for tool in sh cat env id; do
    ln -s "$(command -v "$tool")" bare/
done
printf '#!/bin/sh\nexit 0\n' >bare/sleep
chmod +x bare/sleep

bare_deps() {
    PATH=$T/bare "$T/bare/sh" "$ROOT/tools/deps.sh"
}

says() { # words, however they are spaced
    tr -s ' ' <missing | grep -Fq -- "$1" && return 0
    cat missing >&2
    return 1
}

check "all is here" "$ROOT/tools/deps.sh"
check "it says nothing then" is_status 1 test -s out -o -s err
expect_status 2 "an unknown option is refused" "$ROOT/tools/deps.sh" --all

expect_status 1 "a bare system without apt fails" bare_deps
cp err missing
for words in "OpenBLAS: matrix products" \
    "Debian, Ubuntu: sudo apt-get install gcc make pkg-config libopenblas-pthr" \
    "Fedora: sudo dnf install gcc make" "Arch: sudo pacman -S --needed gcc" \
    "macOS: brew install gcc make"; do
    check "it says '$words'" says "$words"
done

# With an apt-get that fails, and sudo where we are not root.
cat >bare/apt-get <<'END'
#!/bin/sh
echo "$DEBIAN_FRONTEND apt-get $*" >>"$APT_LOG"
exit 1
END
cat >bare/sudo <<'END'
#!/bin/sh
[ "$1" = -n ] && shift
exec "$@"
END
printf '#!/bin/sh\nexit 0\n' >bare/true
chmod +x bare/{sleep,apt-get,sudo,true}
export APT_LOG=$T/apt.log
expect_status 1 "a bare system where apt fails, fails" bare_deps
check "apt was asked twice" test "$(grep -c ' install -y' apt.log)" -eq 2
check "without questions" grep -q '^noninteractive .*libhdf5-dev' apt.log
check "after a refresh of its lists" grep -q ' update$' apt.log

finish
