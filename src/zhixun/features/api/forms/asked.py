"""What programs may send."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zhixun.features.accounts.rules import CODE_LENGTH_MAX, EMAIL_LENGTH_MAX, PASSWORD_LENGTH_MAX
from zhixun.features.assistant.rules import NOTE_LENGTH_MAX as HAND_OVER_NOTE_LENGTH_MAX
from zhixun.features.assistant.rules import QUESTION_LENGTH_MAX as ASSISTANT_QUESTION_LENGTH_MAX
from zhixun.features.behaviour.rules import BATCH_MAX, SUBJECT_LENGTH_MAX
from zhixun.features.behaviour.rules import ID_LENGTH_MAX as INTERACTION_ID_LENGTH_MAX
from zhixun.features.booking.rules import BRIEF_LENGTH_MAX
from zhixun.features.messaging.rules import KEY_LENGTH_MAX, SEQ_MAX
from zhixun.features.messaging.rules import TEXT_LENGTH_MAX as MESSAGE_LENGTH_MAX
from zhixun.features.quality.rules import WORDS_LENGTH_MAX
from zhixun.kernel.errors import N_
from zhixun.web.pagination import PAGE_MAX

from .kinds import CURSOR_LENGTH_MAX, Asked, Id, Instant, Text, Zone

QUESTION_LENGTH_MAX = 2_000
QUERY_LENGTH_MAX = 200
NAME_LENGTH_MAX = 80
RECOMMENDED_MAX = 10
PRICE_MINOR_MAX = 2**31 - 1

Channel = Literal["video", "voice", "text"]
Score = Annotated[int, Field(ge=1, le=5)]
Cursor = Annotated[
    Text | None, Field(default=None, max_length=CURSOR_LENGTH_MAX, description=N_("`next` of the last page."))
]
Limit = Annotated[int, Field(default=20, ge=1, le=PAGE_MAX)]
ShortName = Annotated[Text | None, Field(default=None, max_length=NAME_LENGTH_MAX)]


UsePlan = Annotated[Id | None, Field(description=N_("One of your plans that is to pay for it, see /me/plans."))]


CouponCode = Annotated[Text | None, Field(max_length=40, description=N_("A coupon’s code."))]
PointsUsed = Annotated[
    int, Field(ge=0, le=1_000_000_000, description=N_("At most so many of your points; whole hundreds are used."))
]


FactorCode = Annotated[
    Text,
    Field(
        default="", max_length=CODE_LENGTH_MAX,
        description=N_("Of your authenticator app, or a recovery code; only where your account asks for a second factor."),
    ),
]  # fmt: skip


class TokenWanted(Asked):
    email: Annotated[Text, Field(max_length=EMAIL_LENGTH_MAX, examples=["client@example.com"])]
    password: Annotated[Text, Field(max_length=PASSWORD_LENGTH_MAX, json_schema_extra={"format": "password"})]
    code: FactorCode


class ErasureWanted(Asked):
    password: Annotated[Text, Field(max_length=PASSWORD_LENGTH_MAX, json_schema_extra={"format": "password"})]
    code: FactorCode


class Page(Asked):
    cursor: Cursor
    limit: Limit


class ConsultantsWanted(Asked):
    q: Annotated[Text, Field(max_length=QUERY_LENGTH_MAX, description=N_("Words, in Chinese or English."))] = ""
    field: ShortName
    topic: ShortName
    language: Literal["zh", "en"] | None = None
    channel: Channel | None = None
    price_max_minor: Annotated[int | None, Field(ge=0, le=PRICE_MINOR_MAX)] = None
    free_from: Instant | None = None
    free_until: Instant | None = None
    free: Annotated[
        Literal["today", "evening", "tomorrow", "weekend", "week"] | None,
        Field(
            description=N_(
                "In place of `free_from` and `free_until`, on the clock of `zone`; an evening is from 18:00 to 22:00."
            )
        ),
    ] = None
    zone: Zone | None = None
    sort: Literal["fit", "price", "rating", "soonest"] = "fit"
    cursor: Cursor
    limit: Limit


class SlotsWanted(Asked):
    from_: Annotated[Instant | None, Field(alias="from", description=N_("Now, where it is left out."))] = None
    until: Annotated[
        Instant | None, Field(description=N_("14 days after `from`, where it is left out; at most 62."))
    ] = None
    zone: Annotated[
        Zone | None, Field(description=N_("For `local`. Else the zone of the person, or of the consultant."))
    ] = None


class QuoteWanted(Asked):
    start: Instant
    use_plan: UsePlan = None
    coupon: CouponCode = None
    points: PointsUsed = 0


class BookingWanted(Asked):
    service_id: Id
    start: Instant
    brief: Annotated[Text, Field(max_length=BRIEF_LENGTH_MAX, description=N_("What the consultant reads before."))] = ""
    use_plan: UsePlan = None
    coupon: CouponCode = None
    points: PointsUsed = 0
    gateway: ShortName
    id: Annotated[Id | None, Field(description=N_("Chosen by you, if you like: the same id twice is done once."))] = (
        None
    )


class OrderWanted(Asked):
    """One of the three names what is ordered; `plan_id` may be either."""

    package_id: Id | None = None
    membership_id: Id | None = None
    plan_id: Id | None = None
    gateway: ShortName
    id: Annotated[Id | None, Field(description=N_("Chosen by you, if you like: the same id twice is done once."))] = (
        None
    )


class RescheduleWanted(Asked):
    start: Instant
    seen_start: Annotated[
        Instant | None, Field(description=N_("The start you saw: where it has been moved since, nothing is done."))
    ] = None


class MessagesWanted(Asked):
    after_seq: Annotated[int, Field(ge=0, le=SEQ_MAX)] = 0
    cursor: Cursor
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = PAGE_MAX


class MessageWanted(Asked):
    client_id: Annotated[
        str, Field(min_length=1, max_length=KEY_LENGTH_MAX, pattern=r"^[A-Za-z0-9._:-]+$",
                   description=N_("Chosen by the sender: the same one twice is sent once."))
    ]  # fmt: skip
    text: Annotated[Text, Field(min_length=1, max_length=MESSAGE_LENGTH_MAX)]
    reply_to: Id | None = None


class RecommendationsWanted(Asked):
    question: Annotated[
        Text, Field(max_length=QUESTION_LENGTH_MAX, description=N_("Left out: who fits the signed-in person."))
    ] = ""
    field: ShortName
    zone: Zone | None = None
    limit: Annotated[int, Field(ge=1, le=RECOMMENDED_MAX)] = 3


class Scores(Asked):
    accuracy: Score
    clarity: Score
    actionable: Score
    boundaries: Score
    punctual: Score


class FeedbackWanted(Asked):
    booking_id: Id
    scores: Scores
    nps: Annotated[int, Field(ge=0, le=10, description=N_("How likely you are to recommend us."))]
    solved: Literal["yes", "partly", "no"]
    words: Annotated[Text, Field(max_length=WORDS_LENGTH_MAX)] = ""
    public: bool = True


class InteractionWanted(Asked):
    id: Annotated[
        str, Field(min_length=1, max_length=INTERACTION_ID_LENGTH_MAX, pattern=r"^[A-Za-z0-9._:-]+$",
                   description=N_("Chosen by whoever saw it: the same one twice is kept once."))
    ]  # fmt: skip
    kind: Literal[
        "view", "click", "search", "question", "save", "dismiss", "booking", "payment", "session", "cancellation",
        "feedback",
    ]  # fmt: skip
    subject: Annotated[
        Text, Field(min_length=1, max_length=SUBJECT_LENGTH_MAX,
                    description=N_("Such as consultant:ID, field:legal or page:/consultants."))
    ]  # fmt: skip
    text: Annotated[Text, Field(max_length=QUESTION_LENGTH_MAX)] = ""
    at: Instant


class InteractionsWanted(Asked):
    events: Annotated[list[InteractionWanted], Field(min_length=1, max_length=BATCH_MAX)]


class AnswerWanted(Asked):
    question: Annotated[Text, Field(max_length=ASSISTANT_QUESTION_LENGTH_MAX)]
    conversation_id: Annotated[Id | None, Field(description=N_("Goes on with a conversation, or names a new one."))] = (
        None
    )
    question_id: Annotated[Id | None, Field(description=N_("Chosen by you: the same one twice is kept once."))] = None


class HandOverWanted(Asked):
    conversation_id: Id
    note: Annotated[Text, Field(max_length=HAND_OVER_NOTE_LENGTH_MAX)] = ""
