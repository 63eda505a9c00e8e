"""The hostile provider's own page: what a member's telephone would show, with one button that pays."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from html import escape

from kiosk.hostile.trades import Trade, TradeState
from kiosk.hostile.wechat import yuan

SHOWN_MAX = 50
STYLE = (
    "body{font:1.25rem/1.6 system-ui,'Noto Sans CJK SC',sans-serif;margin:2rem auto;max-width:30rem;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}h1{font-size:1.5rem}strong{font-size:2rem}button{font:inherit;min-height:60px;"
    "width:100%;border:0;border-radius:8px;background:#0a6b3b;color:#fff}a{color:#0a4f8f}small{color:#555}"
)

_SAID = {
    TradeState.UNPAID: "等待付款 / Waits to be paid",
    TradeState.PAID: "已付款 / Paid",
    TradeState.CLOSED: "已关闭，未付款 / Closed, nothing was paid",
    TradeState.GIVEN_BACK: "已退回 / Given back",
}


def headers() -> dict[str, str]:
    """Return what every page is sent with: it loads nothing but its own style."""
    digest = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'"
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


def trade_page(trade: Trade) -> str:
    """Return the page of one order."""
    button = f'<form method="post" action="{_path(trade)}"><button>付款 / Pay</button></form>'
    return _page(
        f"<p>{escape(trade.description)}</p><p><strong>¥{yuan(trade.amount_minor)}</strong></p>"
        f"<p>{_SAID[trade.state]}</p>{button if trade.state is TradeState.UNPAID else ''}"
    )


def list_page(trades: Sequence[Trade]) -> str:
    """Return the page of all orders that wait."""
    shown = trades[:SHOWN_MAX]
    rows = [f'<li><a href="{_path(each)}">¥{yuan(each.amount_minor)}</a> {escape(each.number)}</li>' for each in shown]
    return _page(f"<ul>{''.join(rows)}</ul>" if rows else "<p>没有等待付款的订单 / No order waits</p>")


def _path(trade: Trade) -> str:
    return f"/pay/{escape(trade.code.rpartition('/')[2])}"


def _page(content: str) -> str:
    return (
        '<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>演示付款 / Demo payment</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><main>'
        f"<h1>演示付款 / Demo payment</h1>{content}<p><small>不是真的钱 / No real money</small></p></main>"
        "</body></html>"
    )
