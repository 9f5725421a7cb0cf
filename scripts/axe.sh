#!/bin/sh
# axe-core, which the browser tests hold against every page. It stays in .venv, is never part of this project, and npm
# itself checks the package against the registry's checksum.
set -eu
VERSION=4.14.1
HOME_OF_AXE=.venv/tools/axe-core-$VERSION
if [ -f "$HOME_OF_AXE/axe.min.js" ]; then exit 0; fi
if ! command -v npm >/dev/null; then "$(dirname "$0")/apt.sh" "The accessibility tests fetch axe-core with npm" npm; fi
echo "Fetching axe-core $VERSION for the accessibility tests …"
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
npm pack "axe-core@$VERSION" --pack-destination "$WORK" --silent >/dev/null
tar -xzf "$WORK"/axe-core-$VERSION.tgz -C "$WORK" package/axe.min.js package/LICENSE
mkdir -p "$HOME_OF_AXE"
mv "$WORK/package/LICENSE" "$WORK/package/axe.min.js" "$HOME_OF_AXE"/
