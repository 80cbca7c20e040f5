import numpy as np
import onnxruntime

from tests.helpers.keyed import SIZE, gray_of, panned
from vidcolor_utils.film.keyframes.features import LAYERS, describe, grid, with_outputs
from vidcolor_utils.weights.shipped import shipped_weights_path


def test_layers_inside_a_network_become_outputs_and_the_old_one_stays():
    model = with_outputs(shipped_weights_path().read_bytes(), LAYERS)
    outputs = [output.name for output in onnxruntime.InferenceSession(model).get_outputs()]
    assert outputs[1:] == list(LAYERS) and len(outputs) == 3


def test_points_are_described_and_their_place_comes_last():
    points = describe(gray_of(panned(1)[0]))
    rows, columns = grid(SIZE)
    assert (rows, columns) == (8, 11) and points.shape[0] == rows * columns
    assert points.dtype == np.float32 and np.isfinite(points).all()
    assert (points[0, -2:] == 0).all() and points[-1, -2] > 0


def test_a_point_is_more_like_itself_in_other_light_than_like_others():
    gray = gray_of(panned(1)[0])
    points, dimmer = describe(gray), describe((0.95 * gray).astype(np.uint8))
    distances = np.square(dimmer[:, None] - points).sum(axis=-1)
    assert (distances.argmin(axis=1) == np.arange(len(points))).mean() > 0.9
