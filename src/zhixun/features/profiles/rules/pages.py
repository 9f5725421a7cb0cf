"""What the pages of this site are called, for who is told which of them they looked at."""

from __future__ import annotations

from zhixun.kernel.errors import N_

OTHER = N_("Another page here")
NAMES = {
    "/": N_("The home page"),
    "/consultants": N_("Finding a consultant"),
    "/c": N_("A consultant’s page"),
    "/compare": N_("Comparing consultants"),
    "/match": N_("Three who fit"),
    "/now": N_("Asking right now"),
    "/assistant": N_("The assistant"),
    "/knowledge": N_("Knowledge base"),
    "/legal": N_("How this house works"),
    "/checkout": N_("Paying for a session"),
    "/pay": N_("Paying for a session"),
    "/plans": N_("Packages and membership"),
    "/sessions": N_("My sessions"),
    "/series": N_("A series of sessions"),
    "/groups": N_("A group session"),
    "/waitlist": N_("A waiting list"),
    "/messages": N_("Messages"),
    "/notices": N_("Notices"),
    "/help": N_("Help and complaints"),
    "/me": N_("My account"),
    "/pro": N_("For consultants"),
    "/become-a-consultant": N_("Becoming a consultant"),
}
"""The first part of an address → what stands there."""


def page_name(path: str) -> str:
    """The name of the page at this address, as a sentence to translate."""
    parts = [part for part in path.partition("?")[0].split("/") if part]
    if parts[:1] == ["en"]:
        parts = parts[1:]
    return NAMES.get(f"/{parts[0]}" if parts else "/", OTHER)
