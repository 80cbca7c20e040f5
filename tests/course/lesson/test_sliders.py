import pytest
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets import FloatSlider

from vidcolor_utils.course.lesson.shown import Picture, show
from vidcolor_utils.course.lesson.sliders import Explorer, explore


@pytest.fixture(autouse=True)
def shell():
    """What displays are caught from, as in a notebook."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def draw(beta):
    show(Picture(b"a file", "png", f"beta is {beta}"))


def test_a_moved_slider_draws_anew():
    beta = FloatSlider(0.5, max=1)
    explorer = Explorer(draw, beta=beta)
    assert 'alt="beta is 0.5"' in explorer.shown
    beta.value = 0.8
    assert 'alt="beta is 0.8"' in explorer.shown and "0.5" not in explorer.shown


def test_without_widgets_the_picture_is_there():
    explorer = Explorer(draw, beta=FloatSlider(0.5, max=1))
    bundle = explorer._repr_mimebundle_()
    assert bundle["text/html"] == explorer.shown
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_no_output_widget_is_used_whose_state_nbclient_would_send_while_a_cell_runs(capsys):
    explorer = explore(beta=FloatSlider(0.5, max=1))(draw)
    assert not [child for child in explorer.children if type(child).__name__ == "Output"]
    assert capsys.readouterr().out.startswith("Explorer(")
