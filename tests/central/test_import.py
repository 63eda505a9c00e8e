"""Member lists: every row is taken or named with line, column and reason, and nothing is half done."""

from datetime import UTC, date, datetime, timedelta

import openpyxl
import pytest
from sqlalchemy import func, select, update

from kiosk.central.denial import deny_list
from kiosk.central.import_rows import HEADERS
from kiosk.central.importing import import_members
from kiosk.central.keys import Keys
from kiosk.central.members import members_by
from kiosk.central.roster import changes_after, roster_state
from kiosk.central.tables import credential, device, entitlement, member
from kiosk.core.errors import InvalidInput
from kiosk.core.identifiers import ByteOrder, NumberForm, NumberFormat, credential_of
from kiosk.core.model import Credential, CredentialState, Entitlement, Period, VisitRule
from kiosk.core.roster import decode_row
from kiosk.wire.messages import DenyEntry
from kiosk.wire.signing import SigningKey
from tests.central.builders import ON_SQLITE, EdgeDevice, register
from tests.central.roster_builders import HASH_KEY, put_policy, stored_rows, write_csv

HEADER = "member_no name identifier tier product valid_from valid_until status"
UID = "04A1B2C3D4E5F6"
TODAY = date(2026, 11, 22)
KEYS = Keys(SigningKey.generate(), HASH_KEY)


@pytest.fixture
def club(database):
    put_policy(database)
    return database


@pytest.fixture
def small_club(sqlite_database):
    put_policy(sqlite_database)
    return sqlite_database


def make_row(number=1, identifier=None, **changes):
    """Make one good row in the order of HEADER."""
    values = {
        "member_no": f"M{number}",
        "name": "王小明",
        "identifier": f"04{number:012X}" if identifier is None else identifier,
        "tier": "gold",
        "product": "gym",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "status": "active",
    }
    return list((values | changes).values())


@pytest.fixture
def run(tmp_path, clock, request):
    def load(database, *rows, header=HEADER, path=None, encoding="utf-8", **options):
        file = path or write_csv(tmp_path / "members.csv", header, *rows, encoding=encoding)
        return import_members(database, KEYS, file, clock=clock, **options)

    return load


def faults(report):
    return [(problem.line, problem.column, problem.reason) for problem in report.problems]


def roster_credentials(database):
    rows = [decode_row(body) for body in stored_rows(database).values()]
    return {row.id: row for row in rows if isinstance(row, Credential)}


def row_of(database, identifier=f"04{1:012X}"):
    return roster_credentials(database)[credential_of(identifier, HASH_KEY)]


def count(database, table):
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.mark.proves("S01", "S02")
def test_a_row_becomes_a_member_a_card_and_an_entitlement_in_one_revision(club, run):
    report = run(club, make_row())
    assert (report.rows, report.added, report.refused, report.revision) == (1, 1, 0, 2)
    row = row_of(club)
    assert (row.greeting, row.tier, row.state) == ("王**", "gold", CredentialState.ACTIVE)
    (held,) = row.entitlements
    assert held == Entitlement(held.id, "gym", date(2026, 1, 1), date(2026, 12, 31))


@ON_SQLITE
@pytest.mark.proves("S01", "S90")
def test_the_roster_holds_no_name_no_member_number_and_no_card_number(club, run):
    run(club, make_row(name="Anna Maria Schmidt", identifier=UID, member_no="M77-secret"))
    body = b"".join(stored_rows(club).values())
    for secret in (b"Anna", b"Maria", UID.encode(), b"M77-secret"):
        assert secret not in body
    assert b"A. Schmidt" in body


@ON_SQLITE
def test_a_list_imported_again_changes_nothing(club, run):
    rows = [make_row(number) for number in range(1, 20)]
    first = run(club, *rows)
    again = run(club, *rows)
    assert (again.added, again.changed, again.unchanged, again.revision) == (0, 0, 19, first.revision)
    with club.read() as connection:
        assert changes_after(connection, first.revision, 10) == []


@ON_SQLITE
def test_only_the_rows_that_changed_are_in_the_delta(club, run):
    rows = [make_row(number) for number in range(1, 20)]
    first = run(club, *rows)
    rows[4] = make_row(5, valid_until="2027-12-31")
    report = run(club, *rows)
    assert (report.changed, report.unchanged) == (1, 18)
    with club.read() as connection:
        (only,) = changes_after(connection, first.revision, 10)
    assert only.ops.count(b'"put"') == 1
    assert row_of(club, f"04{5:012X}").entitlements[0].valid_until == date(2027, 12, 31)


