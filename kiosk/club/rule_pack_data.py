"""The packs that come along: China's figures as they could be read, each with its source and how sure it is.

Amounts in fen. A text that could not be confirmed to exist is not here.
"""

from datetime import date

from kiosk.club.rule_packs import Confidence, Figure, FigureKind, Pack, Trade

_HIGH, _MEDIUM = Confidence.HIGH, Confidence.MEDIUM
_K = FigureKind

PACKS: tuple[Pack, ...] = (
    Pack(
        code="cn_single_purpose_card",
        city="",
        trades=(Trade.RETAIL, Trade.CATERING, Trade.RESIDENT_SERVICES),
        since=date(2012, 11, 1),
        source="国办发〔2011〕25号; 商务部令2012年第9号",
        figures=(
            Figure(_K.NAMED_CARD_MINOR, 500_000, _HIGH),
            Figure(_K.UNNAMED_CARD_MINOR, 100_000, _HIGH),
            Figure(_K.IDENTITY_FROM_MINOR, 1_000_000, _HIGH),
            Figure(_K.RECORDS_YEARS, 5, _HIGH),
            Figure(_K.CASH_ORGANISATION_BELOW_MINOR, 500_000, _HIGH),
            Figure(_K.CASH_PERSON_BELOW_MINOR, 5_000_000, _HIGH),
            Figure(_K.UNNAMED_VALID_MONTHS, 36, _HIGH),
            Figure(_K.CASH_REFUND_MINOR, 10_000, _MEDIUM, "21"),
            Figure(_K.ESCROW_PERCENT, 20, _HIGH, "26"),
        ),
    ),
    Pack(
        code="cn_pool_retail",
        city="",
        trades=(Trade.RETAIL, Trade.CATERING),
        since=date(2012, 11, 1),
        source="商务部令2012年第9号, by a sample policy",
        figures=(Figure(_K.POOL_OF_REVENUE_PERCENT, 40, _MEDIUM),),
    ),
    Pack(
        code="cn_pool_services",
        city="",
        trades=(Trade.RESIDENT_SERVICES,),
        since=date(2012, 11, 1),
        source="商务部令2012年第9号, by a sample policy",
        figures=(Figure(_K.POOL_OF_REVENUE_PERCENT, 100, _MEDIUM),),
    ),
    Pack(
        code="cn_supreme_court_2025",
        city="",
        trades=(Trade.ANY,),
        since=date(2025, 5, 1),
        source="法释〔2025〕4号",
        figures=(Figure(_K.COOLING_OFF_DAYS, 7, _HIGH),),
    ),
    Pack(
        code="shanghai_fitness_2025",
        city="shanghai",
        trades=(Trade.FITNESS,),
        since=date(2025, 3, 1),
        source="沪体规文〔2025〕1号",
        figures=(
            Figure(_K.MEMBERSHIP_MINOR, 500_000, _HIGH, "8"),
            Figure(_K.MEMBERSHIP_MONTHS, 24, _HIGH, "8"),
            Figure(_K.LESSONS_MINOR, 2_000_000, _HIGH, "8"),
            Figure(_K.LESSONS_COUNT, 60, _HIGH, "8"),
            Figure(_K.STORED_VALUE_MINOR, 500_000, _HIGH, "8"),
            Figure(_K.PERSON_TOTAL_MINOR, 2_000_000, _HIGH, "8"),
            Figure(_K.COOLING_OFF_DAYS, 7, _HIGH),
        ),
    ),
    Pack(
        code="shanghai_all_2019",
        city="shanghai",
        trades=(Trade.ANY,),
        since=date(2019, 1, 1),
        source="Shanghai's measures of 2019, under revision",
        figures=(
            Figure(_K.ESCROW_ABOVE_MINOR, 20_000_000, _MEDIUM),
            Figure(_K.ESCROW_PERCENT, 40, _MEDIUM),
            Figure(_K.CLOSING_NOTICE_DAYS, 30, _MEDIUM),
        ),
    ),
    Pack(
        code="jiangsu_fitness_2023",
        city="jiangsu",
        trades=(Trade.FITNESS,),
        since=date(2023, 11, 1),
        source="Jiangsu's fitness measures of November 2023, by a news report",
        figures=(
            Figure(_K.NAMED_CARD_MINOR, 500_000, _MEDIUM),
            Figure(_K.UNNAMED_CARD_MINOR, 100_000, _MEDIUM),
            Figure(_K.BEFORE_START_MONTHS, 1, _MEDIUM),
            Figure(_K.POOL_OF_REVENUE_PERCENT, 100, _MEDIUM),
        ),
    ),
    Pack(
        code="beijing_youth_sport_2023",
        city="beijing",
        trades=(Trade.YOUTH_SPORT,),
        since=date(2023, 4, 1),
        source="Beijing's measures for youth sport of April 2023, by a news report",
        figures=(
            Figure(_K.LESSONS_MONTHS, 3, _MEDIUM),
            Figure(_K.LESSONS_COUNT, 60, _MEDIUM),
            Figure(_K.LESSONS_MINOR, 500_000, _MEDIUM),
            Figure(_K.ESCROW_PERCENT, 100, _MEDIUM),
        ),
    ),
)
"""Every pack that comes along; a club chooses by code (`packs.chosen`)."""
