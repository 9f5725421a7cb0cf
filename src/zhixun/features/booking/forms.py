"""What a booking form may say, and the sentences for what it may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from zhixun.features.catalog.rules import ServiceTiming
from zhixun.features.scheduling.rules import SESSIONS_MAX
from zhixun.kernel import clocks
from zhixun.kernel.errors import N_, Invalid, NotFound
from zhixun.kernel.values import Money, Words, hundredths, is_id

from . import rules
from .actions import GroupWish

START_LENGTH_MAX = 40
COUPON_LENGTH_MAX = 40


@dataclass(frozen=True)
class Choice:
    """What someone wants to book. `start` is aware UTC, to the second."""

    booking_id: str
    service_id: str
    start: datetime
    brief: str


def read_choice(form: Mapping[str, str]) -> Choice:
    """Raises Invalid naming each field that is missing or makes no sense."""
    wrong: dict[str, str] = {}
    booking_id, service_id = form.get("booking_id", ""), form.get("service_id", "")
    if not is_id(booking_id):
        wrong["booking_id"] = N_("This form is damaged. Please go back, reload the page and choose again.")
    if not is_id(service_id):
        wrong["service_id"] = N_("Please choose a service.")
    start = read_start(form.get("start", ""))
    if start is None:
        wrong["start"] = N_("Please choose a time from the list.")
    if wrong or start is None:
        raise Invalid(fields=wrong)
    return Choice(booking_id, service_id, start, form.get("brief", "")[: rules.BRIEF_LENGTH_MAX])


def read_start(text: str) -> datetime | None:
    """An instant in RFC 3339 with its zone; None for anything else."""
    if not text or len(text) > START_LENGTH_MAX:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC).replace(microsecond=0) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True)
class Brief:
    """What the consultant will read, as typed."""

    text: str
    sensitive: bool


@dataclass(frozen=True)
class SeriesChoice:
    """What someone wants to book again and again, as typed; `own_clock` keeps the time on the client's clock instead of
    the consultant's. `start` is None where none was chosen yet."""

    service_id: str
    start: datetime | None
    weeks_apart: int
    sessions: int
    own_clock: bool
    instead: Mapping[int, datetime]
    left_out: frozenset[int]


SERIES_SESSIONS_USUAL = 6


def read_series(form: Mapping[str, str]) -> SeriesChoice:
    """Each date's field, at-1 and on, has its own start, another one, or nothing where it is left out; a form without
    such fields leaves out none. Raises NotFound for a service's id that is none."""
    chosen = {number: form[f"at-{number}"] for number in range(1, SESSIONS_MAX + 1) if f"at-{number}" in form}
    listed = form.get("listed", "")
    shown = int(listed) if listed in {str(number) for number in range(1, SESSIONS_MAX + 1)} else 0
    instead = {number: at for number, text in chosen.items() if (at := read_start(text)) is not None}
    return SeriesChoice(
        own_id(form.get("service", "") or form.get("service_id", "")), read_start(form.get("start", "")),
        _small(form.get("weeks", ""), 1), _small(form.get("sessions", ""), SERIES_SESSIONS_USUAL),
        form.get("clock") == "mine", instead,
        frozenset(number for number in range(1, shown + 1) if number not in instead),
    )  # fmt: skip


def _small(text: str, usual: int) -> int:
    if not text:
        return usual
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 0


def read_brief(form: Mapping[str, str]) -> Brief:
    # A browser sends line ends as CR LF and counts them as one character; so does the limit.
    return Brief(form.get("brief", "").replace("\r\n", "\n"), form.get("sensitive") == "yes")


def read_amount(text: str, currency: str) -> Money:
    """An amount as it is written, "120" or "120.50". Raises Invalid."""
    if minor := hundredths(text):
        return Money(minor, currency)
    raise Invalid(fields={"amount": N_("Please write an amount like 120 or 120.50.")})


@dataclass(frozen=True)
class Terms:
    """How the client wants to pay. `use_plan` is "" for singly and None where the form did not ask, as `coupon` is;
    `applies` is the press that only recounts; `shown_minor` is the total that the page promised."""

    use_plan: str | None
    coupon: str | None
    points: bool
    applies: bool
    shown_minor: int | None


def read_terms(form: Mapping[str, str]) -> Terms:
    plan, coupon, shown = form.get("use_plan"), form.get("coupon"), form.get("shown_minor", "")
    return Terms(
        use_plan="" if plan == "none" else plan,
        coupon=None if coupon is None else coupon.strip().upper()[:COUPON_LENGTH_MAX],
        points=form.get("points") == "yes",
        applies=form.get("act") == "apply",
        shown_minor=int(shown) if shown.isascii() and shown.isdigit() and len(shown) <= 12 else None,
    )


def read_until(text: str) -> date:
    """A day as YYYY-MM-DD. Raises Invalid."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise Invalid(fields={"until": N_("Please choose a day.")}) from None


def read_group(form: Mapping[str, str], *, zone: str) -> GroupWish:
    """The start is on the clock of `zone`, the consultant's; the price in whole units of money or with two decimals.
    Raises Invalid."""
    wrong: dict[str, str] = {}
    start = clocks.moment_of(form.get("start", ""), zone)
    if start is None:
        wrong["start"] = N_("Please choose a day and a time.")
    try:
        price = read_amount(form.get("price", ""), "CNY")
    except Invalid as refusal:
        wrong["price"] = refusal.fields["amount"]
    if wrong or start is None:
        raise Invalid(fields=wrong)
    return GroupWish(
        title=Words(form.get("title", ""), form.get("title_en", "")), start=start, minutes=_small(form.get("minutes", ""), 60), price=price,
        seats=_small(form.get("seats", ""), 8), seats_min=_small(form.get("seats_min", ""), 3),
        decide_at=start - timedelta(hours=_small(form.get("decide_hours", ""), rules.DECIDE_HOURS_USUAL)),
    )  # fmt: skip


def one_of(services: Sequence[ServiceTiming], asked: str) -> ServiceTiming | None:
    """The service that was asked for, where it is one of these; else the first, if there is one."""
    return next((one for one in services if one.id == asked), services[0] if services else None)


def own_id(text: str) -> str:
    """An id from an address; whatever is not one is not found."""
    if not is_id(text):
        raise NotFound
    return text
