"""What a PDF says."""

from __future__ import annotations

import io

from pypdf import PdfReader

BREAK = "\u200b"


def said(data: bytes) -> str:
    """Everything, without blanks: typst sets a thin one between Chinese and Latin, as Chinese is set."""
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]
    return "".join("".join(pages).replace(BREAK, "").split())
