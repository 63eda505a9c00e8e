"""A form as a browser sends it: what the page holds, and what somebody typed into it."""

from html.parser import HTMLParser

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse


class _Form(HTMLParser):
    """Gathers what the fields of the page's one form that posts hold."""

    def __init__(self) -> None:
        super().__init__()
        self.held: MultiDict[str, str] = MultiDict()
        self._in_form, self._select, self._area = False, "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a field's value."""
        found = {name: value or "" for name, value in attrs}
        name, value = found.get("name", ""), found.get("value", "")
        if tag == "form":
            self._in_form = found.get("method") == "post" and "sign-out" not in found.get("action", "")
        if not self._in_form:
            return
        if tag == "input" and (found.get("type") != "checkbox" or "checked" in found):
            self.held.add(name, value)
        elif tag == "select":
            self._select = name
            self.held[name] = ""
        elif tag == "option" and "selected" in found:
            self.held[self._select] = value
        elif tag == "textarea":
            self._area = name
            self.held[name] = ""

    def handle_endtag(self, tag: str) -> None:
        """Leave a form or a text of several lines."""
        if tag == "form":
            self._in_form = False
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        """Note what a text of several lines holds."""
        if self._area:
            self.held[self._area] += data


def held(page: str) -> MultiDict[str, str]:
    """Return what the form on a page holds."""
    form = _Form()
    form.feed(page)
    return form.held


def send(client: FlaskClient, path: str, page: str, **typed: str | None) -> TestResponse:
    """Send the form on a page after typing into it; None unticks, and `__` stands for the point in a name."""
    form = held(page)
    for name, text in typed.items():
        key = name.replace("__", ".")
        form.poplist(key)
        if text is not None:
            form[key] = text
    return client.post(path, data=form)
