# wanted.sh - for scripts that take names of variants; to be sourced.

# Is the name among those that are wanted, or is none said?
is_wanted() { # name wanted...
    local name=$1 one
    shift
    [ $# -gt 0 ] || return 0
    for one; do
        [ "$one" != "$name" ] || return 0
    done
    return 1
}
