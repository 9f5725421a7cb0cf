#!/bin/sh
# What the tests need beside Python: a browser, letters for the Chinese pages in it, axe-core, a relay for calls, and Redis.
set -eu
here=$(dirname "$0")
"$here/axe.sh"
"$here/mongodb.sh"
"$here/elasticsearch.sh"
wanted=
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then browser=$name; fi
done
[ -n "${browser:-}" ] || wanted="chromium fonts-noto-cjk"
command -v turnserver >/dev/null || wanted="$wanted coturn"
command -v redis-server >/dev/null || wanted="$wanted redis-server"
[ -z "$wanted" ] || exec "$here/apt.sh" "The tests need a browser, a relay for calls, and Redis" $wanted
