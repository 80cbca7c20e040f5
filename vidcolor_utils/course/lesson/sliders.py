"""Sliders over a picture that is drawn anew when one of them is moved.

Not `ipywidgets.interact`: it shows by an `Output` widget, whose state nbclient sends back while it waits for the
end of a cell, and now and then waits for ever (https://github.com/jupyter/nbclient/issues/312). And where no
kernel runs it leaves nothing; this leaves the first picture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from IPython.display import display
from IPython.utils.capture import capture_output
from ipywidgets import HTML, ValueWidget, VBox

Draw = Callable[..., None]


class Explorer(VBox):
    """Controls, and below them what a function shows for their values.

    Args:
        draw: given the values by the names of the controls; shows pictures (`lesson.shown.Picture`).
        controls: widgets with a value.
    """

    def __init__(self, draw: Draw, **controls: ValueWidget):
        self._draw, self._controls, self._view = draw, controls, HTML()
        super().__init__([*controls.values(), self._view])
        self._redraw()
        for control in controls.values():
            control.observe(self._redraw, "value")

    @property
    def shown(self) -> str:
        """What `draw` showed last, as HTML."""
        return self._view.value

    def _redraw(self, _change: object = None) -> None:
        with capture_output(stdout=False, stderr=False) as caught:
            self._draw(**{name: control.value for name, control in self._controls.items()})
        self._view.value = "".join(output._repr_html_() for output in caught.outputs)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict:
        """Add the picture as it is: front ends take the widget where they can show it, and this where not."""
        return {**super()._repr_mimebundle_(**kwargs), "text/html": self.shown}


def explore(**controls: ValueWidget) -> Callable[[Draw], Explorer]:
    """Show a function's picture below controls for its arguments.

    Args:
        controls: widgets with a value, by the names of the arguments.

    Example:
        >>> @explore(beta=FloatSlider(0.8, min=0, max=1))
        ... def optimum(beta): ...
    """

    def decorate(draw: Draw) -> Explorer:
        explorer = Explorer(draw, **controls)
        display(explorer)
        return explorer

    return decorate
