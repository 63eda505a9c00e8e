"""The decision vectors through `decide()`, and that the set is as complete as it says."""

from collections import Counter
from itertools import pairwise

import pytest

from kiosk.core.clock import parse_utc
from kiosk.core.identifiers import UntrustedIdentifier, canonical_identifier
from kiosk.core.model import Credential, Product, Schedule, Tier
from kiosk.core.records import DenyReason, GrantReason
from tests.support.simulated_box import run_decide
from tests.support.vectors import Given, Step, Vector, load_vectors

VECTORS = load_vectors()
NEVER_DECIDED = {"other"}
NOT_AT_A_GATE = NEVER_DECIDED | {"read_failed", "journal_unavailable"}
NOT_IN_A_TRACE = NOT_AT_A_GATE | {"lockdown", "emergency", "ok_forced", "roster_too_old", "ok_stale"}


@pytest.mark.proves("R39", "R45", "R46", "S07", "S14", "S15", "S23", "S28", "S29", "S35", "S36", "S39")
@pytest.mark.parametrize("vector", VECTORS, ids=[f"{vector.family}: {vector.name}" for vector in VECTORS])
def test_decide_gives_the_reason_of_every_step(vector: Vector) -> None:
    for step, decision in run_decide(vector):
        assert (decision.event.reason, decision.granted) == (step.expect, step.granted), f"at {step.at}"
        if step.uses is not None:
            assert (decision.event.entitlement or "") == step.uses, f"at {step.at}"
        if step.clock is not None:
            assert decision.event.clock is step.clock, f"at {step.at}"


def test_there_are_at_least_two_hundred_vectors_each_with_a_name_of_its_own() -> None:
    assert len(VECTORS) >= 220
    assert [name for name, count in Counter(vector.name for vector in VECTORS).items() if count > 1] == []


@pytest.mark.parametrize(
    ("by", "out_of_reach"), [("decide", NEVER_DECIDED), ("gate", NOT_AT_A_GATE), ("replay", NOT_IN_A_TRACE)]
)
def test_every_reason_is_the_answer_of_some_vector(by: str, out_of_reach: set[str]) -> None:
    met = {step.expect for vector in VECTORS if by in vector.by for step in vector.taps}
    assert met == {*DenyReason, *GrantReason} - out_of_reach


@pytest.mark.parametrize("number", range(1, 15))
def test_every_gate_scenario_has_a_vector(number: int) -> None:
    assert any(vector.source == f"G{number:02d}" and vector.name.startswith(vector.source) for vector in VECTORS)


def test_most_vectors_run_at_the_gate_and_in_a_trace_too() -> None:
    counts = Counter(way for vector in VECTORS for way in vector.by)
    assert counts["decide"] == len(VECTORS)
    assert counts["gate"] >= 400
    assert counts["replay"] >= 350


def test_what_a_gate_cannot_bring_about_is_left_to_decide() -> None:
    for vector in VECTORS:
        if vector.uploads or any(step.given for step in vector.taps):
            assert vector.by == ("decide",), vector.name


def test_what_a_trace_cannot_tell_is_not_asked_of_replay() -> None:
    for vector in VECTORS:
        told = all(step.taken and not step.release and not step.command for step in vector.steps)
        assert "replay" not in vector.by or (told and vector.head is None), vector.name


def test_vectors_that_need_a_box_to_themselves_say_so() -> None:
    for vector in VECTORS:
        shared = any(step.command or not step.taken or step.access_point == "sauna" for step in vector.steps)
        assert vector.alone or "gate" not in vector.by or not (shared or vector.head), vector.name


def test_no_two_vectors_share_a_card() -> None:
    owners: dict[str, set[str]] = {}
    for vector in VECTORS:
        for step in vector.taps:
            owners.setdefault(_identity(step), set()).add(vector.name)
    owners.pop("")
    assert {card: names for card, names in owners.items() if len(names) > 1} == {}


def test_time_goes_forward_within_a_vector() -> None:
    for vector in VECTORS:
        times = [parse_utc(step.at) for step in vector.steps]
        forward = all(earlier < later for earlier, later in pairwise(times))
        assert forward or vector.alone, vector.name


def test_nothing_of_the_building_stands_there_unused() -> None:
    points, products, schedules, tiers = set(), set(), set(), set()
    for vector in VECTORS:
        rows = vector.policy()
        points |= {step.access_point for step in vector.taps}
        for card in (row for row in vector.rows if isinstance(row, Credential)):
            tiers.add(card.tier)
            held = [each.product for each in card.entitlements]
            held += rows.tiers[card.tier].products if card.tier in rows.tiers else ()
            products.update(held)
            schedules |= {rows.products[each].schedule for each in held if each in rows.products}
    schedules |= {point.schedule for point in VECTORS[0].points}
    assert {point.id for point in VECTORS[0].points} <= points
    assert {row.id for row in VECTORS[0].rows if isinstance(row, Product)} <= products
    assert {row.id for row in VECTORS[0].rows if isinstance(row, Schedule)} <= schedules
    assert {row.id for row in VECTORS[0].rows if isinstance(row, Tier)} <= tiers


def _identity(step: Step) -> str:
    try:
        return canonical_identifier(step.identifier, (step.given or Given()).number)
    except UntrustedIdentifier:
        return ""
