"""What central counts for whoever watches it. Kinds come from fixed lists, never out of a message."""

from collections import Counter

import prometheus_client as prometheus

events = prometheus.Counter("kiosk_central_events", "What central did with messages and records, by kind", ["kind"])
leading = prometheus.Gauge("kiosk_central_leading", "Whether this process holds the leader lease")
connected = prometheus.Gauge("kiosk_central_connected", "Whether this process has a connection to the broker")
refusing = prometheus.Gauge("kiosk_central_signing_refused", "Whether this process leads and refuses to sign rosters")
waiting = prometheus.Gauge("kiosk_central_messages_waiting", "Messages that arrived and were not looked at yet")


class Counts(Counter[str]):
    """Counts by kind of one part of this process, for its health; adds up in the metrics. For one thread each."""

    def note(self, kind: str, by: int = 1) -> None:
        """Count something."""
        self[kind] += by
        events.labels(kind).inc(by)
