"""Builds the front end: `python -m zhixun.web.build`. Joins and shrinks CSS, copies scripts, compiles translations."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from zhixun.web.packing import packed_beside

ROOT = Path(__file__).parent
FEATURES = ROOT.parent / "features"
DIST = ROOT / "static" / "dist"
JOINED = {
    "app.css": ("layers", "tokens", "app", "product", "plans"),
    "work.css": ("tables", "work"),
    "me.css": ("me",),
    "quality.css": ("quality",),
    "room.css": ("room",),
    "ops.css": ("ops",),
    "kit.css": ("kit",),
    "assist.css": ("assist",),
    "docs.css": ("tables", "docs"),
}
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#075f4c"/>'
    '<path d="M8 18V8h10" stroke="#fff" stroke-width="3.6" fill="none"/>'
    '<path d="M24 14v10H14" stroke="#f2a58e" stroke-width="3.6" fill="none"/></svg>'
)


def main() -> int:
    files = {name: shrunk(_joined(parts)) for name, parts in JOINED.items()}
    files |= {path.name: path.read_text() for path in sorted((ROOT / "static" / "js").glob("*.js"))}
    for feature in sorted(FEATURES.glob("*/static/*")):
        files |= {
            f"{feature.name}/{path.name}": path.read_text() for path in sorted(feature.iterdir()) if path.is_file()
        }
    files["icon.svg"] = ICON
    manifest = _swap(files)
    count = compile_translations()
    print(f"built {len(manifest)} files, {count} translated sentences", file=sys.stderr)
    return 0


def shrunk(css: str) -> str:
    """CSS without comments and needless space."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r"\s*([{};,])\s*", r"\1", css)
    return css.replace(";}", "}").strip() + "\n"


def compile_translations() -> int:
    """Join every zh/*.po into one catalogue; returns how many sentences it has."""
    folder = ROOT / "translations" / "zh"
    joined = Catalog(locale="zh")
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh"):
                if message.id and message.string:
                    joined.add(message.id, message.string, context=message.context)
    target = folder / "LC_MESSAGES" / "messages.mo"
    target.parent.mkdir(exist_ok=True)
    with target.open("wb") as out:
        write_mo(out, joined)
    return len(joined)


def _joined(parts: tuple[str, ...]) -> str:
    return "\n".join((ROOT / "static" / "css" / f"{part}.css").read_text() for part in parts)


def _swap(files: dict[str, str]) -> dict[str, str]:
    """Write all beside what is there and take its place in one step, so that a running house never lacks its front end."""
    DIST.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="dist-", dir=DIST.parent))
    fresh.chmod(0o755)
    manifest = {name: _write(fresh, name, text) for name, text in files.items()}
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=1))
    former = fresh.with_suffix(".former")
    if DIST.exists():
        DIST.rename(former)
    fresh.rename(DIST)
    shutil.rmtree(former, ignore_errors=True)
    return manifest


def _write(folder: Path, name: str, text: str) -> str:
    stem, _, extension = name.rpartition(".")
    fingerprint = hashlib.sha256(text.encode()).hexdigest()[:10]
    built = f"{stem}-{fingerprint}.{extension}"
    path = folder / built
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    packed_beside(path)
    return built


if __name__ == "__main__":
    raise SystemExit(main())
