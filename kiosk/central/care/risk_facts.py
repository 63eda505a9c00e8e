"""What is counted of the streams for the risks: one number an indicator, as of now (S91, R133, R134)."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select

from kiosk.central.care import complaints
from kiosk.central.care.complaint_facts import OVER
from kiosk.central.care.desk_tables import complaint, fault
from kiosk.central.care.faults import OVER as MENDED
from kiosk.central.care.segments import class_counts
from kiosk.central.care.tables import segment_move
from kiosk.central.care.upkeep import upkeep_now
from kiosk.central.club.books import Look
from kiosk.central.club.case_tables import card_tap
from kiosk.central.club.privacy_tables import reading
from kiosk.central.club.staff_tables import staff_failure
from kiosk.central.club.tables import audit
from kiosk.central.tables import parked
from kiosk.club.calendar import Part, span_of
from kiosk.club.complaints import Matter
from kiosk.club.faults import Grade
from kiosk.club.risks import Indicator
from kiosk.club.segments import MemberClass
from kiosk.club.upkeep import UpkeepState
from kiosk.core.clock import epoch_ms, format_utc

EXPORTS = ("list.export", "file.export")
"""Names of acts in the audit trail."""


def measured(look: Look) -> Mapping[Indicator, int]:
    """Return every indicator as it stands: of this month so far, of the last day, or of what is open now."""
    first = span_of(look.today, Part.MONTH).first
    month = format_utc(datetime.combine(first, time(), look.zone).astimezone(UTC))
    day = look.now - timedelta(days=1)
    still_open = complaint.c.state.not_in(OVER)
    refused = (card_tap.c.at_ms >= epoch_ms(day), card_tap.c.passed.is_(False))
    left = (segment_move.c.on >= first.isoformat(), segment_move.c.class_to == "")
    safety = (complaint.c.received_at >= month, complaint.c.matter == Matter.SAFETY.value)
    unmended = fault.c.state.not_in(MENDED)
    return {
        Indicator.EXPORTS: _count(look, audit, audit.c.at >= month, audit.c.action.in_(EXPORTS)),
        Indicator.SENSITIVE_LOOKS: _count(look, reading, reading.c.day >= first.isoformat()),
        Indicator.SIGN_IN_FAILURES: _count(look, staff_failure, staff_failure.c.at >= format_utc(day)),
        Indicator.PARKED_RECORDS: _count(look, parked, parked.c.state == "open"),
        Indicator.DEVICES_SILENT: _count(look, fault, unmended, fault.c.key.startswith("silent.")),
        Indicator.INJURIES: _count(look, complaint, *safety),
        Indicator.FAULTS_CRITICAL: _count(look, fault, unmended, fault.c.grade == Grade.CRITICAL.value),
        Indicator.UPKEEP_OVERDUE: sum(each.state is UpkeepState.OVERDUE for each in upkeep_now(look)),
        Indicator.DORMANT_PERMILLE: _dormant_permille(look),
        Indicator.LEFT_IN_MONTH: _count(look, segment_move, *left),
        Indicator.COMPLAINTS_OPEN: _count(look, complaint, still_open),
        Indicator.COMPLAINTS_LATE: complaints.late_count(look),
        Indicator.DENIED: _count(look, card_tap, *refused),
    }


def _dormant_permille(look: Look) -> int:
    counts = class_counts(look)
    total = sum(counts[each.value] for each in MemberClass)
    return counts[MemberClass.DORMANT.value] * 1000 // total if total else 0


def _count(look: Look, table: Table, *which: ColumnElement[Any]) -> int:
    return int(look.connection.execute(select(func.count()).select_from(table).where(*which)).scalar_one())
