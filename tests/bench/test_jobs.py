"""The jobs benchmark over a small club: the books hold, jobs run through, pages open, figures are figures."""

from kiosk.bench.jobs import run
from kiosk.wiring_club import nightly_jobs

MEMBERS, RECORDS = 60, 600


def test_every_job_of_two_nights_runs_through_over_the_club_that_is_written():
    result = run(MEMBERS, RECORDS, "")
    filled, pages = result.raw["filled"], result.raw["pages"]
    assert (filled["members"], filled["records"]) == (MEMBERS, RECORDS)
    assert filled["postings"] > 10 * MEMBERS
    for night in result.raw["nights"].values():
        assert night["jobs"].keys() == {each.name for each in nightly_jobs()}
        assert night["errors"] == {}
        assert 0 < max(night["longest_s"].values()) < night["seconds"]
        assert night["peak_mb"] > 1
    assert "/money-reports/revenue" in pages
    assert all(seconds > 0 for seconds in pages.values())
