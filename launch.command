#!/bin/sh
# For a double click on macOS: launch.sh in a window of Terminal, which stays open when something failed.

here=$(CDPATH='' cd "$(dirname "$0")" && pwd -P) || exit 1
/bin/sh "$here/launch.sh" "$@"
code=$?
if [ "$code" -ne 0 ] && [ -t 0 ] && [ -t 1 ]; then
    printf '\nIt ended with code %s. Press Enter to close this window. ' "$code"
    read -r _
fi
exit "$code"
