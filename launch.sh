#!/bin/sh
# Starts ainf from this folder: needs Python 3.11 or newer and nothing else. The first time it makes an
# environment in .venv and installs what ainf needs into it (this needs the network); after that it works
# offline. Then the services are started (`ainf up`) and the app opens.
#
#   ./launch.sh             services, then the app
#   ./launch.sh ARGUMENTS   `ainf ARGUMENTS` alone, with its exit code: ./launch.sh status --json
#
# What this script itself tells goes to stderr. The exit code is the app's, or 1 where it cannot start.

set -u

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "launch: $1"
    shift
    for line in "$@"; do say "  $line"; done
    exit 1
}

# Also through a link: the folder where this script really lies.
self=$0
while [ -L "$self" ]; do
    target=$(readlink "$self") || fail "the link $self cannot be followed"
    case $target in
        /*) self=$target ;;
        *) self=$(dirname "$self")/$target ;;
    esac
done
here=$(CDPATH='' cd "$(dirname "$self")" && pwd -P) || fail "the folder of $self cannot be entered"

venv=$here/.venv
ready=$venv/.launch-ready
ainf=$venv/bin/ainf

good_python() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for python in ${AINF_PYTHON:+"$AINF_PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$python" >/dev/null 2>&1 && good_python "$python"; then
            printf '%s\n' "$python"
            return 0
        fi
    done
    return 1
}

# Again when pyproject.toml is newer than the environment: dependencies may have changed.
is_ready() {
    [ -x "$ainf" ] && good_python "$venv/bin/python" || return 1
    [ -e "$venv/.ready" ] && return 0
    [ -e "$ready" ] && [ -z "$(find "$here/pyproject.toml" -newer "$ready" 2>/dev/null)" ]
}

make_ready() {
    python=$(find_python) || fail "ainf needs Python 3.11 or newer, and there is none in PATH." \
        "Debian, Ubuntu: sudo apt install python3 python3-venv" \
        "macOS: brew install python   Others: https://www.python.org/downloads/" \
        "Or name one: AINF_PYTHON=/path/to/python3 $0"
    "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 || fail \
        "$python cannot make environments: its modules venv and ensurepip are not installed." \
        "Debian, Ubuntu: sudo apt install python3-venv"
    [ -w "$here" ] || [ -d "$venv" ] || fail "$here may not be written, and the environment goes there."
    if ! good_python "$venv/bin/python"; then
        say "launch: making an environment in $venv (once)"
        "$python" -m venv --clear "$venv" || fail "the environment could not be made in $venv."
    fi
    say "launch: installing what ainf needs (once; this needs the network)"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --editable "$here" >&2 || fail \
        "what ainf needs could not be installed; the lines above say why." \
        "Without a network: install on a machine with one and copy the folder, or set PIP_INDEX_URL." \
        "Start again to go on where it stopped."
    : >"$ready" || fail "$ready could not be written."
}

is_ready || make_ready

if [ "$#" -gt 0 ]; then
    exec "$ainf" "$@"
fi

# Finds what runs already and says so; a service that does not start is told and keeps nobody from the app.
"$ainf" up >&2 || say "launch: not every service could be started; the app and \`ainf doctor\` tell more."
exec "$ainf"