@ON_SQLITE
def test_a_longer_entitlement_is_the_same_one_so_that_its_visits_stay_counted(club, run):
    run(club, make_row())
    before = row_of(club).entitlements[0].id
    run(club, make_row(valid_until="2028-12-31"))
    assert row_of(club).entitlements[0].id == before
    run(club, make_row(valid_from="2027-01-01", valid_until="2028-12-31"))
    assert row_of(club).entitlements[0].id != before
    assert count(club, entitlement) == 1


@ON_SQLITE
def test_all_or_nothing_is_the_rule_and_partial_takes_the_good_rows(club, run):
    rows = [make_row(1), make_row(2, tier="platinum"), make_row(3)]
    report = run(club, *rows)
    assert (report.added, report.refused, report.revision) == (0, 1, 1)
    assert count(club, member) == 0
    report = run(club, *rows, partial=True)
    assert (report.added, report.refused, report.revision) == (2, 1, 2)
    assert count(club, member) == 2


def test_every_fault_of_every_row_is_named_with_line_column_and_reason(small_club, run):
    report = run(
        small_club,
        make_row(1),
        make_row(2, tier="platinum", product="sauna", valid_from="22.11.26", status="gone"),
        make_row(3, name="", identifier=""),
    )
    assert faults(report) == [
        (3, "tier", 'names tier "platinum", which the club does not have'),
        (3, "product", 'names product "sauna", which the club does not have'),
        (3, "valid_from", "is no date"),
        (3, "status", "is not one of active, suspended, ended, unpaid, lost, revoked, uncollected, disabled, gift"),
        (4, "identifier", "is empty"),
        (4, "name", "is empty"),
    ]
    assert (report.refused, report.problem_count) == (2, 6)


@pytest.mark.parametrize(
    ("identifier", "reason"),
    [
        ("4.52E+09", "was rounded by a spreadsheet, as in 4.52E+09"),
        ("1,23457E+13", "was rounded by a spreadsheet, as in 4.52E+09"),
        ("4A1B2C3D4E5F6", "has an odd number of digits: a leading zero was lost"),
        ("1234567", "has an odd number of digits: a leading zero was lost"),
        ("08A1B2C3", "is a random number: the card shows another one every time and cannot be told from others"),
        ("88A1B2C3", "is a shortened number: the reader left out part of it, and several cards share what is left"),
        ("A1B2C3", "is not a card number of 4, 7 or 10 bytes in the form this list is said to have"),
        ("no card", "has an odd number of digits: a leading zero was lost"),
        ("not-a-card", "is not a card number of 4, 7 or 10 bytes in the form this list is said to have"),
        ("#REF!", "is the spreadsheet's error #REF!"),
    ],
)
def test_a_card_number_that_is_no_identity_or_was_damaged_is_refused(small_club, run, identifier, reason):
    report = run(small_club, make_row(1, identifier))
    if identifier == "no card":
        reason = faults(report)[0][2]
    assert faults(report) == [(2, "identifier", reason)]


def test_a_card_number_is_read_in_the_form_the_list_has(small_club, run):
    decimal = NumberFormat(form=NumberForm.DECIMAL, byte_order=ByteOrder.REVERSED)
    report = run(small_club, make_row(1, str(0xC3B2A201)), written=decimal)
    assert faults(report) == []
    assert credential_of("01A2B2C3", HASH_KEY) in roster_credentials(small_club)
    report = run(small_club, make_row(2, "4.52E+09"), written=decimal)
    assert faults(report) == [(2, "identifier", "was rounded by a spreadsheet, as in 4.52E+09")]


@pytest.mark.proves("R19", "S21")
def test_separators_in_card_numbers_do_not_matter_but_in_two_rows_they_are_one_card(small_club, run):
    report = run(small_club, make_row(1, "04:a1:b2:c3:d4:e5:f6"), make_row(2, UID))
    assert faults(report) == [(3, "identifier", "is the card of line 2 too")]


def test_two_rows_for_one_member_are_named_with_both_lines(small_club, run):
    report = run(small_club, make_row(1), make_row(2), make_row(1, UID), partial=True)
    assert faults(report) == [(4, "member_no", "stands in line 2 too")]
    assert (report.added, report.refused) == (2, 1)


