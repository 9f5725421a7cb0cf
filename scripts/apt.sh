#!/bin/sh
# Installs Debian packages, as root or through sudo, with a line of progress. Usage: scripts/apt.sh WHY PACKAGE…
set -eu
why=$1
shift
if ! command -v apt-get >/dev/null; then
    echo "$why. Please install it (Debian calls it $*) and try again." >&2
    exit 2
fi
if [ "$(id -u)" -eq 0 ]; then as_root=; else as_root="sudo -n"; fi
if ! $as_root true 2>/dev/null; then
    echo "$why. Please run: sudo apt-get install $*" >&2
    exit 2
fi
echo "$why: installing $* (a minute or two) …"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q >/dev/null
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null
echo "Installed $*."
