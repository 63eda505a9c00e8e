"""Rosters down: verified, in order, one transaction each; what is missing is asked for."""

import logging
from collections.abc import Callable

import msgspec

from kiosk.core.clock import Clock, parse_utc
from kiosk.core.errors import InvalidInput, MessageRejected
from kiosk.core.roster import DeltaOp
from kiosk.store.book import UsedNumbers
from kiosk.store.roster import RosterState, RosterWriter
from kiosk.sync.fetching import PARTS_KIND, SnapshotFetch
from kiosk.sync.requests import Question, Questions
from kiosk.sync.trust import Trust
from kiosk.wire.messages import DenyList, Response, RosterDelta, RosterHead, Snapshot, Used

DELTAS_KIND, USED_KIND = "roster.deltas", "used"
DELTA_PATIENCE_NS = 300_000_000

_log = logging.getLogger(__name__)


class Downlink:
    """Follows the signed head of the site's roster. It never goes back, and changes only where the digest agrees."""

    def __init__(
        self, site: str, roster: RosterWriter, trust: Trust, questions: Questions, fetch: SnapshotFetch, clock: Clock,
        is_a_neighbours: Callable[[Response], bool] = lambda _response: False,
    ) -> None:  # fmt: skip
        self._is_a_neighbours = is_a_neighbours
        self._site, self._roster, self._trust = site, roster, trust
        self._questions, self._fetch, self._clock = questions, fetch, clock
        self._head: RosterHead | None = None
        self._behind_ns: int | None = None
        self._whole = False
        self._used_after = 0

    @property
    def state(self) -> RosterState:
        """What is held."""
        return self._roster.state

    @property
    def revision(self) -> int:
        """The revision that is held."""
        return self._roster.state.revision

    def connected(self) -> None:
        """Ask what other gates have seen meanwhile; heads and deny lists are retained and come by themselves."""
        self._ask_used()

    def on_head(self, payload: bytes) -> None:
        """Take a head; raises MessageRejected. Central's word on time counts even before its roster is here."""
        head, ends_change_over = self._trust.open_head(payload, RosterHead)
        self._check_site(head.site)
        if head.revision < self.revision:
            raise MessageRejected(f"older head, of revision {head.revision}: {self.revision} is held")
        try:
            issued_at = parse_utc(head.issued_at)
        except InvalidInput as error:
            raise MessageRejected(f"head with {error.message}") from error
        now_ns, boot = self._clock.monotonic_ns(), self._clock.boot_id()
        fresh = self._roster.accept_head(head.revision, head.serial, issued_at, now_ns, boot)
        if not fresh and not (self._head is None and self._roster.is_newest_head(head.revision, head.serial)):
            return
        self._head = head
        self._follow_keys(head, ends_change_over=ends_change_over)
        if self._is_behind(head) and self._behind_ns is None:
            self._behind_ns = now_ns + (DELTA_PATIENCE_NS if self.revision else 0)

    def on_delta(self, payload: bytes) -> None:
        """Take a delta that was published or asked for; raises MessageRejected."""
        self._apply(self._trust.open(payload, RosterDelta))

    def on_deny(self, payload: bytes) -> None:
        """Take a deny list; raises MessageRejected. An older one than is held changes nothing."""
        deny = self._trust.open(payload, DenyList)
        self._check_site(deny.site)
        self._roster.put_deny(deny.version, {entry.credential: entry.until_revision for entry in deny.entries})

    def on_used(self, payload: bytes) -> None:
        """Take what other gates have seen, where nothing is missing before it; raises MessageRejected."""
        used = self._trust.open(payload, Used)
        self._check_site(used.site)
        held = self._roster.state.used_version
        if used.version <= held:
            return
        if used.previous > held:
            self._ask_used()
            return
        rows = {
            (row.credential, row.entitlement): UsedNumbers(row.counts, row.area, row.area_at_ms, row.folded)
            for row in used.rows
        }
        funds = used.funds if isinstance(used.funds, tuple) else ()
        self._roster.put_used(used.version, rows, funds)

    def on_response(self, payload: bytes) -> None:
        """Take the answer to a question of ours; raises MessageRejected."""
        response = self._trust.open(payload, Response)
        question = self._questions.answered(response.id, more=response.more)
        if self._is_a_neighbours(response):
            return
        if response.ok and response.kind == "roster.part":
            self._on_part(response, question)
        elif question is not None:
            self._on_answer(response, question.kind)

    def _on_part(self, response: Response, question: Question | None) -> None:
        # Even where its question was given up the line moves, and the part is good: its name vouches for it.
        if question is None:
            self._questions.heard(PARTS_KIND)
        elif not response.more:
            self._fetch.answered(question)
        self._fetch.got(response.body)

    def _on_answer(self, response: Response, kind: str) -> None:
        if not response.ok:
            _log.warning("central did not help", extra={"kind": kind})
            self._questions.rest(kind)
            if kind == PARTS_KIND:
                self._fetch.forget()
        elif response.kind == "roster.delta":
            self.on_delta(msgspec.json.encode(response.body))
        elif response.kind == "roster.snapshot":
            self._whole = True
            self._questions.rest(DELTAS_KIND)
        elif response.kind == "used":
            self._on_used_answer(response)

    def tick(self, now_ns: int) -> None:
        """Ask for what is missing. A published delta gets a moment to arrive first."""
        head = self._head
        if head is None or not self._is_behind(head):
            self._behind_ns, self._whole = None, False
            self._fetch.forget()
            return
        if self._behind_ns is not None and now_ns >= self._behind_ns:
            self._catch_up(head)
        self._fetch.tick(now_ns)

    def next_due_ns(self) -> int | None:
        """Return when `tick` has something to do."""
        return self._behind_ns

    def on_fetched(self, name: str, snapshot: Snapshot) -> None:
        """Switch to a snapshot that was fetched and verified, none where `name` is empty; raises MessageRejected."""
        usable = False
        try:
            if name:
                self._roster.switch_snapshot(name, snapshot.revision, snapshot.digest)
                usable = True
                self._whole = False
                _log.info("roster switched", extra={"revision": snapshot.revision})
        finally:
            self._fetch.finished(usable=usable)
        self.tidy()

    def tidy(self) -> None:
        """Fold the roster's log in and delete the files of earlier rosters."""
        if not self._fetch.is_building:
            self._roster.tidy()

    def _catch_up(self, head: RosterHead) -> None:
        whole = self._whole or self.revision == 0 or head.revision == self.revision
        snapshot = head.snapshot if isinstance(head.snapshot, Snapshot) else None
        if whole and snapshot is not None and self._would_help(snapshot):
            self._fetch.want(snapshot)
        elif not self._questions.count(DELTAS_KIND):
            self._questions.ask(DELTAS_KIND, {"from": self.revision})

    def _is_behind(self, head: RosterHead) -> bool:
        return head.revision > self.revision or self._differs(head.revision, head.digest)

    def _would_help(self, snapshot: Snapshot) -> bool:
        return snapshot.revision > self.revision or self._differs(snapshot.revision, snapshot.digest)

    def _differs(self, revision: int, digest: str) -> bool:
        return revision == self.revision and digest != self._roster.state.digest

    def _apply(self, delta: RosterDelta) -> None:
        self._check_site(delta.site)
        if delta.to_revision <= self.revision:
            return
        if delta.from_revision != self.revision:
            # Something is missing before it, or it begins before what is held: only one that fits will do.
            self._behind_ns = self._clock.monotonic_ns()
            return
        try:
            ops = msgspec.convert(list(delta.ops), list[DeltaOp])
            self._roster.apply_delta(delta.from_revision, delta.to_revision, ops, delta.digest)
        except (MessageRejected, msgspec.ValidationError, ValueError) as error:
            # Whatever is wrong with it, the whole roster will put it right.
            self._whole = True
            self._behind_ns = self._clock.monotonic_ns()
            self._questions.rest(DELTAS_KIND)
            raise MessageRejected(f"delta to revision {delta.to_revision}: {error}") from error

    def _follow_keys(self, head: RosterHead, *, ends_change_over: bool) -> None:
        if ends_change_over:
            self._trust.retire()
        announced = isinstance(head.next_key, str) and self._trust.announce(head.next_key)
        if announced or ends_change_over:
            self._roster.put_central_key(self._trust.to_text())

    def _on_used_answer(self, response: Response) -> None:
        self.on_used(msgspec.json.encode(response.body))
        # One answer holds so many pages and no more: only an empty one says that nothing is left.
        told = response.body.get("rows") or response.body.get("funds")
        if not response.more and told and self._roster.state.used_version > self._used_after:
            self._ask_used()

    def _ask_used(self) -> None:
        after = self._roster.state.used_version
        if not self._questions.count(USED_KIND) and self._questions.ask(USED_KIND, {"after": after}):
            self._used_after = after

    def _check_site(self, site: str) -> None:
        if site != self._site:
            raise MessageRejected(f"meant for site {site!r}")
