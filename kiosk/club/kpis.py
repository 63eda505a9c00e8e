"""The club's figures of a span: growth, renewal, participation (R121, S89). Thousandths, rounded down; None of none."""

import msgspec


class SpanCounts(msgspec.Struct, frozen=True):
    """What was counted: members when a span began, who joined and left in it, whose paid fee period ended in it and
    who of them renewed, and of the members when it ended how many came to an activity at least once.
    """

    at_start: int
    joined: int
    left: int
    fees_due: int
    fees_renewed: int
    took_part: int


class Kpis(msgspec.Struct, frozen=True):
    """The three figures of R121, and the members at the end of the span."""

    members: int
    growth_permille: int | None
    renewal_permille: int | None
    participation_permille: int | None


def kpis_of(counts: SpanCounts) -> Kpis:
    """Return the figures of a span (R121, seeds 001:14 §03)."""
    members = counts.at_start + counts.joined - counts.left
    return Kpis(
        members,
        _permille(counts.joined - counts.left, counts.at_start),
        _permille(counts.fees_renewed, counts.fees_due),
        _permille(counts.took_part, members),
    )


def _permille(part: int, of: int) -> int | None:
    return part * 1000 // of if of > 0 else None
