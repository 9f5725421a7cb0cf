from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class MatterAnswered(Event):
    """The desk answered a complaint or a suggestion."""

    matter_id: str
    person_id: str


@dataclass(frozen=True, kw_only=True)
class HelpAsked(Event):
    """Two weeks after a session its client is asked whether it helped."""

    booking_id: str
    client_id: str
    consultant_id: str


@dataclass(frozen=True, kw_only=True)
class CampaignSent(Event):
    """It is someone's turn in a campaign: they agreed to be written to and are not held out. The words are the house's."""

    campaign_id: str
    person_id: str
    text_zh: str
    text_en: str
    code: str
