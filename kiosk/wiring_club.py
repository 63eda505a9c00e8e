"""Builds what the leader does for the club beside publishing: notices that leave, and the nightly jobs."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from kiosk.central.care import forgetting, risks, segments, task_job, upkeep, usage
from kiosk.central.club import (
    activity_job,
    benefits,
    coupons,
    duty,
    gift_cards,
    greeting,
    leaders,
    life_job,
    misuse,
    passage_times,
    points,
    referrals,
    reservations,
    rewards,
    stock,
    tiers,
)
from kiosk.central.club.books import Books
from kiosk.central.club.effects import take_sign_ins
from kiosk.central.club.jobs import Job, NightlyJobs
from kiosk.central.club.misuse import MisuseWatch
from kiosk.central.club.notice_settings import NoticeSettings, make_channels
from kiosk.central.club.outbox import Outbox
from kiosk.central.club.upkeep import upkeep_jobs
from kiosk.central.database import Database
from kiosk.central.lease import Lease
from kiosk.central.money.dunning import dunning_jobs
from kiosk.central.money.edge_sales import take_money
from kiosk.central.money.fees import fee_jobs
from kiosk.central.money.holds import hold_jobs
from kiosk.central.money.leases import lease_jobs
from kiosk.central.money.matching import matching_jobs
from kiosk.central.money.proof import proof_jobs
from kiosk.core.clock import Clock

NIGHTLY = (
    Job(life_job.NAME, life_job.run),
    Job(duty.JOB, duty.run),
    Job(leaders.JOB, leaders.run),
    Job(activity_job.JOB, activity_job.run),
    Job(tiers.JOB, tiers.run),
    Job(reservations.JOB, reservations.run),
    Job(benefits.JOB, benefits.run),
    Job(points.JOB, points.run),
    Job(coupons.JOB, coupons.run),
    Job(rewards.JOB, rewards.run),
    Job(referrals.JOB, referrals.run),
    Job(stock.JOB, stock.run),
    Job(gift_cards.JOB, gift_cards.run),
    Job(greeting.JOB, greeting.run),
    Job(misuse.JOB, misuse.forget),
    Job(passage_times.JOB, passage_times.forget),
    Job(segments.JOB, segments.run),
    Job(task_job.JOB, task_job.run),
    Job(usage.JOB, usage.run),
    Job(upkeep.JOB, upkeep.run),
    Job(risks.JOB, risks.run),
    Job(forgetting.JOB, forgetting.run),
)
"""In this order within a day: who is a member comes before what members get, and classes before tasks and risks."""


EFFECTS = (take_sign_ins, take_money)
"""What the club takes of records beside passages, in the projection's own transaction."""


def make_outbox(
    settings: NoticeSettings, path: Callable[[str], Path], database: Database, lease: Lease, clock: Clock
) -> Outbox:
    """Return the duty that sends notices by the configured channels; raises ConfigError."""
    return Outbox(database, lease, clock, make_channels(settings, path))


def make_nightly(
    database: Database, lease: Lease, clock: Clock, hour: int, clock_apart_max: timedelta, seals: Path
) -> NightlyJobs:
    """Return the duty that runs the club's jobs once a night; `seals` is the file for seals outside the database."""
    jobs = nightly_jobs(seals)
    return NightlyJobs(Books(database, clock), lease, jobs, hour=hour, clock_apart_max=clock_apart_max)


def nightly_jobs(seals: Path | None = None) -> tuple[Job, ...]:
    """Return every job of the night in its order."""
    fees = (*fee_jobs(), *dunning_jobs())
    return (*NIGHTLY, *fees, *upkeep_jobs(), *hold_jobs(), *lease_jobs(), *proof_jobs(seals), *matching_jobs())


def make_watch(database: Database, lease: Lease, clock: Clock, busy: Callable[[], bool]) -> MisuseWatch:
    """Return the duty that looks for cards in two places at once, while no backlog comes in."""
    return MisuseWatch(Books(database, clock), lease, busy)
