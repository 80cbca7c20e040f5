import keras

from vidcolor_utils.course.lesson.drawing import draw_network, network_boxes


def test_boxes_stand_where_side_or_depth_change(capsys):
    picture = keras.Input((16, 16, 3), name="frame")
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", name="down")(picture)
    x = keras.layers.ReLU(name="open")(x)
    model = keras.Model(picture, keras.layers.UpSampling2D(name="up")(x))
    assert network_boxes(model) == [("frame", 16, 3), ("down", 8, 8), ("up", 16, 8)]
    draw_network(model, alt="three boxes")
