// The browser's half of vidcolor_utils.app_page.ColorizePage. What is shown follows from the model's `stage`.

const MEGABYTE = 1e6; // as in app.py
const ASK_AGAIN_MS = 5000; // a piece that did not come by then is asked for again: Jupyter may drop one
const KEY_STEP = 0.05; // of the width, by which the arrow keys move the divider
const VIDEOS = "video/*,.mkv,.avi,.mpg,.mpeg,.flv,.wmv,.ts";

function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function megabytes(bytes) {
  return `${(bytes / MEGABYTE).toFixed(bytes < 10 * MEGABYTE ? 1 : 0)} MB`;
}

// Sends a file in the pieces that Python asks for.
class Sender {
  constructor(model, onProgress) {
    this.model = model;
    this.onProgress = onProgress;
  }

  begin(file) {
    this.file = file;
    this.onProgress(0);
    this.model.send({ kind: "begin", name: file.name, size: file.size });
  }

  async more({ start, length }) {
    const piece = await this.file.slice(start, start + length).arrayBuffer();
    this.model.send({ kind: "piece", start }, undefined, [piece]);
    this.onProgress(Math.min(1, (start + length) / this.file.size));
  }
}

// Asks Python for a file piece by piece.
class Receiver {
  constructor(model) {
    this.model = model;
    this.open = new Map();
  }

  get(file, size, type) {
    return new Promise((resolve) => {
      this.open.set(file, { parts: [], start: 0, size, type, resolve });
      this.ask(file);
    });
  }

  ask(file) {
    const wanted = this.open.get(file);
    this.model.send({ kind: "get", file, start: wanted.start });
    wanted.timer = setTimeout(() => this.ask(file), ASK_AGAIN_MS);
  }

  take({ file, start }, piece) {
    const wanted = this.open.get(file);
    if (!wanted || start !== wanted.start) return; // it was asked for twice
    clearTimeout(wanted.timer);
    wanted.parts.push(piece);
    wanted.start += piece.byteLength;
    if (wanted.start < wanted.size) {
      this.ask(file);
      return;
    }
    this.open.delete(file);
    wanted.resolve(new Blob(wanted.parts, { type: wanted.type }));
  }

  close() {
    for (const { timer } of this.open.values()) clearTimeout(timer);
    this.open.clear();
  }
}

// Draws a video whose frames hold "before" above "after": the one left of a divider, the other right of it.
class Comparison {
  constructor() {
    this.split = 0.5;
    this.video = element("video", { muted: true, loop: true, playsInline: true });
    this.canvas = element("canvas", {});
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.divider = element("div", { className: "vidcolor-divider", tabIndex: 0 });
    this.divider.setAttribute("role", "slider");
    this.divider.setAttribute("aria-label", "Gray on the left, colour on the right");
    this.divider.setAttribute("aria-valuemin", 0);
    this.divider.setAttribute("aria-valuemax", 100);
    this.stage = element("div", { className: "vidcolor-compare" }, this.canvas, this.divider);
    this.button = element("button", { type: "button", textContent: "Pause" });
    this.button.addEventListener("click", () => (this.video.paused ? this.video.play() : this.video.pause()));
    this.root = element("div", {}, this.stage, this.button);
    this.stage.addEventListener("pointerdown", (event) => this.grab(event));
    this.stage.addEventListener("pointermove", (event) => event.buttons && this.follow(event));
    this.divider.addEventListener("keydown", (event) => this.key(event));
    for (const name of ["play", "pause"]) {
      this.video.addEventListener(name, () => (this.button.textContent = this.video.paused ? "Play" : "Pause"));
    }
    this.video.addEventListener("loadeddata", () => this.begin());
    this.moveTo(this.split);
  }

  show(blob) {
    this.hide();
    this.address = URL.createObjectURL(blob);
    this.video.src = this.address;
  }

  hide() {
    cancelAnimationFrame(this.pending);
    this.video.pause();
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = undefined;
  }

  begin() {
    this.canvas.width = this.video.videoWidth;
    this.canvas.height = this.video.videoHeight / 2;
    this.video.play().catch(() => (this.button.textContent = "Play")); // a browser may forbid it
    this.tick();
  }

