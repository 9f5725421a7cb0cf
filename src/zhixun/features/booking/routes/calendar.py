"""A session as an iCalendar file (RFC 5545): UTC times, so that every calendar shows it on its owner's own clock."""

from __future__ import annotations

from datetime import datetime

from zhixun.features.booking.queries import BookingView

LINE_OCTETS_MAX = 75


def calendar_file(booking: BookingView, *, title: str, other: str, address: str) -> str:
    """The text of an .ics file with one event and an alarm 15 minutes before it; lines end in CR LF."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Zhixun//Sessions//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{booking.id}@zhixun",
        f"DTSTAMP:{_utc(booking.seen_at)}",
        f"DTSTART:{_utc(booking.starts_at)}",
        f"DTEND:{_utc(booking.ends_at)}",
        f"SUMMARY:{_escaped(f'{title} · {other}')}",
        f"DESCRIPTION:{_escaped(address)}",
        f"URL:{address}",
        "STATUS:CONFIRMED",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_escaped(title)}",
        "TRIGGER:-PT15M",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _utc(at: datetime) -> str:
    return at.strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r", ""), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


def _folded(line: str) -> str:
    """No line has more than 75 octets, and no character is torn apart: the rest goes on after CR LF and a space."""
    pieces, size = [""], 0
    for character in line:
        octets = len(character.encode())
        if size + octets > LINE_OCTETS_MAX:
            pieces.append(" ")
            size = 1
        pieces[-1] += character
        size += octets
    return "\r\n".join(pieces)
