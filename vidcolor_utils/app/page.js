// The browser's half of vidcolor_utils.app.page.ColorizePage. What is shown follows from the model's `stage`.

const MEGABYTE = 1e6; // as in desk.py
const ASK_AGAIN_MS = 5000; // a piece that did not come by then is asked for again: Jupyter may drop one
const KEY_STEP = 0.05; // of the width, by which the arrow keys move the divider
const FILES = "video/*,image/*,.mkv,.avi,.mpg,.mpeg,.flv,.wmv,.ts,.tif,.tiff";
const TITLE = "Colorize your film";

function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function megabytes(bytes) {
  if (bytes < MEGABYTE) return `${Math.ceil(bytes / 1000)} kB`;
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

class Page {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.sender = new Sender(model, (share) => (this.bar.value = share));
    this.receiver = new Receiver(model);
    this.comparison = new Comparison();
    this.addresses = []; // of the pictures of the preview
    if (document.body.dataset.voila) document.title = TITLE;
    this.build();
    this.listen();
    this.update();
    this.updatePreview();
    this.updateResult();
  }

  build() {
    this.root.classList.add("vidcolor-page");
    this.input = element("input", { type: "file", accept: FILES });
    const limit = `up to ${this.model.get("max_megabytes")} MB; it stays on this computer`;
    this.drop = element(
      "label",
      { className: "vidcolor-drop" },
      element("strong", { textContent: "Drop a film or a photograph here, or choose one" }),
      element("small", { textContent: limit }),
      this.input,
    );
    this.problem = element("p", { className: "vidcolor-problem" });
    this.problem.setAttribute("role", "alert");
    this.preview = element("div", { className: "vidcolor-preview" });
    this.settings = element(
      "div",
      { className: "vidcolor-settings" },
      this.slider("saturation", "Strength of the colours", 3, "0 is gray, 1 is the usual, 3 is very strong"),
      this.slider("strength", "Calm", 0.98, "how long a colour stays: 0 lets every frame choose anew, which flickers"),
    );
    this.view = element("section", {}, this.preview, this.comparison.root);
    this.root.replaceChildren(this.buildHeader(), this.problem, this.drop, this.view, this.settings);
    // Keeps Jupyter's own keys away; on each control, as some of them (arrows) are bound to whatever has the focus.
    for (const control of this.root.querySelectorAll("button, input, [tabindex]")) {
      control.setAttribute("data-lm-suppress-shortcuts", "true");
    }
  }

  // Always in view: the file, what is to be done next or is going on, and the buttons for it.
  buildHeader() {
    this.name = element("strong", { className: "vidcolor-name" });
    this.film = element("small", { className: "vidcolor-film" });
    this.step = element("output", { className: "vidcolor-step" });
    this.bar = element("progress", { max: 1, value: 0 });
    this.colorize = this.button("Colorize", () => this.model.send({ kind: "colorize" }));
    this.cancel = this.button("Cancel", () => this.model.send({ kind: "stop" }));
    this.download = this.button("Download", () => this.save());
    this.other = this.button("Another file", () => this.input.click());
    const words = element("div", { className: "vidcolor-words" }, this.name, this.film, this.step, this.bar);
    const buttons = element(
      "div",
      { className: "vidcolor-row" },
      ...[this.download, this.colorize, this.cancel, this.other],
    );
    return element("header", {}, words, buttons);
  }

  button(text, action) {
    const button = element("button", { type: "button", textContent: text });
    button.addEventListener("click", action);
    return button;
  }

  // Moving it changes the number beside it; letting it go tells Python.
  slider(name, title, max, hint) {
    const input = element("input", { type: "range", min: 0, max, step: 0.02, value: this.model.get(name) });
    const value = element("span", { textContent: this.model.get(name) }); // no <output>, which the label would name instead
    input.addEventListener("input", () => (value.textContent = input.value));
    input.addEventListener("change", () => {
      this.model.set(name, Number(input.value));
      this.model.save_changes();
      this.update();
    });
    const line = element("span", { className: "vidcolor-row" }, `${title} `, value);
    return element("label", {}, line, input, element("small", { textContent: hint }));
  }

  listen() {
    const names = ["stage", "problem", "name", "film", "share", "words", "result"];
    this.changes = [
      [names.map((name) => `change:${name}`).join(" "), () => this.update()],
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
    this.addresses.forEach(URL.revokeObjectURL);
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

  // Whether the settings are no longer those that the result was made with.
  outdated() {
    const result = this.model.get("result");
    return ["saturation", "strength"].some((name) => name in result && result[name] !== this.model.get(name));
  }

  nextStep(stage) {
    const steps = {
      waiting: "First choose a film or a photograph.",
      receiving: "Reading the file \u2026",
      opening: "Looking at it \u2026",
      ready: "This is a preview. Set the colours below, then press Colorize.",
      working: `Colorizing: ${this.model.get("words")}`,
      done: "Gray is left of the line, colour is right of it: drag the line. Then download.",
    };
    const older = "The settings have changed: what you see is older. Press Colorize to make it anew.";
    return stage === "done" && this.outdated() ? older : steps[stage];
  }

  update() {
    const stage = this.model.get("stage");
    const isOpen = ["ready", "working", "done"].includes(stage);
    const turns = this.root.dataset.stage !== stage && (this.root.dataset.stage === "waiting" || stage === "done");
    this.root.dataset.stage = stage;
    this.root.toggleAttribute("data-outdated", stage === "done" && this.outdated());
    this.name.textContent = this.model.get("name");
    this.film.textContent = this.model.get("film");
    this.step.textContent = this.nextStep(stage);
    this.input.disabled = this.busy();
    this.drop.hidden = stage !== "waiting";
    this.bar.hidden = !["receiving", "working"].includes(stage);
    if (stage === "working") this.bar.value = this.model.get("share");
    this.download.hidden = stage !== "done";
    this.colorize.hidden = !["ready", "done"].includes(stage);
    this.colorize.textContent = stage === "done" ? "Colorize again" : "Colorize";
    this.cancel.hidden = !["receiving", "working"].includes(stage);
    this.other.hidden = !["ready", "done"].includes(stage);
    const next = stage === "done" && !this.outdated() ? this.download : this.colorize;
    for (const button of [this.download, this.colorize]) button.classList.toggle("vidcolor-next", button === next);
    this.view.hidden = !isOpen;
    this.preview.hidden = stage === "done";
    this.comparison.root.hidden = stage !== "done";
    this.settings.hidden = !isOpen;
    for (const input of this.settings.querySelectorAll("input")) input.disabled = stage === "working";
    this.problem.hidden = !this.model.get("problem");
    this.problem.textContent = this.model.get("problem");
    if (turns) this.root.scrollIntoView({ block: "start" });
  }

  updatePreview() {
    const pictures = this.model.get("preview").map((bytes) => new Blob([bytes], { type: "image/jpeg" }));
    this.addresses.forEach(URL.revokeObjectURL);
    this.addresses = pictures.map((picture) => URL.createObjectURL(picture));
    const alt = "Preview: gray above, colour below";
    this.preview.replaceChildren(...this.addresses.map((src) => element("img", { src, alt })));
    this.update();
  }

  async updateResult() {
    const { name, film, comparison, type } = this.model.get("result");
    this.receiver.close();
    this.saved = undefined;
    if (!name) {
      this.comparison.hide();
      return;
    }
    this.download.textContent = `Download (${megabytes(film)})`;
    this.download.title = name;
    this.comparison.show(await this.receiver.get("comparison", comparison, type));
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
