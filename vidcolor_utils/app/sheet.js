// The contact sheet: frames of the film's shots, and the desk at which one of them is given colours.

const PICTURES = "image/*,.tif,.tiff";
const FIRST_COLOR = "#b03a2e";
const STEP = 0.02; // of the frame's width or height, by which an arrow key moves the cross; five times that with Shift
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

// One frame of the sheet: a button with its picture, its shot and time, and what was done to it.
class SheetItem {
  constructor(choose, drop) {
    this.picture = element("img", { alt: "" });
    this.title = element("span", {});
    this.done = element("small", {});
    this.root = element("button", { type: "button", className: "vidcolor-shot" }, this.picture, this.title, this.done);
    this.root.addEventListener("click", choose);
    acceptDrop(this.root, drop);
  }

  show({ title, picture, points }) {
    this.title.textContent = title;
    const count = points.length > 1 ? `${points.length} points` : "1 point";
    this.done.textContent = [picture && "your picture", points.length && count].filter(Boolean).join(", ");
  }
}

// A share of the frame's width or height; at a picture's edge a mouse may be a little outside.
const inside = (share) => Math.min(Math.max(share, 0), 1);

// A picture that is dropped here is of this frame; anywhere else on the page it would be another photograph.
function acceptDrop(node, take) {
  node.addEventListener("dragover", (event) => event.preventDefault());
  node.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    take(event.dataTransfer.files[0]);
  });
}

// Fetches the pictures of the sheet one after the other, those that are new or have changed.
class SheetPictures {
  constructor(model, show) {
    this.receiver = new Receiver(model);
    this.show = show;
    this.addresses = new Map(); // by the name that Python knows a picture by
    this.turn = 0;
  }

  async fetch(sheet) {
    this.receiver.close();
    const turn = ++this.turn;
    const names = sheet.map(({ version }, number) => `sheet-${number}-${version}`);
    this.forgetAllBut(names);
    for (const [number, name] of names.entries()) {
      if (!this.addresses.has(name)) {
        const blob = await this.receiver.get(name, sheet[number].shown, "image/jpeg");
        if (turn !== this.turn) return;
        this.addresses.set(name, URL.createObjectURL(blob));
      }
      this.show(number, this.addresses.get(name));
    }
  }

  forgetAllBut(names) {
    for (const [name, address] of this.addresses) {
      if (names.includes(name)) continue;
      URL.revokeObjectURL(address);
      this.addresses.delete(name);
    }
  }

  close() {
    this.turn += 1;
    this.receiver.close();
    this.forgetAllBut([]);
  }
}

class Sheet {
  constructor(model, sender) {
    this.model = model;
    this.sender = sender;
    this.receiver = new Receiver(model); // of frames to be saved
    this.toSave = new Set(); // their numbers, until Python has them ready
    this.items = [];
    this.chosen = -1;
    this.stripAddresses = [];
    this.pictures = new SheetPictures(model, (number, src) => this.showPicture(number, src));
    this.build();
    this.changes = [
      ["change:sheet", () => this.update()],
      ["change:strip", () => this.updateStrip()],
      ["change:busy", () => this.updateBusy()],
      ["change:saved", () => this.save()],
    ];
    for (const [events, action] of this.changes) model.on(events, action);
    this.update();
    this.updateBusy();
  }

  build() {
    this.begin = button("Show its shots", () => this.model.send({ kind: "shots" }));
    this.grid = element("div", { className: "vidcolor-sheet" });
    const words =
      "A shot is what lies between two cuts. Colour one picture of it in a program of yours, or say which colour a " +
      "thing has: the whole shot follows.";
    const why = element("small", { textContent: words });
    this.root = element("section", { className: "vidcolor-own" }, element("h2", { textContent: "Colours of your own" }));
    this.root.append(why, this.begin, this.grid);
    this.buildEditor();
  }

