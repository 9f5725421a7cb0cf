#!/bin/sh
# What the tests need beside Python: a browser, letters for the Chinese pages in it, and axe-core.
set -eu
here=$(dirname "$0")
"$here/axe.sh"
"$here/mongodb.sh"
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
exec "$here/apt.sh" "The tests of the pages need the browser Chromium" chromium fonts-noto-cjk
