"""Key frames: a few frames of a film came in colour, and their colours reach all others of their shots.

What a key frame is called on its way, in order; (h, w) is the size at which colours are carried:

- `album.KeyPicture`: a picture in colour, its file and the time of its frame. Laid over that frame it becomes
- `carrier.TimedKey`: ab (h, w, C), float16, with its time and shot; C = 2, or 3 of points, see `hints.layer_of`.
- `propagate.CarryFrame`: any frame of the film, gray (h, w), with ab (h, w, C) float32 if it is a key frame.
- `tracks.KeyFrame`: gray and ab of a key frame, without its time, from which a `Track` starts.
- `tracks.Carried`: ab (h, w, C), and how far it is trusted (h, w), as it arrived at a frame from key frames.
- `propagate.Reached`: gray of a frame, its `Carried` and the key frames themselves; a `Filler` paints by that.
"""
