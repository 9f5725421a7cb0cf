#!/bin/sh
# What the tests need beside Python: a browser, letters for the Chinese pages in it, axe-core, a relay for calls, and Redis.
set -eu
here=$(dirname "$0")
"$here/axe.sh"
"$here/mongodb.sh"
"$here/elasticsearch.sh"
wanted=
for name in google-chrome chromium-browser chromium chromium-headless-shell; do
    if command -v "$name" >/dev/null; then browser=$name; fi
done
# The one without windows does the same work in two thirds of the time, so it comes beside another one too, where there is one.
[ "${browser:-}" = chromium-headless-shell ] ||
    "$here/apt.sh" "The tests want a browser without windows" chromium-headless-shell ||
    [ -n "${browser:-}" ] || wanted=chromium
[ -n "${browser:-}" ] || wanted="$wanted fonts-noto-cjk"
command -v turnserver >/dev/null || wanted="$wanted coturn"
command -v redis-server >/dev/null || wanted="$wanted redis-server"
[ -z "$wanted" ] || exec "$here/apt.sh" "The tests need a browser, a relay for calls, and Redis" $wanted
