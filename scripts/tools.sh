#!/bin/sh
# What the tests need beside Python: a browser, and letters for the Chinese pages in it.
set -eu
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
exec "$(dirname "$0")/apt.sh" "The tests of the pages need the browser Chromium" chromium fonts-noto-cjk
