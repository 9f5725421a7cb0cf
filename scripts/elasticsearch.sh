#!/bin/sh
# Elasticsearch, for the tests of the search index: the bare distribution that its makers publish for integration tests, by
# Maven, which checks it against the registry's own checksum. It stays in .venv/tools, is never part of this project, and
# runs on the machine's Java (17 or newer).
set -eu
VERSION=8.19.8
HOME_OF_ELASTICSEARCH=.venv/tools/elasticsearch-$VERSION
if [ -x "$HOME_OF_ELASTICSEARCH/bin/elasticsearch" ]; then exit 0; fi
here=$(dirname "$0")
if ! command -v mvn >/dev/null; then "$here/apt.sh" "The tests of Elasticsearch fetch it with Maven" maven openjdk-17-jre-headless; fi
echo "Fetching Elasticsearch $VERSION for the tests …"
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
    "-Dartifact=org.elasticsearch.distribution.integ-test-zip:elasticsearch:$VERSION:zip" "-DoutputDirectory=$WORK"
.venv/bin/python -m zipfile -e "$WORK/elasticsearch-$VERSION.zip" "$WORK"
chmod -R a+rX "$WORK/elasticsearch-$VERSION"
chmod a+x "$WORK/elasticsearch-$VERSION"/bin/* "$WORK/elasticsearch-$VERSION"/lib/platform/*/* 2>/dev/null || true
mkdir -p .venv/tools
rm -rf "$HOME_OF_ELASTICSEARCH"
mv "$WORK/elasticsearch-$VERSION" "$HOME_OF_ELASTICSEARCH"
