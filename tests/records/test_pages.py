"""The tables of the pages are made from the records."""

import json
import re

import pytest

from records.speed.chart import chart_words, speed_chart
from records.speed.pages import (
    BEGIN,
    CHART,
    END,
    README,
    chart_of,
    page_tables,
    scale_table,
    speed_table,
    write_pages,
)
from tests.helpers.command import REPOSITORY
from vidcolor_utils.system.errors import InputError

RECORDED = REPOSITORY / "data" / "results" / "bench.json"


RECORD = {
    "machine": "Abacus 9000, 64-Core, 4 cores, Linux",
    "cores": 4,
    "networks": {
        "ONNX Runtime": {"fps": 100.0, "times_zhang": 50.0},
        "Zhang et al., Keras": {"fps": 2.0, "times_zhang": 1.0},
    },
    "memory": {
        "720p": {
            "frames": 10,
            "peak_mb": 400.0,
            "long_frames": 90,
            "long_peak_mb": 408.0,
            "ratio": 1.02,
        }
    },
    "films": {
        "720p": {"colorize_fps": 30.0, "copy_fps": 60.0, "ratio": 0.5, "times_zhang": 15.0},
        "1080p": {"colorize_fps": 12.0, "copy_fps": 30.0, "ratio": 0.4, "times_zhang": 6.0},
    },
    "options": {"`--offline`": {"fps": 27.0, "ratio": 0.9}, "a key frame": {"fps": 15.0, "ratio": 0.45}},
    "folder": {
        "photographs": 20,
        "height": 48,
        "width": 64,
        "per_second": 2.5,
        "read_s": 0.1,
        "network_s": 0.4,
        "write_s": 0.1,
        "ratio": 0.75,
    },
    "command": {"height": 480, "frames": 7, "first_frame_s": 1.44, "film_s": 1.76},
    "preparation": {
        "fps": 300.0,
        "report_fps": 150.0,
        "times_report": 2.0,
        "bytes_per_frame": 100_000.0,
        "report_bytes_per_frame": 600_000.0,
        "share_of_report_bytes": 1 / 6,
    },
    "training": {"frames_per_second": 8.0, "in_memory_frames_per_second": 10.0, "computing": 0.8},
}


def test_the_committed_pages_hold_the_tables_and_the_chart_of_the_committed_record():
    for page, table in page_tables(RECORDED).items():
        assert BEGIN + table + END in (REPOSITORY / page).read_text(), f"{page}: run `make bench`"
    assert (REPOSITORY / CHART).read_text() == chart_of(RECORDED), f"{CHART}: run `make bench`"


def test_every_figure_of_the_table_is_in_the_record():
    text = speed_table(RECORD)
    machine, figures = re.findall(r"^\| (.+?) \|", text)[0], re.findall(r"\| ([\d.]+) ", text)
    assert machine == RECORD["machine"]
    assert figures == [
        "100.0",
        "50.0",
        "30.0",
        "0.50",
        "12.0",
        "0.40",
        "27.0",
        "0.90",
        "15.0",
        "0.45",
        "2.5",
        "0.75",
        "1.4",
        "400",
        "300.0",
        "2.0",
        "0.17",
        "8.0",
        "0.80",
    ]


def test_what_a_million_clips_take_is_worked_out():
    text = scale_table(RECORD, [])
    assert "| stored | 9.0 TB | $180 a month |" in text
    assert "| 54.0 TB | $1080 a month |" in text
    # 90 million frames at 1/300 + 1/100 seconds: 333 hours of 4 cores at 4 cents.
    assert "on one machine of 4 cores | 333 hours | $53 |" in text
    assert "by 100 of them | 3 hours |" in text
    # 72 million of them at 8 a second.
    assert "on 4 cores | 2,500 hours | $400 |" in text


def test_accelerators_speak_for_themselves():
    machine = {"name": "big", "accelerators": ["Chip 9"]}
    speed = {"backend": "jax", "machine": machine, "runs": {"alexnet": {"frames_per_second": 2000.0}}}
    text = scale_table(RECORD, [speed])
    assert "| one epoch of alexnet on its 80%, jax on Chip 9 | 10 hours | $30 |" in text
    assert "2,500 hours" not in text


def test_pages_are_rewritten_between_their_marks(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "bench.json").write_text(json.dumps(RECORD))
    for page in ("README.md", "docs/manual.md", "docs/scale.md"):
        (tmp_path / page).write_text(f"before\n{BEGIN}old\n{END}after\n")
    write_pages(tmp_path / "bench.json", tmp_path)
    assert (tmp_path / "docs" / "manual.md").read_text() == f"before\n{BEGIN}{speed_table(RECORD)}{END}after\n"
    shown = f"![{chart_words(RECORD['films'], 4)}](docs/speed.svg)\n"
    assert (tmp_path / README).read_text() == f"before\n{BEGIN}{shown}{END}after\n"
    assert (tmp_path / CHART).read_text() == speed_chart(RECORD["films"], 4)
    (tmp_path / "docs" / "manual.md").write_text("nothing here\n")
    with pytest.raises(InputError, match="has no line"):
        write_pages(tmp_path / "bench.json", tmp_path)