  buildEditor() {
    this.title = element("strong", {});
    this.busy = element("output", {});
    this.picture = element("img", { alt: "" });
    this.marks = element("div", { className: "vidcolor-marks" });
    this.cross = element("div", { className: "vidcolor-cross", hidden: true });
    this.frame = element("div", { className: "vidcolor-frame-of-shot", tabIndex: 0 }, this.picture, this.marks, this.cross);
    this.frame.setAttribute("role", "application");
    const how = "The frame: click a thing to give it the colour, or move the cross there with the arrow keys and press Enter";
    this.frame.setAttribute("aria-label", how);
    this.picture.addEventListener("click", (event) => this.addPointUnder(event));
    this.picture.addEventListener("load", () => {
      this.frame.style.setProperty("--aspect", this.picture.naturalWidth / this.picture.naturalHeight);
    });
    this.frame.addEventListener("keydown", (event) => this.moveCross(event));
    this.frame.addEventListener("blur", () => (this.cross.hidden = true));
    this.strip = element("div", { className: "vidcolor-strip" });
    const head = element("div", { className: "vidcolor-row" }, this.title, button("Close", () => this.choose(-1)));
    this.editor = element("div", { className: "vidcolor-editor" });
    this.editor.append(head, this.frame, this.buildTools(), this.busy, this.strip);
    acceptDrop(this.editor, (file) => this.take(this.chosen, file));
  }

  buildTools() {
    this.color = element("input", { type: "color", value: FIRST_COLOR });
    this.points = element("ul", {});
    this.file = element("input", { type: "file", accept: PICTURES, hidden: true });
    this.file.addEventListener("change", () => this.take(this.chosen, this.file.files[0]));
    this.bring = button("Use a coloured picture", () => this.file.click());
    this.without = button("Leave my picture out", () => this.edit("take_out"));
    const color = element("label", { className: "vidcolor-row" }, this.color, "Choose a colour, then click the thing that has it (or arrow keys and Enter).");
    const how = "Or save this frame, colour it in a program of yours, and bring it back.";
    return element(
      "div",
      { className: "vidcolor-tools" },
      color,
      this.points,
      element("span", { textContent: how }),
      element(
        "div",
        { className: "vidcolor-row" },
        button("Save this frame", () => this.askForFrame()),
        this.bring,
        this.without,
      ),
      this.file,
    );
  }

  frames() {
    return this.model.get("sheet");
  }

  edit(edit, ...values) {
    this.model.send({ kind: "edit", edit, frame: this.chosen, values });
  }

  addPointUnder(event) {
    const { width, height } = this.picture.getBoundingClientRect();
    this.edit("point", inside(event.offsetX / width), inside(event.offsetY / height), this.color.value);
  }

  // The same without a mouse: the first key shows a cross in the middle, Enter makes a point where it is.
  moveCross(event) {
    const [right, down] = (ARROWS[event.key] || [0, 0]).map((step) => step * (event.shiftKey ? 5 : 1));
    if (!ARROWS[event.key] && event.key !== "Enter") return;
    event.preventDefault();
    if (this.cross.hidden) this.at = [0.5, 0.5];
    else if (event.key === "Enter") this.edit("point", ...this.at, this.color.value);
    this.cross.hidden = false;
    this.at = [this.at[0] + right, this.at[1] + down].map(inside);
    Object.assign(this.cross.style, { left: `${100 * this.at[0]}%`, top: `${100 * this.at[1]}%` });
  }

  take(number, file) {
    this.file.value = "";
    if (!file) return;
    if (number !== this.chosen) this.choose(number);
    this.sender.begin(file, { kind: "picture", frame: number });
  }

  choose(number) {
    const left = this.editor.contains(document.activeElement) && this.items[this.chosen];
    this.chosen = number;
    this.updateStrip(); // the same frame again: what is there may be all that comes
    this.updateEditor();
    this.model.send({ kind: "choose", frame: number });
    if (number >= 0) this.editor.scrollIntoView({ block: "nearest" });
    else if (left) left.root.focus({ preventScroll: true }); // else the keyboard is at the page's top
  }

