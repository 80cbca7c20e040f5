import av
import pytest

from records.films import RECIPES, make_films


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    return make_films(tmp_path_factory.mktemp("films"))


def test_films_are_sound_before_they_are_broken(films):
    assert len(films) == len(RECIPES) + 2
    for film in films[: len(RECIPES)]:
        with av.open(str(film)) as container:
            assert len(list(container.decode(video=0))) == 8
