import random

import pytest

from records.films import make_films
from records.strain.damage import MUTATIONS, declare_huge_frames, mutate, swap_header


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    return make_films(tmp_path_factory.mktemp("films"))


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_mutation_changes_the_file(films, mutation):
    content = films[0].read_bytes()
    more = (films[4].read_bytes(),) if mutation is swap_header else ()
    assert mutation(bytearray(content), random.Random(1), *more) != content


def test_the_same_seed_breaks_the_same_way(films):
    first, second, other = (mutate(films, random.Random(seed)) for seed in (3, 3, 4))
    assert first == second != other


def test_sizes_are_found_in_headers(films):
    ffv1 = next(film for film in films if film.name == "mpeg4.avi")
    changed = declare_huge_frames(bytearray(ffv1.read_bytes()), random.Random(0))
    assert (60000).to_bytes(4, "little") * 2 in changed