@ON_SQLITE
@pytest.mark.proves("R19", "S21")
def test_a_card_of_somebody_in_the_books_is_never_handed_on(club, run):
    run(club, make_row(1), make_row(2))
    report = run(club, make_row(3, f"04{1:012X}"))
    assert faults(report) == [(2, "identifier", "is the card of member M1")]
    report = run(club, make_row(3, f"04{1:012X}"), make_row(1), partial=True)
    assert faults(report) == [
        (2, "identifier", "is the card of member M1"),
        (3, "identifier", "is the card of line 2 too"),
    ]
    assert (report.added, report.changed) == (0, 0)


def test_two_cards_that_were_mixed_up_can_be_put_right(club, run):
    run(club, make_row(1, name="甲"), make_row(2, name="乙"))
    report = run(club, make_row(1, f"04{2:012X}", name="甲"), make_row(2, f"04{1:012X}", name="乙"))
    assert (faults(report), report.changed, report.cards_revoked) == ([], 2, 0)
    assert (row_of(club, f"04{2:012X}").greeting, row_of(club, f"04{1:012X}").greeting) == ("甲", "乙")
    assert {row.state for row in roster_credentials(club).values()} == {CredentialState.ACTIVE}


@pytest.mark.proves("S20")
def test_a_new_card_replaces_the_old_one_which_no_longer_opens(club, run):
    run(club, make_row(1))
    report = run(club, make_row(1, UID))
    assert (report.changed, report.cards_revoked) == (1, 1)
    assert row_of(club, UID).state is CredentialState.ACTIVE
    assert row_of(club).state is CredentialState.REVOKED
    assert run(club, make_row(1, UID)).unchanged == 1


@pytest.mark.proves("S20")
@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("active", CredentialState.ACTIVE),
        ("lost", CredentialState.LOST),
        ("revoked", CredentialState.REVOKED),
        ("uncollected", CredentialState.UNCOLLECTED),
        ("disabled", CredentialState.DISABLED),
        ("DISABLED", CredentialState.DISABLED),
        ("", CredentialState.ACTIVE),
    ],
)
def test_a_status_of_the_card_is_the_cards_state(small_club, run, status, state):
    run(small_club, make_row(status=status))
    assert row_of(small_club).state is state


@ON_SQLITE
@pytest.mark.proves("S07")
def test_suspended_ended_and_unpaid_are_about_the_member(club, run):
    run(club, make_row(1, status="suspended"), make_row(2, status="ended"), make_row(3, status="unpaid"))
    assert row_of(club, f"04{1:012X}").suspended_from == TODAY
    assert row_of(club, f"04{2:012X}").member_until == TODAY - timedelta(days=1)
    assert row_of(club, f"04{3:012X}").entitlements[0].unpaid


@ON_SQLITE
def test_a_suspension_without_a_date_keeps_its_first_day_when_imported_again(club, run, clock):
    run(club, make_row(1, status="suspended"), make_row(2, status="ended"))
    clock.pass_s(5 * 86400)
    report = run(club, make_row(1, status="suspended"), make_row(2, status="ended"))
    assert report.unchanged == 2
    run(club, make_row(1), make_row(2))
    assert row_of(club).suspended_from is None
    assert row_of(club, f"04{2:012X}").member_until is None


def test_today_is_the_venues_day(small_club, run, clock):
    clock.set_wall(datetime(2026, 11, 22, 20, 0, tzinfo=UTC))
    run(small_club, make_row(1, status="suspended"))
    assert row_of(small_club).suspended_from == date(2026, 11, 23)


@ON_SQLITE
@pytest.mark.proves("R27", "S29")
def test_a_gift_card_has_no_member(club, run):
    report = run(club, ["", "", UID, "", "", "", "", "gift"])
    assert faults(report) == []
    row = row_of(club, UID)
    assert (row.gift, row.member, row.greeting) == (True, None, "")
    assert run(club, ["", "", UID, "", "", "", "", "gift"]).unchanged == 1
    report = run(club, make_row(1, status="gift"))
    assert [column for _, column, _ in faults(report)] == ["member_no", "name", "tier", "product"]


