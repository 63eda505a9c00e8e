"""What sync counts for whoever watches it. Labels come from fixed lists, never out of a message."""

from prometheus_client import Counter, Gauge

from kiosk.core.errors import MessageRejected

CAUSES = {
    "signature does not hold": "forged",
    "message without signature": "unsigned",
    "schema": "schema",
    "meant for site": "other_site",
    "older": "older",
    "delta": "delta",
    "roster part": "part",
    "payload of": "oversize",
    "payload is": "malformed",
    "not a": "malformed",
    "not JSON": "malformed",
}
"""How a rejection begins, and the cause it counts under; any other counts as `other`."""

rejected = Counter("kiosk_sync_rejected", "Messages sync did not take, by topic leaf and cause", ["leaf", "cause"])
failures = Counter("kiosk_sync_failures", "Work of the loop that failed and is tried again")
connects = Counter("kiosk_sync_connects", "Connections to the broker made")
unsent = Gauge("kiosk_sync_unsent_records", "Records central has not confirmed, by the journal's owner", ["owner"])
revision = Gauge("kiosk_sync_roster_revision", "The roster revision that is held")
given_up = Counter("kiosk_sync_questions_given_up", "Questions to central that nobody answered in time")
unheard = Counter("kiosk_sync_central_unheard", "Questions of neighbours that nobody answered, by why", ["why"])
overrun = Counter("kiosk_sync_commands_overrun", "Commands refused because too many waited")
no_room = Counter("kiosk_sync_snapshot_no_room", "Times a roster snapshot was put off because the disk is too full")
link = Gauge("kiosk_sync_link_events", "How often what happened to the connection since the start", ["what"])
roster_age = Gauge("kiosk_sync_roster_age_seconds", "Time since the held roster was last signed as the newest")


def count_rejected(leaf: str, error: MessageRejected) -> None:
    """Count a message that was not taken."""
    cause = next((cause for start, cause in CAUSES.items() if error.message.startswith(start)), "other")
    rejected.labels(leaf, cause).inc()
