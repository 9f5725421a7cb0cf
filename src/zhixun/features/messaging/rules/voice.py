"""Sound in a conversation: what it is by what is in it, and how long a voice note lasts."""

from __future__ import annotations

from collections.abc import Iterator

SECONDS_MAX = 60
BYTES_MAX = 2_000_000
"""A minute at the rate browsers record, with room to spare."""
MP4_BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"M4A ", b"M4B ", b"dash")
LOOKED_AT = 8_192
"""Where a file names its tracks, near its beginning."""
PICTURE_CODECS = (b"V_VP", b"V_AV1", b"V_MPEG", b"V_THEORA", b"V_MS", b"V_UNCOMP")
PARENTS = {0x18538067, 0x1F43B675, 0xA0}
"""Segment, Cluster and BlockGroup of Matroska: elements that are made of others."""
CLUSTER_TIME, BLOCKS = 0xE7, {0xA3, 0xA1}


def kind_of_sound(data: bytes) -> str | None:
    """The media type of a recording that holds sound and no picture; None for everything else."""
    if data.startswith(b"\x1aE\xdf\xa3") and b"webm" in data[:64]:
        head = data[:LOOKED_AT]
        return "audio/webm" if b"A_OPUS" in head and not any(mark in head for mark in PICTURE_CODECS) else None
    if data[4:8] == b"ftyp" and data[8:12] in MP4_BRANDS:
        return "audio/mp4" if _handlers(data) == {b"soun"} else None
    if data.startswith(b"OggS") and data[28:36] in (b"OpusHead", b"\x01vorbis\x00"):
        return "audio/ogg"
    layer_three = len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2
    return "audio/mpeg" if data.startswith(b"ID3") or layer_three else None


def webm_seconds(data: bytes) -> float | None:
    """How long a WebM recording is by the clock in it, in seconds; None where there is none. Browsers write no length
    into the head of what they record, so the last block's time is it (RFC 9559)."""
    last = None
    cluster = 0
    for name, body in _elements(data, 0, len(data)):
        if name == CLUSTER_TIME:
            cluster = int.from_bytes(body[:8], "big")
        elif name in BLOCKS and len(body) > 3:
            last = cluster + int.from_bytes(body[1:3], "big", signed=True)
    return None if last is None else last / 1_000


def _handlers(data: bytes) -> set[bytes]:
    """What the tracks of an MP4 are: soun, vide and others."""
    found: set[bytes] = set()
    at = data.find(b"hdlr")
    while at >= 0 and len(found) < 9:
        found.add(data[at + 12 : at + 16])
        at = data.find(b"hdlr", at + 16)
    return found


def _elements(data: bytes, at: int, end: int) -> Iterator[tuple[int, bytes]]:
    """(name, content) of every element that has no others in it, in order. What is broken ends the list."""
    while at < end:
        name, at = _number(data, at, keep_mark=True)
        size, at = _number(data, at, keep_mark=False)
        if name < 0 or (size < 0 and name not in PARENTS):
            return
        if name not in PARENTS:
            yield name, data[at : at + size]
            at += size


def _number(data: bytes, at: int, *, keep_mark: bool) -> tuple[int, int]:
    """A number of Matroska and where it ends: the zeros before its first one say how many bytes follow. −1 for one that is
    broken, and for a size that is not known."""
    if at >= len(data) or not data[at]:
        return -1, at + 1
    length = 9 - data[at].bit_length()
    whole = int.from_bytes(data[at : at + length], "big")
    bare = whole & ((1 << 7 * length) - 1)
    unknown = not keep_mark and bare == (1 << 7 * length) - 1
    return (-1 if unknown else whole if keep_mark else bare), at + length
