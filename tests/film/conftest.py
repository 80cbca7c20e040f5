"""Films are coloured here by what costs nothing: the tests are of cutting, joining, going on, and of times."""

import pytest

from tests.helpers.plain import PlainColorizer


@pytest.fixture(scope="session")
def colorizer() -> PlainColorizer:
    return PlainColorizer()
