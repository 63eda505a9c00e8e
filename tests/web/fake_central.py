"""Central as sync hands it on to a kiosk: a real socket, the shapes of `core/self_service.py`, orders in memory.

Every question must have the shape that central takes, and every answer is one of central's own values.
"""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from kiosk.core import papers
from kiosk.core import self_service as shapes
from kiosk.core.bell import HelpAsked
from kiosk.core.clock import Clock
from kiosk.core.self_service import Both, Done, MemberView, OrderState, OrderTold, Subject
from kiosk.local.talk import TalkServer
from tests.builders import CREDENTIAL, NOW

QUESTIONS: dict[Subject, type[msgspec.Struct]] = {
    Subject.VIEW: shapes.ViewAsked,
    Subject.OPEN_ORDER: shapes.OrderAsked,
    Subject.LOOK_AT_ORDER: shapes.OrderNamed,
    Subject.CANCEL_ORDER: shapes.OrderNamed,
    Subject.FEEDBACK: shapes.FeedbackAsked,
    Subject.SIGN_IN: shapes.SignInAsked,
    Subject.REDEEM: shapes.RedeemAsked,
    Subject.CONFIRM: shapes.ConfirmAsked,
    Subject.APPLY: shapes.ApplyAsked,
    Subject.PAPER: papers.PaperAsked,
    Subject.HAND_IN: papers.HandInAsked,
    Subject.HELP: HelpAsked,
}
PAPERS = {
    "sauna": papers.Paper(
        "sauna",
        Both("是否新建桑拿房", "Shall we build a sauna"),
        (papers.PaperQuestion("choice", choices=("赞成", "反对"), choices_en=("In favour", "Against")),),
    ),
    "year": papers.Paper(
        "year",
        Both("年度满意度调查", "How was the year"),
        (
            papers.PaperQuestion("grade", "服务态度", what_en="Our staff"),
            papers.PaperQuestion("choice", "最常使用", ("泳池", "健身区"), choices_en=("The pool",)),
            papers.PaperQuestion("words", "其他建议"),
        ),
        grades=5,
    ),
}
CODE = "weixin://wxpay/bizpayurl?pr=a1b2c3d"
OPEN_S = 180


def make_view(**fields: Any) -> MemberView:
    """Make what central tells of a gold member with something of everything."""
    defaults: dict[str, Any] = {
        "known": True, "name": "张*", "number_end": "0042", "tier": Both("金卡会员", "Gold"), "standing": "valid",
        "valid_until": date(2027, 6, 30),
        "money": shapes.MoneyView(100_000, 23_450, 1_000, 0),
        "points": shapes.PointsView(1_280, 200, date(2026, 12, 31), 4_410),
        "due": (shapes.Due(Both("2026年第四季度会费", "Fee for Q4 2026"), 30_000, date(2026, 11, 1), overdue=True),),
        "ahead": (
            shapes.Ahead(0, 30_000, date(2026, 12, 31)), shapes.Ahead(1, 60_000, date(2027, 3, 31)),
            shapes.Ahead(4, 140_000, date(2027, 12, 31)),
        ),
        "top_up": shapes.TopUpView(
            tuple(shapes.Tile(yuan * 100, given * 100) for yuan, given in
                  ((50, 0), (100, 0), (200, 10), (500, 50), (800, 100), (1000, 150))),
            1_000, 100_000, ("wechat", "alipay"),
        ),
        "next_tier": shapes.NextTier(
            Both("白金会员", "Platinum"),
            (shapes.Missing("lifetime_points", 6_000, 4_410), shapes.Missing("spend_minor", 2_000_000, 1_260_000)),
        ),
        "coupons": (shapes.CouponView("c1", Both("饮品八折", "20% off drinks"), date(2026, 12, 31)),),
        "rights": (
            shapes.RightView(Both("游泳次卡", "Pool visits"), 7, date(2027, 1, 31)),
            shapes.RightView(Both("健身区", "Gym"), None, None),
        ),
        "rewards": (
            shapes.RewardView("towel", Both("运动毛巾", "Sports towel"), 300),
            shapes.RewardView("bottle", Both("保温杯", "Vacuum flask"), 2_000, "not_enough_points"),
        ),
        "activities": (
            shapes.ActivityView(
                "yoga", Both("晨间瑜伽", "Morning yoga"), NOW + timedelta(minutes=30), NOW + timedelta(hours=2),
                booked=True, signed_in=False,
            ),
            shapes.ActivityView(
                "talk", Both("营养讲座", "Talk on nutrition"), NOW + timedelta(days=1), NOW + timedelta(days=1),
                booked=False, signed_in=False, why_not="too_early",
            ),
        ),
        "entries": (
            shapes.Entry(NOW - timedelta(hours=3), "sale", -3_800, 123_450),
            shapes.Entry(NOW - timedelta(days=2), "bonus", 5_000, 127_250),
            shapes.Entry(NOW - timedelta(days=2), "top_up", 50_000, 122_250),
            shapes.Entry(NOW - timedelta(days=2), "earn", 380, 1_280, points=True),
        ),
        "refusals": (
            shapes.Refusal("ab" * 16 + ":17", NOW - timedelta(minutes=4), "entrance", "fee_overdue"),
            shapes.Refusal("ab" * 16 + ":9", NOW - timedelta(days=1), "pool", "not_permitted_here"),
        ),
        "data": (
            shapes.Datum("name", "张*"), shapes.Datum("phone", "138****5678"), shapes.Datum("born", "1986-**-**"),
            shapes.Datum("email", ""), shapes.Datum("address", "上海市徐汇区***"),
        ),
        "confirmed_on": date(2025, 11, 2),
        "votes": (shapes.PaperView("sauna", Both("是否新建桑拿房")), shapes.PaperView("lamp", Both("更换吊灯"), True)),
        "surveys": (shapes.PaperView("year", Both("年度满意度调查")),),
    }  # fmt: skip
    return MemberView(**defaults | fields)