  tick() {
    if (!this.address) return;
    const { width, height } = this.canvas;
    const left = Math.round(this.split * width);
    if (left > 0) this.context.drawImage(this.video, 0, 0, left, height, 0, 0, left, height);
    if (left < width) this.context.drawImage(this.video, left, height, width - left, height, left, 0, width - left, height);
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

class Page {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.sender = new Sender(model, (share) => (this.sent.value = share));
    this.receiver = new Receiver(model);
    this.comparison = new Comparison();
    this.build();
    this.listen();
    this.update();
    this.updatePreview();
    this.updateResult();
  }

  build() {
    this.root.classList.add("vidcolor-page");
    this.input = element("input", { type: "file", accept: VIDEOS });
    const limit = `up to ${this.model.get("max_megabytes")} MB; it stays on this machine`;
    this.drop = element(
      "label",
      { className: "vidcolor-drop" },
      element("strong", { textContent: "Drop a film here, or choose one" }),
      element("small", { textContent: limit }),
      this.input,
    );
    this.problem = element("p", { className: "vidcolor-problem" });
    this.problem.setAttribute("role", "alert");
    this.sent = element("progress", { max: 1, value: 0 });
    this.sending = element("p", {}, "Reading the film ", this.sent);
    this.opening = element("p", { textContent: "Looking at the film \u2026" });
    this.film = element("p", { className: "vidcolor-film" });
    this.preview = element("img", { alt: "Frames of the film: gray above, colour below" });
    const settings = element(
      "div",
      { className: "vidcolor-settings" },
      this.slider("saturation", "Saturation", 3, "0 is gray, 1 is what the network says; the preview shows it"),
      this.slider("strength", "Steadiness", 0.98, "0 colours each frame by itself; higher is calmer"),
    );
    this.colorize = this.button("Colorize", () => this.model.send({ kind: "colorize" }));
    this.ready = element("section", {}, this.film, this.preview, settings, this.colorize);
    this.bar = element("progress", { max: 1, value: 0 });
    this.words = element("output", {});
    const stop = this.button("Stop", () => this.model.send({ kind: "stop" }));
    this.working = element("section", {}, this.bar, " ", this.words, " ", stop);
    this.download = this.button("Download", () => this.save());
    this.done = element("section", {}, this.comparison.root, this.download);
    this.root.replaceChildren(
      ...[this.drop, this.problem, this.sending, this.opening, this.ready, this.working, this.done],
    );
    // Keeps Jupyter's own keys away; on each control, as some of them (arrows) are bound to whatever has the focus.
    for (const control of this.root.querySelectorAll("button, input, [tabindex]")) {
      control.setAttribute("data-lm-suppress-shortcuts", "true");
    }
  }

  button(text, action) {
    const button = element("button", { type: "button", textContent: text });
    button.addEventListener("click", action);
    return button;
  }

  // Moving it changes the number beside it; letting it go tells Python.
  slider(name, title, max, hint) {
    const input = element("input", { type: "range", min: 0, max, step: 0.02, value: this.model.get(name) });
    const value = element("output", { textContent: this.model.get(name) });
    input.addEventListener("input", () => (value.textContent = input.value));
    input.addEventListener("change", () => {
      this.model.set(name, Number(input.value));
      this.model.save_changes();
    });
    return element("label", {}, `${title} `, input, " ", value, element("small", { textContent: hint }));
  }

  listen() {
    this.changes = [
      ["change:stage change:problem change:film change:share change:words", () => this.update()],
      ["change:preview", () => this.updatePreview()],
      ["change:result", () => this.updateResult()],
      ["msg:custom", (message, buffers) => this.hear(message, buffers)],
    ];
    for (const [events, action] of this.changes) this.model.on(events, action);
    this.input.addEventListener("change", () => this.take(this.input.files[0]));
    this.root.addEventListener("dragover", (event) => event.preventDefault());
    this.root.addEventListener("drop", (event) => {
      event.preventDefault();
      this.take(event.dataTransfer.files[0]);
    });
  }

  close() {
    for (const [events, action] of this.changes) this.model.off(events, action);
    this.receiver.close();
    this.comparison.hide();
    if (this.picture) URL.revokeObjectURL(this.picture);
  }

  hear(message, buffers) {
    if (message.kind === "more" && this.sender.file) this.sender.more(message);
    if (message.kind === "piece") this.receiver.take(message, buffers[0]);
  }

  busy() {
    return ["opening", "working"].includes(this.model.get("stage"));
  }

  take(file) {
    this.input.value = ""; // so that the same file can be chosen again
    if (file && !this.busy()) this.sender.begin(file);
  }

  update() {
    const stage = this.model.get("stage");
    this.root.dataset.stage = stage;
    this.input.disabled = this.busy();
    this.sending.hidden = stage !== "receiving";
    this.opening.hidden = stage !== "opening";
    this.ready.hidden = !["ready", "done", "working"].includes(stage);
    this.colorize.disabled = stage === "working";
    this.working.hidden = stage !== "working";
    this.done.hidden = stage !== "done";
    this.problem.hidden = !this.model.get("problem");
    this.problem.textContent = this.model.get("problem");
    this.film.textContent = this.model.get("film");
    this.bar.value = this.model.get("share");
    this.words.textContent = this.model.get("words");
  }

  updatePreview() {
    const bytes = this.model.get("preview");
    if (this.picture) URL.revokeObjectURL(this.picture);
    this.picture = bytes.byteLength ? URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })) : undefined;
    this.preview.hidden = !this.picture;
    if (this.picture) this.preview.src = this.picture;
  }

  async updateResult() {
    const { name, film, comparison } = this.model.get("result");
    this.receiver.close();
    this.saved = undefined;
    if (!name) {
      this.comparison.hide();
      return;
    }
    this.download.textContent = `Download ${name} (${megabytes(film)})`;
    this.comparison.show(await this.receiver.get("comparison", comparison, "video/mp4"));
  }

  async save() {
    const { name, film } = this.model.get("result");
    this.download.disabled = true;
    this.saved = this.saved || (await this.receiver.get("film", film, "application/octet-stream"));
    this.download.disabled = false;
    const address = URL.createObjectURL(this.saved);
    element("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser reads it after the click
  }
}

export default {
  render({ model, el }) {
    const root = document.createElement("div");
    el.append(root);
    const page = new Page(model, root);
    return () => page.close();
  },
};
