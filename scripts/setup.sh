#!/bin/sh
# Makes .venv and installs exactly what the given lock names, hashes checked. Usage: scripts/setup.sh requirements.lock
set -eu
lock=$1

suits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if [ ! -x .venv/bin/python ] || ! suits .venv/bin/python; then
    python=
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if suits "$name"; then python=$name; break; fi
    done
    if [ -z "$python" ]; then
        echo "Zhixun needs Python 3.11 or newer, and there is none on the PATH. Install it and try again." >&2
        exit 2
    fi
    echo "Making .venv with $("$python" --version) …"
    rm -rf .venv
    if ! "$python" -m venv .venv >/dev/null 2>&1; then
        rm -rf .venv
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "$python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python$version-venv" >&2
        exit 2
    fi
fi

# uv installs in seconds what takes pip a minute; where there is none for this system, pip does the same.
if [ ! -x .venv/bin/uv ]; then
    echo "Fetching uv …"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1' || echo "No uv here; pip takes longer."
fi
echo "Installing what $lock names …"
if [ -x .venv/bin/uv ]; then
    VIRTUAL_ENV=.venv .venv/bin/uv pip install --require-hashes -r "$lock"
    VIRTUAL_ENV=.venv .venv/bin/uv pip install --quiet --no-deps -e .
else
    .venv/bin/python -m pip install --disable-pip-version-check --require-hashes -r "$lock"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
fi
