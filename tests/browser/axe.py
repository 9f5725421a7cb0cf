"""axe-core held against a page: what it objects to under WCAG 2.2 A and AA and its best practice."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

TOOLS = Path(__file__).parents[2] / ".venv" / "tools"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """One line for each thing wrong on the page as it is now: the rule, the element, and how to mend it.

    It goes in through the debugger, so the page keeps its strict content security policy.
    """
    page.evaluate("document.getAnimations().forEach(one => { try { one.finish(); } catch { one.cancel(); } })")
    if not page.evaluate("'axe' in window"):
        _into(page, _axe())
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES
    )
    return [
        f"{rule['id']} ({rule['impact']}): {' '.join(map(str, node['target']))}: {_mending(node)}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def _into(page: Page, script: str) -> None:
    debugger = page.context.new_cdp_session(page)
    try:
        debugger.send("Runtime.evaluate", {"expression": script, "allowUnsafeEvalBlockedByCSP": True})
    finally:
        debugger.detach()


@lru_cache
def _axe() -> str:
    found = sorted(TOOLS.glob("axe-core-*/axe.min.js"))
    if not found:
        missing = "axe-core is missing: scripts/axe.sh fetches it, `make test` does so by itself"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found[-1].read_text(encoding="utf-8")


def _mending(node: dict[str, Any]) -> str:
    return " ".join(str(node.get("failureSummary", "")).split())
