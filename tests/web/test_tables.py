"""A table that is wider than a phone scrolls in a place of its own: by keyboard too, with a name, and an edge that shows it."""

import re
from pathlib import Path

import zhixun
from zhixun.web.build import JOINED

ROOT = Path(zhixun.__file__).parent
PLACE = re.compile(r'<div class="tablewrap[^"]*" tabindex="0" role="(group|region)" aria-label(ledby)?="[^"]+">\s*$')


def test_every_table_of_a_page_stands_in_a_place_that_scrolls_and_has_a_name():
    found = 0
    for path in ROOT.rglob("templates/**/*.html"):
        text = path.read_text()
        for table in re.finditer(r'<table class="(tbl|table)', text):
            found += 1
            assert PLACE.search(text[: table.start()]), f"{path.name}: {text[table.start() : table.start() + 90]}"
    assert found > 30


def test_the_edge_is_said_once_for_all_of_them():
    styles = {path.stem: path.read_text() for path in (ROOT / "web/static/css").glob("*.css")}
    assert [name for name, css in styles.items() if "--edge" in css] == ["tables"]
    assert "tables" in JOINED["work.css"], "whoever is signed in"
    assert "tables" in JOINED["docs.css"], "whoever reads about the API"
