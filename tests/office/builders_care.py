"""A task, a complaint, a fault, a warning, a drill and what else care has, written down so that pages show them."""

from sqlalchemy import Table, insert

from kiosk.central.care.desk_tables import (
    complaint,
    complaint_record,
    desk_step,
    device_service,
    drill,
    emergency_plan,
    fault,
    risk_warning,
    upkeep_log,
)
from kiosk.central.care.tables import (
    care_task,
    contact_log,
    lapse,
    owner_change,
    segment,
    segment_move,
    service_record,
    usage_hour,
)
from kiosk.central.care.voice_tables import feedback, general_meeting, survey, vote
from kiosk.central.club.reservation_tables import reservation, training_plan
from kiosk.central.club.tables import notice
from kiosk.central.database import Database
from kiosk.central.tables import roster_row
from kiosk.core.board import Announcement
from kiosk.core.codec import canonical
from kiosk.core.roster import encode_row, row_key
from tests.office.builders import JOURNAL, MEMBER, STORED_AT

COMPLAINT, FAULT, DRILL, LAPSE, OWNER_CHANGE, SURVEY, FEEDBACK, VOTE = (f"{each}d" * 8 for each in "12345678")
RESERVATION, TRAINING = "9d" * 8, "ad" * 8
TASK, WARNING, DEVICE = f"monthly_call.{MEMBER}.2026-11", "complaints.2026-11-01", "north-1"

CALL = 900
ANNOUNCED = Announcement("bd" * 8, "周一闭馆", "Closed on Mondays")

CARE_IDS = {
    "task": TASK,
    "complaint": COMPLAINT,
    "fault": FAULT,
    "device": DEVICE,
    "warning": WARNING,
    "drill": DRILL,
    "lapse": LAPSE,
    "change": OWNER_CHANGE,
    "survey": SURVEY,
    "feedback": FEEDBACK,
    "vote": VOTE,
    "call": str(CALL),
    "announcement": ANNOUNCED.id,
    "reservation": RESERVATION,
    "training": TRAINING,
}
"""What `fill_care` writes down, as paths name it."""


def fill_care(database: Database) -> None:
    """Write one of each down, about the first member and the device."""
    with database.begin() as connection:

        def put(table: Table, **row: object) -> None:
            connection.execute(insert(table).values(**row))

        put(care_task, key=TASK, kind="monthly_call", member=MEMBER, owner="", period="2026-11", state="open",
            opens_on="2026-11-01", due_on="2026-11-30", look_first="[]")  # fmt: skip
        put(contact_log, member=MEMBER, at=STORED_AT, by="s1", way="phone", outcome="reached", topics="{}", words="好")
        put(segment, member=MEMBER, value=40, spend_minor=1000, visits=3, referrals=0, joined_on="2025-01-10",
            signs="[]", declines="[]", since="2026-01-10", looked_on="2026-11-22", contribution="a",
            **{"class": "regular"})  # fmt: skip
        put(segment_move, member=MEMBER, on="2026-01-10", class_from="", class_to="regular")
        put(lapse, id=LAPSE, member=MEMBER, state="reason_asked", reason="busy", listed_on="2026-10-01")
        put(usage_hour, day="2026-11-20", site="demo", area="pool", hour=9, band="30-44", passages=7)
        put(owner_change, id=OWNER_CHANGE, member=MEMBER, owner_from="", owner_to="s2", state="requested",
            asked_by="s1", paper="A-1", agreed_by="[]", leaver=False, at=STORED_AT)  # fmt: skip
        put(complaint, id=COMPLAINT, state="received", channel="on_site", priority="normal", member=MEMBER,
            words="进不了门", received_by="s1", received_at=STORED_AT, due_at="2026-11-23T08:31:07.800Z")  # fmt: skip
        put(complaint_record, complaint=COMPLAINT, journal=JOURNAL, seq=1)
        put(desk_step, thing="complaint", thing_id=COMPLAINT, action="receive", at=STORED_AT, by="s1", words="")
        put(fault, id=FAULT, device=DEVICE, state="graded", grade="major", what="读卡器不亮", reported_by="s1",
            reported_at=STORED_AT)  # fmt: skip
        put(device_service, device=DEVICE, accepted_on="2026-01-01", in_use_since="2026-01-01", contract_part_minor=0)
        put(upkeep_log, key=f"{DEVICE}.2026-10", device=DEVICE, done_on="2026-10-05", by="s1", found='{"clean":true}',
            faults="[]")  # fmt: skip
        put(risk_warning, key=WARNING, risk="disputes", indicator="complaints_open", state="raised", value=20,
            at_least=20, raised_at=STORED_AT)  # fmt: skip
        put(emergency_plan, version=1, parts='{"medical":"急救箱在前台"}', by="s1", from_on="2026-01-01")
        put(drill, id=DRILL, site="demo", state="planned", plan_version=1, planned_on="2026-12-01", planned_by="s1")
        asked = canonical([{"code": "服务", "kind": "grade", "choices": []}]).decode()
        put(survey, id=SURVEY, kind="general", year=2026, title="服务满意度", state="draft", questions=asked,
            made_by="s1", made_on="2026-11-01")  # fmt: skip
        put(feedback, id=FEEDBACK, state="received", member=MEMBER, channel="mailbox", words="多放几把椅子",
            received_at=STORED_AT, due_on="2026-12-06")  # fmt: skip
        put(service_record, member=MEMBER, on="2026-11-20", service="球拍穿线", minutes=30, fee_minor=4000, by="s1",
            noted_by="s1", at=STORED_AT)  # fmt: skip
        put(general_meeting, year=2026, on="2026-12-20", place="礼堂", noted_by="s1", noted_at=STORED_AT)
        put(training_plan, id=TRAINING, member=MEMBER, name="游泳入门", coach="陈教练", made_by="s1",
            made_on="2026-11-20")  # fmt: skip
        put(reservation, id=RESERVATION, member=MEMBER, area="pool", day="2026-11-22", opens="10:00", closes="11:00",
            training=TRAINING, state="booked", made_by="s1", made_at=STORED_AT)  # fmt: skip
        put(notice, id=CALL, topic="kiosk_help.hall-1.c1", channel="office", template="kiosk_help", language="zh",
            address="", data='{"device":"hall-1","site":"demo"}', due_at=STORED_AT, state="due", tries=0,
            error="")  # fmt: skip
        put(roster_row, key=row_key(ANNOUNCED), body=encode_row(ANNOUNCED))
        put(vote, id=VOTE, title="秋游去哪里", choices='["山","海"]', state="draft", made_by="s1", made_on="2026-11-01")