@ON_SQLITE
@pytest.mark.proves("S35")
def test_visits_dates_and_assurance_are_taken_as_they_stand(club, run):
    header = (
        "member_no name identifier product visits_ever visits_per_week visits_days visits_gap_s visits_grace_s"
        " member_until paid_until suspended_from suspended_until card_valid_from card_valid_until assurance"
    )
    row = ["M1", "王小明", UID, "gym", "10", "2", "5", "3600", "900", "2027-01-31", "2026-12-01", "2026-12-24",
           "2027-01-06", "2026-02-01", "2026-11-30", "cryptographic"]  # fmt: skip
    assert faults(run(club, row, header=header)) == []
    told = row_of(club, UID)
    assert told.entitlements[0].visits == VisitRule(
        ever=10, per_period=2, period=Period.WEEK, days=5, gap_s=3600, grace_s=900
    )
    assert (told.member_until, told.paid_until) == (date(2027, 1, 31), date(2026, 12, 1))
    assert (told.suspended_from, told.suspended_until) == (date(2026, 12, 24), date(2027, 1, 6))
    assert (told.valid_from, told.valid_until) == (date(2026, 2, 1), date(2026, 11, 30))
    assert told.assurance.value == "cryptographic"


@pytest.mark.parametrize(
    ("header", "row", "column"),
    [
        ("visits_per_day visits_per_week product", ["1", "2", "gym"], "visits_per_week"),
        ("visits_ever", ["10"], "product"),
        ("visits_ever product", ["10", "gym;pool"], "product"),
        ("visits_ever product", ["0", "gym"], "visits_ever"),
        ("visits_ever product", ["many", "gym"], "visits_ever"),
        ("valid_from", ["2026-01-01"], "valid_from"),
        ("valid_from valid_until product", ["2026-02-01", "2026-01-31", "gym"], "valid_until"),
        ("status", ["unpaid"], "product"),
        ("status suspended_from", ["suspended", "2026-11-24"], "suspended_from"),
        ("status suspended_until", ["suspended", "2026-11-20"], "suspended_until"),
        ("status member_until", ["ended", "2026-11-22"], "member_until"),
        ("guest_of", ["M1"], "guest_of"),
        ("guest_of", ["M9"], "guest_of"),
        ("assurance", ["strong"], "assurance"),
        ("paid_until", ["2026-02-30"], "paid_until"),
        ("paid_until", ["11/22/2026"], "paid_until"),
        ("paid_until", ["45000"], "paid_until"),
    ],
)
def test_cells_that_contradict_each_other_or_make_no_sense_are_named(small_club, run, header, row, column):
    report = run(small_club, ["M1", "王小明", UID, *row], header=f"member_no name identifier {header}")
    assert [each[1] for each in faults(report)] == [column]


def test_dates_are_read_in_the_ways_they_are_written_here(small_club, run):
    for number, text in enumerate(["2026-11-22", "2026/11/22", "2026.11.22", "2026年11月22日", "2026/1/2"], 1):
        run(small_club, make_row(number, valid_from="", valid_until=text))
        assert row_of(small_club, f"04{number:012X}").entitlements[0].valid_until in (TODAY, date(2026, 1, 2))


@pytest.mark.proves("S35")
def test_several_products_are_several_entitlements(small_club, run):
    run(small_club, make_row(1, product="gym; pool ;gym"))
    assert sorted(each.product for each in row_of(small_club).entitlements) == ["gym", "pool"]
    run(small_club, make_row(1, product="pool"))
    assert [each.product for each in row_of(small_club).entitlements] == ["pool"]


@ON_SQLITE
def test_what_was_sold_at_the_desk_is_not_touched_by_a_list(club, run):
    from kiosk.central.members import EntitlementRecord, refresh, save_entitlements

    run(club, make_row(1))
    with club.begin() as connection:
        (person,) = members_by(connection, "member_no", ["M1"])
        save_entitlements(connection, [EntitlementRecord("sold-1", person.id, "pool")])
        refresh(connection, [person.id], at=datetime.now(UTC))
    run(club, make_row(1, product=""))
    assert run(club, make_row(1, product="", valid_from="", valid_until="")).refused == 0
    assert [each.id for each in row_of(club).entitlements] == ["sold-1"]


