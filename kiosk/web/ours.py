"""Whether a request comes from this box, and from a page of ours on it: money and members are served to no other."""

import ipaddress

from flask import abort, request

JSON = "application/json"
OWN_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""What a browser on the box calls it: under another name a foreign page may have led here."""


def from_this_box() -> bool:
    """Say whether a request comes over the loopback interface, for this box by its own name, from no foreign page."""
    try:
        local = ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
    name, colon, port = request.host.rpartition(":")
    own = (name if colon and port.isdigit() else request.host) in OWN_NAMES
    return local and own and from_no_foreign_page()


def from_no_foreign_page() -> bool:
    """Say whether a request comes from a page of ours, or from no page, wherever its browser is."""
    origin = request.headers.get("Origin")
    same = origin is None or origin == request.host_url.rstrip("/")
    return same and request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")


def from_our_script() -> bool:
    """Say whether a request comes from a script of a page of ours: no plain form of a foreign page can send JSON."""
    return from_this_box() and request.mimetype == JSON


def check_ours() -> None:
    """Return for what pages of this very box ask for, what changes something by a script of theirs; 403 otherwise."""
    if not (from_our_script() if request.method == "POST" else from_this_box()):
        abort(403)
