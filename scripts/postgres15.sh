#!/bin/sh
# The oldest PostgreSQL we support, for the tests that run on it.
set -eu
if [ -x /usr/lib/postgresql/15/bin/postgres ]; then exit 0; fi
exec "$(dirname "$0")/apt.sh" "The tests on the oldest supported database need PostgreSQL 15" postgresql-15