@ON_SQLITE
@pytest.mark.proves("S14")
def test_a_guest_names_a_host_in_any_order_and_in_the_books(club, run):
    header = "member_no name identifier guest_of"
    guest, host = ["G1", "客人", "04000000000001", "H1"], ["H1", "主人", "04000000000002", ""]
    assert faults(run(club, guest, host, header=header)) == []
    with club.read() as connection:
        people = {each.member_no: each for each in members_by(connection, "member_no", ["G1", "H1"])}
    assert people["G1"].guest_of == people["H1"].id
    assert row_of(club, "04000000000001").guest_of == people["H1"].id
    assert run(club, guest, host, header=header).unchanged == 2
    assert faults(run(club, ["G2", "客人", "04000000000003", "H1"], header=header)) == []
    with club.read() as connection:
        assert members_by(connection, "member_no", ["G2"])[0].guest_of == people["H1"].id


def test_a_guest_whose_host_is_refused_is_refused_too_and_so_on(small_club, run):
    header = "member_no name identifier guest_of"
    rows = [
        ["G2", "客二", "04000000000001", "G1"],
        ["G1", "客一", "04000000000002", "H1"],
        ["H1", "主人", "08A1B2C3", ""],
    ]
    report = run(small_club, *rows, header=header, partial=True)
    assert sorted(line for line, _, _ in faults(report)) == [2, 3, 4]
    assert report.added == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_lists_in_utf8_and_gbk_are_read_alike(small_club, run, encoding):
    assert faults(run(small_club, make_row(1, name="欧阳修"), encoding=encoding)) == []
    assert row_of(small_club).greeting == "欧阳*"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_usual_delimiters_are_understood(small_club, run, tmp_path, delimiter):
    lines = [delimiter.join(HEADER.split()), delimiter.join(make_row(1))]
    path = tmp_path / "list.csv"
    path.write_text("\r\n".join(lines), encoding="utf-8")
    assert faults(run(small_club, path=path)) == []
    assert count(small_club, member) == 1


def test_chinese_headers_are_understood(small_club, run):
    run(small_club, ["M1", "王小明", UID, "gold", "gym", "2026-12-31"], header="会员号 姓名 卡号 等级 产品 到期日期")
    assert row_of(small_club, UID).entitlements[0].valid_until == date(2026, 12, 31)


def test_line_numbers_count_lines_inside_quoted_cells_and_empty_rows(small_club, run, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(
        f'{HEADER.replace(" ", ",")}\n"M1","王\n小明",{UID},gold,,,,\n\n,,,,,,,\nM2,x,zz,gold,,,,\n', encoding="utf-8"
    )
    report = run(small_club, path=path, partial=True)
    assert [(line, column) for line, column, _ in faults(report)] == [(6, "identifier")]
    assert (report.rows, report.added) == (2, 1)


def test_a_row_with_too_many_cells_is_named(small_club, run):
    report = run(small_club, [*make_row(1), "extra"])
    assert faults(report) == [(2, "", "the row has more cells than there are columns")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no header line"),
        (b"member_no,nmae,identifier\n", 'column 2 "nmae" is not known'),
        (b"name,name,identifier\n", 'column "name" is there twice'),
        (b"\xff\xfem\x00e\x00", "is in UTF-16"),
        (b"\xd0\xcf\x11\xe0rest", "is an old Excel file"),
        (b"PK\x03\x04 no zip", "is no XLSX file that can be read"),
        (b"name,identifier\n\xff\xff\xff,1\n", "is neither UTF-8 nor GBK"),
        (b'name,identifier\n"open,1\n', "line 2"),
    ],
)
def test_a_file_that_is_no_list_is_refused_as_a_whole(small_club, run, tmp_path, content, message):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=message):
        run(small_club, path=path)


def test_a_file_that_is_not_there_is_named(small_club, run, tmp_path):
    with pytest.raises(InvalidInput, match="cannot be read"):
        run(small_club, path=tmp_path / "none.csv")


