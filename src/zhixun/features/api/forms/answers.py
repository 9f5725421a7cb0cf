"""What programs are answered."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zhixun.kernel.errors import N_

from .kinds import Answer, At
from .people import Erased as Erased
from .people import ErasedLine as ErasedLine
from .people import Export as Export

Channel = Literal["video", "voice", "text"]
BookingState = Literal[
    "held", "paid", "requested", "confirmed", "in_progress", "completed", "cancelled", "expired", "no_show"
]  # fmt: skip
Solved = Literal["yes", "partly", "no"]


class MoneyShown(Answer):
    amount_minor: int
    currency: str


class TokenMade(Answer):
    token: str
    expires_at: At


class Me(Answer):
    id: str
    name: str
    email: str
    roles: list[str]
    zone: str
    language: str


class PersonShown(Answer):
    id: str
    name: str


class TopicShown(Answer):
    id: str
    name: str


class FieldShown(Answer):
    id: str
    name: str
    summary: str
    disclaimer: str
    topics: list[TopicShown]


class Fields(Answer):
    items: list[FieldShown]
    next: str | None = None


class SlotShown(Answer):
    start: At
    end: At
    local: Annotated[str, Field(description=N_("The start on the wall clock of the asked zone, with its offset."))]


class Slots(Answer):
    items: list[SlotShown]
    next: str | None = None
    zone: str


class ServiceShown(Answer):
    id: str
    title: str
    channel: Channel
    minutes: int
    price: MoneyShown
    note: str
    included: list[str]
    on_request: Annotated[bool, Field(description=N_("Whether the consultant has to accept each booking."))]


class SatisfactionShown(Answer):
    mean: Annotated[
        float | None, Field(description=N_("1 to 5; null below five answers: a mean would say more about luck."))
    ]
    count: int
    solved_share: float | None


class ConsultantShown(Answer):
    id: str
    slug: str
    name: str
    title: str
    line: str
    city: str
    field: str
    topics: list[str]
    languages: list[str]
    years: int
    seniority: str
    credentials_count: int
    portrait: str
    services: list[ServiceShown]
    price_from: MoneyShown
    satisfaction: SatisfactionShown


class ConsultantFound(ConsultantShown):
    slots: list[SlotShown]


class Consultants(Answer):
    items: list[ConsultantFound]
    next: str | None
    total: int


class CredentialShown(Answer):
    name: str
    how: str
    number: str
    checked_on: str
    expires_on: str | None


class ConsultantPageShown(ConsultantShown):
    about: str
    good_for: list[str]
    not_for: list[str]
    credentials: list[CredentialShown]
    zone: str


class Recommended(Answer):
    consultant: ConsultantFound
    score: float
    reasons: list[str]
    doubt: str


class Recommendations(Answer):
    items: list[Recommended]
    next: str | None = None
    field: str | None
    crisis: Annotated[
        str | None, Field(description=N_("Where to turn at once, when the question sounds like an emergency."))
    ]


class QuoteLine(Answer):
    kind: Annotated[str, Field(description=N_("For programs: base, seniority, evening, weekend, urgent, floor, cap …"))]
    words: str
    amount: MoneyShown


class RefundStepShown(Answer):
    until: Annotated[
        At | None, Field(description=N_("Cancelled before this, `refund` comes back; null for the last step."))
    ]
    refund_bps: int
    refund: MoneyShown
    words: str


class Quote(Answer):
    service_id: str
    start: At
    end: At
    lines: list[QuoteLine]
    total: MoneyShown
    refunds: list[RefundStepShown]


class PaymentAsked(Answer):
    id: str
    gateway: str
    url: str


class PaymentPlace(Answer):
    id: str
    url: str


class BookingMade(Answer):
    id: str
    state: BookingState
    hold_expires_at: At
    total: MoneyShown
    payment: PaymentAsked


class BookingShown(Answer):
    id: str
    state: BookingState
    role: Annotated[Literal["client", "consultant", "operator"], Field(description=N_("The asker's part in it."))]
    client: PersonShown
    consultant: PersonShown
    service_id: str
    title: str
    channel: Channel
    minutes: int
    start: At
    end: At
    room_opens_at: At
    hold_expires_at: At
    on_request: Annotated[bool, Field(description=N_("Whether the consultant has to accept it."))]
    answer_by: Annotated[
        At | None, Field(description=N_("Until when they may, once it is paid; then it is refunded in full."))
    ]
    total: MoneyShown
    refunds: list[RefundStepShown]
    refund_now: MoneyShown
    brief: Annotated[str | None, Field(description=N_("For the two people in it; in a list it is left out."))]
    payment: Annotated[PaymentPlace | None, Field(description=N_("For the client only."))]
    conversation_id: str
    created_at: At
    began_at: At | None
    completed_at: At | None
    ended_reason: str | None


class Bookings(Answer):
    items: list[BookingShown]
    next: str | None


class BookingCancelled(Answer):
    id: str
    state: BookingState
    refund: MoneyShown


class BookingMoved(Answer):
    id: str
    state: BookingState


class StepShown(Answer):
    state: BookingState
    at: At
    by: Literal["client", "consultant", "operator", "system"]


class Timeline(Answer):
    items: list[StepShown]
    next: str | None = None


class FeedbackKept(Answer):
    id: str
    booking_id: str


class PaymentShown(Answer):
    id: str
    booking_id: str | None
    amount: MoneyShown
    gateway: str
    state: Literal["pending", "captured", "failed"]
    expires_at: At
    captured_at: At | None
    url: str


class StatementLine(Answer):
    booking_id: str | None
    gross: MoneyShown
    commission: MoneyShown
    net: MoneyShown
    released_at: At


class EntryShown(Answer):
    transaction_id: str
    at: At
    kind: str
    booking_id: str | None
    amount: MoneyShown


class Ledger(Answer):
    balance: MoneyShown
    items: list[StatementLine]
    entries: list[EntryShown]
    next: str | None


class ConversationShown(Answer):
    id: str
    client: PersonShown
    consultant: PersonShown
    last_seq: int
    last_text: str
    last_at: At
    unread: int


class Conversations(Answer):
    items: list[ConversationShown]
    next: str | None = None


class FileShown(Answer):
    id: str
    name: str
    media_type: str
    bytes: int
    seconds: Annotated[int, Field(description=N_("How long a voice note lasts; 0 for other files."))]
    removed: bool
    url: str


class MessageShown(Answer):
    id: str
    conversation_id: str
    seq: int
    client_id: str
    sender_id: str
    text: str
    reply_to: str | None
    at: At
    files: list[FileShown]


class Messages(Answer):
    items: list[MessageShown]
    next: str | None


class InteractionsTaken(Answer):
    received: int
    kept: int
    """Of these, after cleaning: none without consent."""


class CitationShown(Answer):
    number: Annotated[int, Field(description=N_("The mark in the answer, [1]."))]
    article_id: str
    title: str
    text: Annotated[str, Field(description=N_("The passage that is cited."))]
    url: str


class HandOverOffered(Answer):
    offered: bool
    urgent: Annotated[
        bool, Field(description=N_("The words spoke of danger: show the numbers and offer a person first."))
    ]
    waiting: bool


class AnswerTold(Answer):
    conversation_id: str
    answer: str
    citations: list[CitationShown]
    confidence: float
    answered: bool
    hand_over: HandOverOffered
    consultants: list[Recommended]


class HandOverAsked(Answer):
    id: str
    conversation_id: str
    state: Literal["waiting"]
