"""How long to rest after failures in a row."""


def back_off_s(span_s: tuple[float, float], failures: int) -> float:
    """Return the shortest rest of a span, twice as long for each failure before, and never more than the longest."""
    shortest_s, longest_s = span_s
    return min(shortest_s * 2.0 ** min(failures, 32), longest_s)
