"""Which care tasks there are and in which rhythm they come: the numbers of the regulation (S67, R108–R117)."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.completeness import YearDay


class TaskKind(StrEnum):
    """What a task asks for. Wire format."""

    NEW_CALL = "new_call"
    NEW_LIST = "new_list"
    MONTHLY_CALL = "monthly_call"
    NO_VISIT = "no_visit"
    NO_PURCHASE = "no_purchase"
    DECLINE_CALL = "decline_call"
    QUOTA_CALL = "quota_call"
    CONFIRM_CALL = "confirm_call"
    YEAR_END_SURVEY = "year_end_survey"


class Topic(StrEnum):
    """What a call-back of the month's number talks about (R115). Wire format."""

    SERVICE = "service"
    ENVIRONMENT = "environment"
    PRICES = "prices"
    OPINIONS = "opinions"
    SATISFACTION = "satisfaction"


class ContactWay(StrEnum):
    """How staff and a member talked (S70). Wire format."""

    PHONE = "phone"
    ON_SITE = "on_site"
    MESSAGE = "message"
    EMAIL = "email"
    LETTER = "letter"


class CareRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By when each task is to be done, and what it asks."""

    new_call_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days after the first purchase by which a new member is called.",
            extra={"source": "R110, seeds 003:205–206, 003:346"},
        ),
    ] = 7
    new_list_days: Annotated[
        int,
        Meta(
            ge=0,
            le=6,
            description="Days after Monday by which last week's new members are counted, checked and told their "
            "rights. The seeds say weekly: until Sunday.",
            extra={"source": "R111, seeds 003:206, 003:347"},
        ),
    ] = 6
    silence_call_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days for a call after three months without a visit or six without a purchase. The seeds let "
            "staff set the time: by then it is set and held.",
            extra={"source": "R108, R109, seeds 003:206–207"},
        ),
    ] = 14
    decline_call_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days for a call after a decline. No number in the seeds.",
            extra={"source": "R114, seeds 003:204"},
        ),
    ] = 7
    quota_per_month: Annotated[
        int,
        Meta(
            ge=0,
            description="Call-backs a month. The seeds say `a fixed number`: 20 until the club sets one.",
            extra={"source": "R115, seeds 003:348"},
        ),
    ] = 20
    topics: Annotated[
        tuple[Topic, ...],
        Meta(description="What each of them asks about.", extra={"source": "R115, seeds 003:348"}),
    ] = tuple(Topic)
    confirm_call_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days for a call after the last day on which a member was to confirm own data. No seed.",
            extra={"source": "R116, seeds 003:9"},
        ),
    ] = 14
    survey_on: Annotated[
        YearDay,
        Meta(
            description="From which day on the year's one questionnaire is made. The seeds say at year-end.",
            extra={"source": "R117, seeds 003:149"},
        ),
    ] = YearDay(12, 1)
    tries: Annotated[
        int,
        Meta(
            ge=1,
            description="Fruitless calls after which a task may be closed as not reached. No number in the seeds.",
            extra={"source": "S67, S70"},
        ),
    ] = 3
