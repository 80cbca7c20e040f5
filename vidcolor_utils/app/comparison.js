// A video or picture that shows gray and colour, parted by a divider.

const KEY_STEP = 0.05; // of the width, by which the arrow keys move the divider

// Draws a video or picture that holds "before" above "after": the one left of a divider, the other right of it.
class Comparison {
  constructor() {
    this.split = 0.5;
    this.video = element("video", { muted: true, loop: true, playsInline: true });
    this.picture = element("img", {});
    this.canvas = element("canvas", {});
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.divider = element("div", { className: "vidcolor-divider", tabIndex: 0 });
    this.divider.setAttribute("role", "slider");
    this.divider.setAttribute("aria-label", "Gray on the left, colour on the right");
    this.divider.setAttribute("aria-valuemin", 0);
    this.divider.setAttribute("aria-valuemax", 100);
    this.stage = element("div", { className: "vidcolor-compare" }, this.canvas, this.divider);
    this.play = element("button", { type: "button", textContent: "Pause" });
    this.play.addEventListener("click", () => (this.video.paused ? this.video.play() : this.video.pause()));
    const large = element("button", { type: "button", textContent: "Full screen" });
    const frame = element("div", { className: "vidcolor-frame" }, this.stage);
    large.addEventListener("click", () => frame.requestFullscreen());
    this.root = element("div", {}, frame, element("div", { className: "vidcolor-row" }, this.play, large));
    this.stage.addEventListener("pointerdown", (event) => this.grab(event));
    this.stage.addEventListener("pointermove", (event) => event.buttons && this.follow(event));
    this.divider.addEventListener("keydown", (event) => this.key(event));
    for (const name of ["play", "pause"]) {
      this.video.addEventListener(name, () => (this.play.textContent = this.video.paused ? "Play" : "Pause"));
    }
    this.video.addEventListener("loadeddata", () => this.begin(this.video, this.video.videoWidth, this.video.videoHeight));
    this.picture.addEventListener("load", () =>
      this.begin(this.picture, this.picture.naturalWidth, this.picture.naturalHeight),
    );
    this.moveTo(this.split);
  }

  show(blob) {
    this.hide();
    this.address = URL.createObjectURL(blob);
    const isPicture = blob.type.startsWith("image/");
    this.play.hidden = isPicture;
    (isPicture ? this.picture : this.video).src = this.address;
  }

  hide() {
    cancelAnimationFrame(this.pending);
    this.video.pause();
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = undefined;
  }

  begin(source, width, height) {
    this.source = source;
    this.canvas.width = width;
    this.canvas.height = height / 2;
    this.stage.style.setProperty("--aspect", (2 * width) / height);
    if (source === this.video) source.play().catch(() => (this.play.textContent = "Play")); // a browser may forbid it
    this.tick();
  }

  tick() {
    if (!this.address) return;
    const { width, height } = this.canvas;
    const left = Math.round(this.split * width);
    const right = width - left;
    if (left > 0) this.context.drawImage(this.source, 0, 0, left, height, 0, 0, left, height);
    if (right > 0) this.context.drawImage(this.source, left, height, right, height, left, 0, right, height);
    this.canvas.dataset.drawn = Number(this.canvas.dataset.drawn || 0) + 1;
    this.pending = requestAnimationFrame(() => this.tick());
  }

  moveTo(split) {
    this.split = Math.min(1, Math.max(0, split));
    this.divider.style.left = `${100 * this.split}%`;
    this.divider.setAttribute("aria-valuenow", Math.round(100 * this.split));
  }

  grab(event) {
    this.stage.setPointerCapture(event.pointerId);
    this.divider.focus({ preventScroll: true });
    this.follow(event);
    event.preventDefault();
  }

  follow(event) {
    const box = this.canvas.getBoundingClientRect();
    this.moveTo((event.clientX - box.left) / box.width);
  }

  key(event) {
    const steps = { ArrowLeft: this.split - KEY_STEP, ArrowRight: this.split + KEY_STEP, Home: 0, End: 1 };
    if (!(event.key in steps)) return;
    this.moveTo(steps[event.key]);
    event.preventDefault();
    event.stopPropagation();
  }
}
