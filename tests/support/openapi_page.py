"""docs/openapi.yaml, written from the tables that the office serves."""

from pathlib import Path

import yaml

from kiosk.office.openapi import describe

PAGE_FILE = Path(__file__).parents[2] / "docs" / "openapi.yaml"
HEAD = "# Made from the tables of kiosk/office/families.py; a test holds it equal to what /api/openapi.json serves.\n"


def page() -> str:
    """Return the page."""
    return HEAD + yaml.safe_dump(describe(), sort_keys=False, allow_unicode=True, width=120)


def main() -> None:
    """Write it."""
    PAGE_FILE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
