"""The figures on the pages are those of the records."""

import json

from tests.helpers.command import REPOSITORY


def test_the_readme_says_of_quality_what_the_record_says():
    readme = (REPOSITORY / "README.md").read_text()
    record = json.loads((REPOSITORY / "data" / "results" / "frame.json").read_text())
    names = {"gray": "gray", "Zhang et al. 2016, frame by frame": "other", "**vidcolor**": "vidcolor"}
    keys = ("psnr", "psnr_ab", "ciede2000", "colorfulness_ratio", "cdc_ratio", "chroma_warp_error_ratio")
    for name, row in names.items():
        figures = " | ".join(f"{record['clips']['mean'][row][key]:.2f}" for key in keys)
        assert f"| {name} | {figures} |" in readme, name
    parts = json.loads((REPOSITORY / "data" / "results" / "temporal.json").read_text())["mean"]
    figures = " | ".join(f"{parts['per frame'][key]:.2f}" for key in keys)
    assert f"| ours, frame by frame, not encoded | {figures} |" in readme
    photos = record["photos"]["val_images"]
    for sentence in (
        "On {photos} validation photographs the mean absolute error of ab is {mae_ab:.2f},",
        "{mae_ab_ratio:.3f} of gray's {mae_ab_gray:.2f};",
        "PSNR {psnr:.2f} dB (gray {psnr_gray:.2f});",
        "mean CIEDE2000 {ciede2000:.2f} (gray {ciede2000_gray:.2f});",
        "colourfulness {colorfulness_ratio:.3f} of the truth's.",
    ):
        assert sentence.format(**photos) in " ".join(readme.split())
    more, films = record["photos"]["val_more"], record["films"]["mean"]
    error, color = films["vidcolor"]["mae_ab"] / films["gray"]["mae_ab"], films["vidcolor"]["colorfulness_ratio"]
    for sentence in (
        f"On {more['photos']} of people, streets, rooms, animals and objects it is {more['mae_ab_ratio']:.3f} of",
        f"of gray's, colourfulness {more['colorfulness_ratio']:.3f}.",
        f"the error of ab is {error:.3f} of gray's, colourfulness {color:.3f}.",
    ):
        assert sentence in " ".join(readme.split())
    lumas = ", ".join(f"{value:.2f}" for value in record["clips"]["luma_mae"].values())
    assert f"differs by {lumas} Lab units" in readme


def test_the_manual_says_of_key_frames_what_the_record_says():
    manual = (REPOSITORY / "docs" / "manual.md").read_text()
    record = json.loads((REPOSITORY / "data" / "results" / "keyframes.json").read_text())
    davis = record["sets"]["davis"]
    keys = ("psnr_ab", "ciede2000", "colorfulness_ratio", "chroma_warp_error_ratio")
    for row in set(davis["mean"]) - {"true"}:
        assert "| " + " | ".join(f"{davis['mean'][row][key]:.2f}" for key in keys) + " |" in manual, row
    said = f"on {len(davis['clips'])} films of DAVIS, up to their first {record['frames']} frames"
    assert said in " ".join(manual.split())
    slow = {row: values["psnr_ab"] for row, values in record["sets"]["hiking"]["mean"].items()}
    lost = slow["first"] - slow["first, edited"]
    assert 0 < slow["first"] - slow["DIS"] < 0.5
    new, new_slow = (record["sets"][name]["new_object"]["ratio"] for name in ("davis", "hiking"))
    gains = "gains hardly anything over colours moved along the flow"
    against = f"{gains}, {slow['first']:.2f} dB against {slow['DIS']:.2f}"
    has = "times the error of the automatic colours on DAVIS and"
    times = f"{new:.2f} {has} {new_slow:.2f} times on the slow clips"
    for said in (f"{against}, and the edited one costs {lost:.2f} dB", times):
        assert said in " ".join(manual.split())