class FakeCentral:
    """A sync process of which only the socket is real, and a central behind it.

    `line` False answers nothing, as without a line; a subject in `deaf` is done and its answer lost; one in `refuses`
    is refused with a code.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self.line = True
        self.deaf: set[Subject] = set()
        self.refuses: dict[Subject, str] = {}
        self.views: dict[str, MemberView] = {CREDENTIAL: make_view()}
        self.asked: list[tuple[Subject, Any]] = []
        self.orders: dict[str, OrderTold] = {}
        self.done: dict[str, Done] = {}
        self.refused_wishes: dict[Subject, str] = {}
        self.handed_in: set[str] = set()
        self.slow = False
        self.no_order = ""
        self.on_asked: Callable[[], None] = lambda: None
        self._server: TalkServer | None = None

    def start(self) -> None:
        """Begin to listen."""
        handlers = {"central": self._central, "status": lambda _args: {"online": self.line}}
        self._server = TalkServer(self._path, handlers)
        self._server.start()

    def close(self) -> None:
        """Die. May be called twice."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def questions(self, subject: Subject) -> list[Any]:
        """Return what was asked about a subject."""
        return [asked for about, asked in self.asked if about is subject]

    def end_order(self, state: OrderState, **fields: Any) -> None:
        """Bring the newest order to a state, as its provider did."""
        name = list(self.orders)[-1]
        self.orders[name] = msgspec.structs.replace(self.orders[name], state=state, **fields)

    def _central(self, question: dict[str, Any]) -> dict[str, Any]:
        subject = Subject(question["subject"])
        asked = msgspec.convert(question["args"], QUESTIONS[subject])
        if not self.line:
            return {}
        self.asked.append((subject, asked))
        self.on_asked()
        if subject in self.refuses:
            return {"code": self.refuses[subject]}
        answer = self._answer(subject, asked)
        said: dict[str, Any] = msgspec.to_builtins(answer)
        return {} if subject in self.deaf else said

    def _answer(self, subject: Subject, asked: Any) -> msgspec.Struct:
        if subject is Subject.VIEW:
            return self.views.get(asked.credential, MemberView(False))
        if subject is Subject.OPEN_ORDER:
            if self.no_order:
                return OrderTold(asked.id, OrderState.CLOSED, asked.amount_minor, reason=self.no_order)
            opening = OrderTold(asked.id, OrderState.OPENING, asked.amount_minor, way=asked.way)
            return self.orders.setdefault(asked.id, opening)
        if subject is Subject.LOOK_AT_ORDER:
            return self._look(asked.id)
        if subject is Subject.CANCEL_ORDER:
            order = self.orders.get(asked.id, OrderTold(asked.id, OrderState.CLOSED, 0, reason="order_unknown"))
            if order.state in (OrderState.OPENING, OrderState.OPEN):
                # As the real one: given up is not yet closed, its provider is to say so first.
                order = self.orders[asked.id] = OrderTold(asked.id, OrderState.CHECKING, order.amount_minor)
            return order
        if subject is Subject.PAPER:
            return PAPERS[asked.paper]
        if subject is Subject.HAND_IN:
            # As the real one, which keeps no id: what was handed in is refused the next time.
            refused = {papers.PaperKind.VOTE: "has_voted", papers.PaperKind.SURVEY: "answered_already"}[asked.kind]
            taken = asked.paper in self.handed_in
            self.handed_in.add(asked.paper)
            return Done(asked.id, not taken, refused if taken else "")
        reason = self.refused_wishes.get(subject, "")
        return self.done.setdefault(asked.id, Done(asked.id, not reason, reason, "" if reason else "A1B2-C3D4"))

    def _look(self, name: str) -> OrderTold:
        if name not in self.orders:
            return OrderTold(name, OrderState.CLOSED, 0, reason="order_unknown")
        if self.orders[name].state is OrderState.OPENING and not self.slow:
            until = self._clock.now() + timedelta(seconds=OPEN_S)
            changes: dict[str, Any] = {"state": OrderState.OPEN, "code": CODE, "until": until}
            self.orders[name] = msgspec.structs.replace(self.orders[name], **changes)
        return self.orders[name]
