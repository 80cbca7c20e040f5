// The browser's half of vidcolor_utils.app.page.ColorizePage. What is shown follows from the model's `stage`.

const FILES = "video/*,image/*,.mkv,.avi,.mpg,.mpeg,.flv,.wmv,.ts,.tif,.tiff";
const TITLE = "Colorize your film";
// What was told of a dropped file is over when work begins or ends, or that file is given up: from one stage to another.
const TOLD_ENDS = /looking|working|(receiving|opening) waiting/;
const LOST =
  "The program behind this page does not answer. A notebook that runs another cell answers afterwards. If this does not pass, it has ended: start it again, load this page anew and choose the file again.";

// Keeps Jupyter's own keys away; from each control, as some of them (arrows) are bound to whatever has the focus.
function keepKeys(control) {
  control.setAttribute("data-lm-suppress-shortcuts", "true");
}

class Page {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.sender = new Sender(model, (share) => (this.bar.value = share));
    this.receiver = new Receiver(model);
    this.pulse = new Pulse(model, () => this.update());
    this.comparison = new Comparison();
    this.sheet = new Sheet(model, this.sender);
    this.addresses = []; // of the pictures of the preview
    this.told = ""; // what became of what was dropped, if anything is to be said
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
    const calm = "how long a colour stays: 0 lets every frame choose anew, which flickers; it shows in the finished film only";
    this.calm = this.slider("strength", "Calm", calm);
    const strong = `0 is gray, 1 is the usual, ${this.model.get("most").saturation} is very strong`;
    const strength = this.slider("saturation", "Strength of the colours", strong);
    this.settings = element("div", { className: "vidcolor-settings" }, strength, this.calm);
    this.view = element("section", {}, this.preview, this.comparison.root);
    this.root.replaceChildren(this.buildHeader(), this.drop, this.view, this.settings, this.sheet.root);
    this.root.addEventListener("focusin", (event) => keepKeys(event.target));
  }

  // Always in view: the file, what is to be done next or is going on, the buttons for it, and what is wrong.
  buildHeader() {
    this.name = element("strong", { className: "vidcolor-name" });
    this.film = element("small", { className: "vidcolor-film" });
    this.step = element("output", { className: "vidcolor-step" });
    this.bar = element("progress", { max: 1, value: 0 });
    this.bar.setAttribute("aria-label", "done so far");
    this.colorize = button("Colorize", () => this.model.send({ kind: "colorize" }));
    this.cancel = button("Cancel", () => this.model.send({ kind: "stop" }));
    this.download = button("Download", () => this.save());
    this.other = button("Another file", () => this.input.click());
    const words = element("div", { className: "vidcolor-words" }, this.name, this.film, this.step, this.bar);
    const buttons = element(
      "div",
      { className: "vidcolor-row" },
      ...[this.download, this.colorize, this.cancel, this.other],
    );
    return element("header", {}, words, buttons, this.problem);
  }

  // Moving it changes the number beside it; letting it go tells Python.
  slider(name, title, hint) {
    const [usual, max] = ["usual", "most"].map((limit) => this.model.get(limit)[name]);
    const input = element("input", { type: "range", min: 0, max, step: 0.01, value: this.model.get(name) });
    const value = element("span", {}); // no <output>, which the label would name instead
    const show = () => (value.textContent = Number(input.value) === usual ? `${usual}, the usual` : input.value);
    show();
    input.addEventListener("input", show);
    input.addEventListener("change", () => {
      this.model.set(name, Number(input.value));
      this.model.save_changes();
      this.update();
    });
    const line = element("span", { className: "vidcolor-row" }, `${title} `, value);
    return element("label", {}, line, input, element("small", { textContent: hint }));
  }

  listen() {
    const names = ["stage", "problem", "name", "film", "share", "words", "result", "is_film", "edits", "busy"];
    this.changes = [
      [names.map((name) => `change:${name}`).join(" "), () => this.update()],
      ["change:preview", () => this.updatePreview()],
      ["change:result", () => this.updateResult()],
      ["msg:custom", (message, buffers) => this.hear(message, buffers)],
    ];
    for (const [events, action] of this.changes) this.model.on(events, action);
    this.input.addEventListener("change", () => this.takeFirst(this.input.files));
    this.root.addEventListener("dragover", (event) => event.preventDefault());
    this.root.addEventListener("drop", (event) => {
      event.preventDefault();
      this.takeFirst(event.dataTransfer.files);
    });
    window.vidcolorLoses = () => this.loses(); // asked by the template of vidcolor-app when the visitor leaves
  }

  close() {
    for (const [events, action] of this.changes) this.model.off(events, action);
    delete window.vidcolorLoses;
    this.pulse.close();
    this.receiver.close();
    this.comparison.hide();
    this.sheet.close();
    this.addresses.forEach(URL.revokeObjectURL);
  }

  hear(message, buffers) {
    if (message.kind === "alive") this.pulse.hear();
    if (message.kind === "more" && this.sender.file) this.sender.more(message);
    if (message.kind !== "piece") return;
    this.receiver.take(message, buffers[0]);
    this.sheet.hear(message, buffers[0]);
  }

  busy() {
    return ["opening", "looking", "working"].includes(this.model.get("stage"));
  }

  takeFirst([file, ...others]) {
    this.input.value = ""; // so that the same file can be chosen again
    if (!file) return; // a text was dropped, or the choice cancelled
    this.told = this.busy() ? `${file.name} was not taken: other work was going on.` : "";
    if (!this.busy() && this.take(file) && others.length) this.told = `One file at a time: ${file.name} was taken.`;
    this.update();
  }

  // Whether it is taken: the visitor may keep what would be lost.
  take(file) {
    const lost = this.loses();
    const isTaken = !lost || window.confirm(`${lost} Take the other file?`);
    if (isTaken) this.sender.begin(file);
    return isTaken;
  }

  // Says what the visitor loses who leaves this film, or nothing.
  loses() {
    if (this.model.get("edits")) return "The points and pictures that you gave this film will be gone.";
    if (this.model.get("stage") === "working") return "What is being coloured will be gone.";
    return this.model.get("result").name && !this.saved && "What was coloured is not downloaded yet, and will be gone.";
  }

  // Whether the settings are no longer those that the result was made with.
  outdated() {
    const result = this.model.get("result");
    return ["saturation", "strength", "edits"].some((name) => name in result && result[name] !== this.model.get(name));
  }

  nextStep(stage) {
    const steps = {
      waiting: "First choose a film or a photograph.",
      receiving: "Reading the file \u2026",
      opening: "Looking at it \u2026",
      ready: this.model.get("is_film")
        ? "This is a preview, each moment by itself: in the film colours are steadied and may differ. Set them below, then press Colorize."
        : "This is a preview. Set the colours below, then press Colorize.",
      looking: `Looking for shots: ${this.model.get("words")}`,
      working: `Colorizing: ${this.model.get("words")}`,
      done: "Gray is left of the line, colour is right of it: drag the line. Then download.",
    };
    const older = "You have changed something: what you see is older. Press Colorize again to make it anew.";
    if (this.model.get("busy")) return this.model.get("busy");
    return stage === "done" && this.outdated() ? older : steps[stage];
  }

  update() {
    const stage = this.model.get("stage");
    const isOpen = ["ready", "looking", "working", "done"].includes(stage);
    const focused = document.activeElement;
    const before = this.root.dataset.stage;
    const turns = before !== stage && (before === "waiting" || before === "working");
    if (before !== stage && TOLD_ENDS.test(`${before} ${stage}`)) this.told = "";
    this.root.dataset.stage = stage;
    this.root.toggleAttribute("data-outdated", stage === "done" && this.outdated());
    say(this.name, this.model.get("name"));
    say(this.film, this.model.get("film"));
    this.step.setAttribute("aria-live", this.busy() ? "off" : "polite"); // else it is read aloud at every step of the work
    say(this.step, this.nextStep(stage));
    this.input.disabled = this.busy();
    this.drop.hidden = stage !== "waiting";
    this.bar.hidden = !["receiving", "looking", "working"].includes(stage);
    if (["looking", "working"].includes(stage)) this.bar.value = this.model.get("share");
    this.download.hidden = stage !== "done";
    this.colorize.hidden = !["ready", "done"].includes(stage);
    this.colorize.textContent = stage === "done" ? "Colorize again" : "Colorize";
    this.cancel.hidden = !["receiving", "looking", "working"].includes(stage);
    this.other.hidden = !["ready", "done"].includes(stage);
    const next = stage === "done" && !this.outdated() ? this.download : this.colorize;
    for (const button of [this.download, this.colorize]) button.classList.toggle("vidcolor-next", button === next);
    this.view.hidden = !isOpen;
    this.preview.hidden = stage === "done";
    this.comparison.root.hidden = stage !== "done";
    this.settings.hidden = !isOpen;
    this.calm.hidden = !this.model.get("is_film");
    this.sheet.root.hidden = !isOpen || !this.model.get("is_film");
    for (const part of [this.settings, this.sheet.root]) part.inert = this.busy();
    const problem = this.pulse.lost ? LOST : this.model.get("problem") || this.told;
    this.problem.hidden = !problem;
    say(this.problem, problem);
    if (turns) this.root.scrollIntoView({ block: "start" });
    if (this.root.contains(focused) && focused.closest("[hidden], [inert]")) {
      const buttons = [this.cancel, next, this.other];
      buttons.find((button) => !button.hidden)?.focus({ preventScroll: true }); // else the keyboard is at the page's top
    }
  }

  updatePreview() {
    const pictures = this.model.get("preview").map((bytes) => new Blob([bytes], { type: "image/jpeg" }));
    this.addresses.forEach(URL.revokeObjectURL);
    this.addresses = pictures.map((picture) => URL.createObjectURL(picture));
    const of = (number) => (pictures.length > 1 ? `Preview ${number + 1} of ${pictures.length}` : "Preview");
    const alts = pictures.map((_, number) => `${of(number)}: gray above, colour below`);
    this.preview.replaceChildren(...this.addresses.map((src, number) => element("img", { src, alt: alts[number] })));
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
    const blob = await this.receiver.get("comparison", comparison, type);
    if (blob) this.comparison.show(blob);
  }

  async save() {
    const { name, film } = this.model.get("result");
    this.download.disabled = true;
    const blob = this.saved || (await this.receiver.get("film", film, "application/octet-stream"));
    this.download.disabled = false;
    if (!blob) return; // another one was asked for meanwhile
    this.saved = blob;
    offer(blob, name);
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
