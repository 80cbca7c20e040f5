"""What every notebook of the course does: check parameters, leave results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import write_json

LITERALS = (bool, int, float, str, list, dict, tuple, type(None))
IPYTHON_NAMES = ("In", "Out")  # its own variables that are plain values; the others begin with "_"
DECLARED = "_parameters"  # where a namespace keeps the names


def check_parameters(
    namespace: dict, declared: tuple[str, ...], *, least: Mapping[str, float] | None = None
) -> None:
    """Refuse parameters that the notebook does not know, of another type than it says, or too small for it.

    papermill only warns of an unknown name, and the run goes on with the default value; it also turns
    `-p name true` into text. Call this after the imports and the parameters cell and before anything else is
    defined: then every plain value in the namespace is a parameter. Repeated calls, as when cells are run
    again, look for unknown names only the first time.

    Args:
        namespace: the notebook's `globals()`.
        declared: the names in the parameters cell; those with an annotation there have their type checked.
        least: name to the smallest value that the notebook runs with; of a list, to that of its entries, of which
            it then needs one.

    Raises:
        InputError: naming the first parameter that is unknown, missing, of a wrong type, or too small.

    Example:
        >>> check_parameters(globals(), ("beta", "epochs"), least={"epochs": 1})
    """
    missing = [name for name in declared if name not in namespace]
    if missing:
        raise InputError(f"no parameter named {missing[0]}: run the parameters cell first")
    unknown = [] if DECLARED in namespace else _unknown(namespace, declared)
    if unknown:
        raise InputError(f"no parameter is named {unknown[0]}: this notebook has {', '.join(declared)}")
    annotations = namespace.get("__annotations__", {})
    for name in declared:
        if name in annotations:
            _check_type(name, namespace[name], annotations[name])
    for name, smallest in (least or {}).items():
        _check_least(name, namespace[name], smallest)
    namespace[DECLARED] = declared


def _unknown(namespace: dict, declared: tuple[str, ...]) -> list[str]:
    known = {*declared, *IPYTHON_NAMES}
    return [
        name
        for name, value in namespace.items()
        if isinstance(value, LITERALS) and name not in known and not name.startswith("_")
    ]


def _check_type(name: str, value: object, annotation: type) -> None:
    """Compare with a type, or a union of types; whole numbers pass as float, truth values not as numbers."""
    accepted = getattr(annotation, "__args__", (annotation,))
    if type(value) in accepted or (float in accepted and type(value) is int):
        return
    shown = " or ".join("None" if kind is type(None) else kind.__name__ for kind in accepted)
    raise InputError(f"parameter {name} must be {shown}. Received: {value!r}")


def _check_least(name: str, value: object, smallest: float) -> None:
    entries = value if isinstance(value, list) else [value]
    if not entries or not all(isinstance(entry, int | float) and entry >= smallest for entry in entries):
        held = "hold numbers of" if isinstance(value, list) else "be"
        raise InputError(f"parameter {name} must {held} at least {smallest:g}. Received: {value!r}")


def write_results(out_dir: str | Path, notebook: str, namespace: dict, **results: object) -> Path:
    """Write what a notebook found to `<out_dir>/<notebook>.json`, for the tests and for later notebooks.

    Args:
        out_dir: made if missing.
        notebook: name of the notebook, without suffix.
        namespace: the notebook's `globals()`, after `check_parameters`.
        **results: what it found: numbers, texts, and lists and dicts of them.

    Returns:
        Path of the file.
    """
    path = Path(out_dir) / f"{notebook}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"parameters": {name: namespace[name] for name in namespace[DECLARED]}, **results}
    write_json(path, content, indent=1)
    return path