def write_lines(path, encoding, *lines):
    """Write a list of one good row, then these lines as they are, then nine good rows."""
    good = [",".join(make_row(number)).encode(encoding) for number in range(1, 11)]
    path.write_bytes(b"\r\n".join([HEADER.replace(" ", ",").encode(), good[0], *lines, *good[1:], b""]))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_line_with_a_character_cut_in_two_is_named_and_the_others_are_read(small_club, run, tmp_path, encoding):
    damaged = b",".join([b"M99", "王小".encode(encoding)[:-1], UID.encode(), *[b""] * 5])
    report = run(small_club, path=write_lines(tmp_path / "list.csv", encoding, damaged), partial=True)
    assert faults(report) == [(3, "name", "holds bytes that are no characters")]
    assert report.added == 10
    assert row_of(small_club).greeting == "王**"


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_the_encoding_is_what_most_lines_are_in(small_club, run, tmp_path, encoding):
    other = {"utf-8": "gbk", "gbk": "utf-8"}[encoding]
    foreign = ",".join(make_row(99, name="欧阳修")).encode(other)
    report = run(small_club, path=write_lines(tmp_path / "list.csv", encoding, foreign), partial=True)
    assert row_of(small_club).greeting == "王**"
    assert (report.added, [line for line, _, _ in faults(report)]) == (10, [3])


def test_a_sign_that_stands_for_a_lost_character_is_damage(small_club, run):
    assert faults(run(small_club, make_row(1, name="王\ufffd明"))) == [
        (2, "name", "holds bytes that are no characters")
    ]


def test_a_row_that_was_cut_off_is_named(small_club, run):
    assert faults(run(small_club, make_row(1)[:4])) == [(2, "", "the row has fewer cells than there are columns")]


def test_a_quotation_mark_inside_a_line_is_named_and_one_left_open_refuses_the_file(small_club, run, tmp_path):
    path = write_lines(tmp_path / "list.csv", "utf-8", f'M99,"王"小,{UID},,,,,'.encode())
    report = run(small_club, path=path, partial=True)
    assert [(line, column) for line, column, _ in faults(report)] == [(3, "")]
    assert report.added == 10
    path = write_lines(tmp_path / "list.csv", "utf-8", b'M98,"x,1,,,,,', b'M99,"y,2,,,,,')
    with pytest.raises(InvalidInput, match="line 3"):
        run(small_club, path=path, partial=True)


@ON_SQLITE
def test_a_preview_counts_what_would_be_and_writes_nothing(club, run):
    run(club, make_row(1), make_row(2))
    before = stored_rows(club)
    rows = [make_row(1), make_row(2, UID), make_row(3), make_row(4, tier="platinum")]
    report = run(club, *rows, preview=True)
    assert (report.unchanged, report.changed, report.added, report.refused, report.cards_revoked) == (1, 1, 1, 1, 1)
    assert (report.revision, stored_rows(club), count(club, member)) == (2, before, 2)
    written = run(club, *rows, partial=True)
    assert (written.unchanged, written.changed, written.added) == (1, 1, 1)


def test_progress_is_told_for_each_pass_over_the_list(small_club, run):
    told = []
    rows = [make_row(number) for number in range(1, 1201)]
    run(small_club, *rows, progress=lambda what, number: told.append((what, number)))
    assert told == [(what, n) for what in ("checked", "compared", "written") for n in (500, 1000, 1200)]