  update() {
    const frames = this.frames();
    if (frames.length !== this.items.length) {
      this.chosen = -1;
      this.toSave.clear();
      this.receiver.close(); // what was asked of another film never comes
      this.items = frames.map((_, number) => new SheetItem(() => this.choose(number), (file) => this.take(number, file)));
      this.grid.replaceChildren(...this.items.map((item) => item.root));
    }
    frames.forEach((frame, number) => this.items[number].show(frame));
    this.begin.hidden = frames.length > 0;
    this.updateEditor();
    this.pictures.fetch(frames);
  }

  showPicture(number, src) {
    this.items[number].picture.src = src;
    if (number === this.chosen) this.picture.src = src;
  }

  updateEditor() {
    for (const [number, item] of this.items.entries()) item.root.setAttribute("aria-pressed", number === this.chosen);
    const frame = this.frames()[this.chosen];
    if (!frame) {
      this.editor.remove();
      return;
    }
    const item = this.items[this.chosen];
    if (item.root.nextSibling !== this.editor) item.root.after(this.editor);
    this.title.textContent = frame.title;
    this.picture.src = item.picture.src;
    const focused = document.activeElement;
    const line = [...this.points.children].findIndex((point) => point.contains(focused));
    this.without.hidden = !frame.picture;
    this.marks.replaceChildren(...frame.points.map((point) => this.mark(point)));
    this.points.replaceChildren(...frame.points.map((point, index) => this.pointLine(point, index)));
    const next = this.points.children[line] || this.points.lastChild;
    if (line >= 0) (next ? next.querySelector("button") : this.frame).focus({ preventScroll: true });
    if (focused === this.without && this.without.hidden) this.bring.focus();
  }

  mark({ x, y, color }) {
    const node = element("span", {});
    Object.assign(node.style, { left: `${100 * x}%`, top: `${100 * y}%`, background: color });
    return node;
  }

  pointLine({ key, color }, index) {
    const swatch = element("span", { className: "vidcolor-swatch" });
    swatch.style.background = color;
    const remove = button("Remove", () => this.edit("unpoint", key));
    remove.setAttribute("aria-label", `Remove point ${index + 1}, ${color}`);
    return element("li", { className: "vidcolor-row" }, swatch, `Point ${index + 1}`, remove);
  }

  updateBusy() {
    say(this.busy, this.model.get("busy"));
    this.strip.toggleAttribute("data-old", Boolean(this.model.get("busy")));
  }

  updateStrip() {
    const { frame, moments } = this.model.get("strip");
    this.showStrip(frame === this.chosen ? moments : []);
  }

  showStrip(moments = []) {
    this.stripAddresses.forEach(URL.revokeObjectURL);
    this.stripAddresses = moments.map(({ picture }) => URL.createObjectURL(new Blob([picture], { type: "image/jpeg" })));
    const figures = moments.map(({ time }, index) =>
      element(
        "figure",
        {},
        element("img", { src: this.stripAddresses[index], alt: `This shot at ${time}` }),
        element("figcaption", { textContent: time }),
      ),
    );
    this.strip.replaceChildren(...figures);
  }

  askForFrame() {
    this.toSave.add(this.chosen);
    this.model.send({ kind: "save", frame: this.chosen });
  }

  async save() {
    const { frame, name, size } = this.model.get("saved");
    if (!this.toSave.delete(frame)) return; // another view of this page asked for it
    const blob = await this.receiver.get(`frame-${frame}`, size, "image/png");
    if (blob) offer(blob, name);
  }

  hear(message, buffer) {
    this.receiver.take(message, buffer);
    this.pictures.receiver.take(message, buffer);
  }

  close() {
    for (const [events, action] of this.changes) this.model.off(events, action);
    this.receiver.close();
    this.pictures.close();
    this.stripAddresses.forEach(URL.revokeObjectURL);
  }
}
