"""What a chapter of the course must have, looked for in its notebook as JSON."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from vidcolor_utils.course.lesson.exercises import EXERCISE, solution_code, tags

BOX = ("You need", "Time", "You build", "Map")
LEAST_QUESTIONS, LEAST_EXERCISES = 4, 3
SMALL = 12  # counts up to here are told from the text around them
WORDS = dict(
    zip(
        ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
        range(13, 20),
        strict=True,
    )
) | {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
NOT_PROSE = re.compile(
    "|".join(
        (
            r"```.*?```|`[^`]*`",  # code
            r"\$\$.*?\$\$|\$[^$\n]+\$",  # formulas
            r"\[\d\d[a-c]? [^\]]*\]|\]\([^)]*\)|https?://\S+",  # names of chapters, and addresses
            r"<[^>]+>|\d+(?:x\d+)+|^#.*?$",  # marks, sizes of pictures, headings
        )
    ),
    re.DOTALL | re.MULTILINE,
)
NUMBER = re.compile(r"(?<![\w.,/-])\d(?:[\d,]*\d)?(?:\.\d+)?(?![\w/])")
ANY_NUMBER = re.compile(r"\d(?:[\d,_]*\d)?(?:\.\d+)?(?:e-?\d+)?")


def source(cell: dict) -> str:
    return "".join(cell["source"])


def faults(notebook: dict, known: set[float] = frozenset()) -> list[str]:
    """Everything that a chapter lacks, a line each; `known` are numbers that prose may quote."""
    cells = notebook["cells"]
    return [
        *_opening(cells),
        *_missing_parts(cells),
        *_exercises(cells),
        *_pictures(cells),
        *_numbers(cells, known),
    ]


def _opening(cells: list[dict]) -> Iterator[str]:
    first = source(cells[0]) if cells and cells[0]["cell_type"] == "markdown" else ""
    if not re.search(r"!\[.*?\]\(", first):
        yield "no picture before anything else"


def _missing_parts(cells: list[dict]) -> Iterator[str]:
    boxes = [source(cell) for cell in cells if "box" in tags(cell)]
    if len(boxes) != 1:
        yield f"{len(boxes)} boxes"
    for box in boxes:
        yield from (f"the box has no **{word}**" for word in BOX if f"**{word}**" not in box)
    if not any("predict" in tags(cell) for cell in cells):
        yield "no prediction"
    asked = sum(_questions(source(cell)) for cell in cells if "quiz" in tags(cell))
    if asked < LEAST_QUESTIONS:
        yield f"{asked} quiz questions"


def _questions(code: str) -> int:
    calls = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
    return sum(isinstance(call.func, ast.Name) and call.func.id == "Question" for call in calls)


def _exercises(cells: list[dict]) -> Iterator[str]:
    kinds = [next((tag for tag in tags(cell) if tag in EXERCISE), None) for cell in cells]
    starts = [index for index, kind in enumerate(kinds) if kind == EXERCISE[0]]
    if len(starts) < LEAST_EXERCISES:
        yield f"{len(starts)} exercises"
    for number, start in enumerate(starts, start=1):
        for place, kind in enumerate(EXERCISE[1:], start=start + 1):
            if place >= len(kinds) or kinds[place] != kind:
                yield f"exercise {number} has no {kind}"
                break
        else:
            yield from _parts_of_exercise(cells[start : start + len(EXERCISE)], number)


def _parts_of_exercise(cells: list[dict], number: int) -> Iterator[str]:
    if "check" not in source(cells[2]):
        yield f"exercise {number} checks nothing"
    try:
        solution_code(cells[3])
    except ValueError as error:
        yield f"exercise {number}: {error}"
    if "<details>" not in source(cells[3]):
        yield f"the solution of exercise {number} is not folded"


def _pictures(cells: list[dict]) -> Iterator[str]:
    for cell in cells:
        if cell["cell_type"] == "markdown":
            for alt in re.findall(r"!\[(.*?)\]\(", source(cell)):
                if not alt.strip():
                    yield f"a picture without alt text: {source(cell)[:60]}"
        for output in cell.get("outputs", []):
            yield from _pictures_in_output(output, source(cell))


def _pictures_in_output(output: dict, code: str) -> Iterator[str]:
    for kind, data in output.get("data", {}).items():
        described = str(output.get("metadata", {}).get(kind, {}).get("alt", "")).strip()
        if kind.startswith("image/") and not described:
            yield f"a picture without alt text: {code[:60]}"
        if kind == "text/html" and any(not alt for alt in _alts("".join(data))):
            yield f"a picture without alt text: {code[:60]}"


def _alts(page: str) -> list[str]:
    parser = _Images()
    parser.feed(page)
    return parser.alts


class _Images(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.alts: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.alts.append((dict(attrs).get("alt") or "").strip())

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _numbers(cells: list[dict], known: set[float]) -> Iterator[str]:
    held = set(known)
    for cell in cells:
        if cell["cell_type"] == "code":
            held |= numbers_of(source(cell) + "\n" + "\n".join(map(_shown, cell.get("outputs", []))))
    for cell in cells:
        if cell["cell_type"] == "markdown" and not {"box", "solution", "exercise"} & set(tags(cell)):
            for text, value, percent in prose_numbers(source(cell)):
                if not _is_held(text, value, percent, held):
                    yield f"{text} is in no output and in no record: {source(cell)[:60]}"


def _shown(output: dict) -> str:
    if output["output_type"] == "stream":
        return "".join(output["text"])
    data = output.get("data", {})
    parser = _Images()
    parser.feed("".join(data.get("text/html", "")))
    return "\n".join(
        ["".join(data.get(kind, "")) for kind in ("text/plain", "text/markdown")] + [" ".join(parser.text)]
    )


def numbers_of(text: str) -> set[float]:
    """All numbers in a text."""
    return {float(found.replace(",", "").replace("_", "")) for found in ANY_NUMBER.findall(text)}


def prose_numbers(text: str) -> Iterator[tuple[str, float, bool]]:
    """Numbers above 12 in prose: as written, as value, whether in percent. Code, formulas, sizes are no prose."""
    text = text.split("**References.**")[0]
    prose = NOT_PROSE.sub(" ", text)
    for found in NUMBER.finditer(prose):
        value = float(found[0].replace(",", ""))
        if not re.fullmatch(r"(19|20)\d\d", found[0]) and (
            "." in found[0] or value > SMALL
        ):  # years are no findings
            yield found[0], value, prose[found.end() :].lstrip().startswith(("%", "percent", "per cent"))
    for word in re.findall(r"[a-z]+", prose.lower()):
        if word in WORDS:
            yield word, float(WORDS[word]), False


def _is_held(text: str, value: float, percent: bool, held: set[float]) -> bool:
    digits = len(text.split(".")[1]) if "." in text else 0
    half = 0.5000001 * 10.0**-digits
    scales = (1.0, 100.0) if percent else (1.0,)
    return any(abs(scale * number - value) <= half for number in held for scale in scales)
