"""Tests, by the package they look at. What their helpers assert is explained as what they assert themselves."""

from pathlib import Path

import pytest

pytest.register_assert_rewrite(*(f"tests.{each.stem}" for each in Path(__file__).parent.iterdir()))