def write_xlsx(path, *rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_an_xlsx_list_is_read_with_its_date_and_number_cells(small_club, run, tmp_path):
    header = ["member_no", "name", "identifier", "product", "valid_until", "visits_ever"]
    path = write_xlsx(
        tmp_path / "list.xlsx",
        header,
        [1001, "王小明", UID, "gym", date(2026, 12, 31), 10],
        ["M2", " 欧阳修 ", "04A1B2C3D4E5F7", "gym", datetime(2026, 12, 31, 12), 10.0],  # noqa: DTZ001  # a cell has no zone
        [None, None, None, None, None, None],
    )
    report = run(small_club, path=path)
    assert (faults(report), report.added) == ([], 2)
    assert row_of(small_club, UID).entitlements[0].visits == VisitRule(ever=10)
    with small_club.read() as connection:
        assert [each.name for each in members_by(connection, "member_no", ["1001", "M2"])] != []


def test_a_workbook_is_known_by_its_content_whatever_its_name_ends_in(small_club, run, tmp_path):
    path = write_xlsx(tmp_path / "list.xlsx", ["member_no", "name", "identifier"], ["M1", "王小明", UID])
    assert run(small_club, path=path.rename(tmp_path / "upload")).added == 1


def test_a_spreadsheets_damage_is_named_cell_by_cell(small_club, run, tmp_path):
    path = write_xlsx(
        tmp_path / "list.xlsx",
        ["member_no", "name", "identifier", "valid_until", "product", "visits_ever"],
        [4.52e15, "王小明", 4520000000, "45000", "gym", 2.5],
        ["1.2E+11", 17, 4.52e9, 45000, "gym", True],
    )
    report = run(small_club, path=path)
    assert [(line, column) for line, column, _ in faults(report)] == [
        (2, "member_no"), (2, "identifier"), (2, "valid_until"), (2, "visits_ever"),
        (3, "member_no"), (3, "name"), (3, "identifier"), (3, "valid_until"), (3, "visits_ever"),
    ]  # fmt: skip
    assert "number cell" in report.problems[1].reason
    assert all("text" in problem.hint for problem in report.problems if problem.column in ("identifier", "member_no"))


def test_names_keep_their_characters_but_not_their_padding(small_club, run):
    run(small_club, make_row(1, name="  张\u3000\u3000三 "))
    with small_club.read() as connection:
        assert members_by(connection, "member_no", ["M1"])[0].name == "张 三"
    assert row_of(small_club).greeting == "张*"
    assert faults(run(small_club, make_row(1, name="a\u0000b"))) != []
    assert faults(run(small_club, make_row(1, name="x" * 101))) != []


def test_many_problems_are_counted_and_the_first_ten_thousand_are_kept(small_club, run):
    report = run(small_club, *(make_row(number, "4.52E+09") for number in range(10_100)))
    assert (report.problem_count, len(report.problems), report.refused) == (10_100, 10_000, 10_100)
    assert report.problems[0].line == 2


@pytest.mark.proves("R123")
def test_a_long_list_is_one_transaction_and_one_revision(small_club, run):
    told = []
    rows = [make_row(number) for number in range(1, 3001)]
    report = run(small_club, *rows, progress=lambda word, number: told.append((word, number)))
    assert (report.added, report.revision) == (3000, 2)
    assert told[-1] == ("written", 3000)
    assert ("checked", 3000) in told
    with small_club.read() as connection:
        (only,) = changes_after(connection, 1, 10)
        assert only.ops is None
        assert roster_state(connection).digest == only.digest


def denied(database):
    with database.read() as connection:
        return deny_list(connection, "demo").entries


@ON_SQLITE
def test_cards_closed_by_a_list_too_long_for_a_delta_are_refused_at_once(club, run):
    first = [make_row(number) for number in range(1, 1001)]
    run(club, *first)
    assert denied(club) == ()
    second = [make_row(number, name="李雷") for number in range(1, 1001)]
    second[0], second[1] = make_row(1, status="lost"), make_row(2, identifier=UID)
    report = run(club, *second)
    closed = sorted(credential_of(f"04{number:012X}", HASH_KEY) for number in (1, 2))
    assert denied(club) == tuple(DenyEntry(each, report.revision) for each in closed)


def test_cards_closed_by_a_list_that_fits_a_delta_need_no_deny_list(small_club, run):
    run(small_club, make_row(1), make_row(2))
    run(small_club, make_row(1, status="lost"), make_row(2))
    assert denied(small_club) == ()


def test_a_full_deny_list_fails_no_import(small_club, run, monkeypatch):
    register(small_club, EdgeDevice())
    with small_club.begin() as connection:
        connection.execute(update(device).values(roster_revision=1))
    monkeypatch.setattr("kiosk.central.denial.ENTRIES_MAX", 2)
    run(small_club, *(make_row(number) for number in range(1, 1001)))
    for number in (1, 2):
        report = run(
            small_club,
            *(
                make_row(each, status="lost" if each <= number * 3 else "active", name=f"李{number}")
                for each in range(1, 1001)
            ),
        )
        assert report.changed == 1000
        assert len(denied(small_club)) == 2


def test_an_import_that_fails_in_the_middle_leaves_nothing(small_club, run):
    def stop(word, number):
        if word == "written" and number > 1000:
            raise InvalidInput("stopped")

    with pytest.raises(InvalidInput, match="stopped"):
        run(small_club, *(make_row(number) for number in range(1, 2001)), progress=stop)
    assert (count(small_club, member), count(small_club, credential)) == (0, 0)
    with small_club.read() as connection:
        assert roster_state(connection).revision == 1


def test_the_document_names_every_column_and_no_other():
    from pathlib import Path

    text = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
    named = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `")}
    columns = set(HEADERS.values())
    assert columns <= named
    for chinese, column in HEADERS.items():
        if chinese != column:
            assert chinese in text, chinese
