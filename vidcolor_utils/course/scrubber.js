// The browser's half of vidcolor_utils.course.scrubber.FrameScrubber. One player per model holds the decoded frames and the
// clock; each view of it draws. All panels of all views are drawn in one animation frame, so they are in step.

const AHEAD = 8; // frames decoded before they are needed
const BEHIND = 3;
const MAX_DECODING = 2; // moments decoded at once, besides the one asked for
const SYNC_MS = 250; // how often Python hears of the frame while playing
const MIN_PANEL = 192; // smallest natural width of a panel, in CSS pixels
const MAX_COLUMNS = 6;
const BIG_STEP = 10;
const SPEEDS = [0.25, 0.5, 1, 2]; // factors on the rate
const DIVIDER_STEP = 0.05; // of the width, by which the arrow keys move the divider
const KEYS = "Keys: left and right step (with Shift by 10), Home and End jump, space plays, d shows differences.";
const EXACT = { colorSpaceConversion: "none", premultiplyAlpha: "none" }; // the pixels of the file

function bytes(buffer) {
  return ArrayBuffer.isView(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new Uint8Array(buffer);
}

// Decoded frames: a window around the one wanted. A moment is there for all clips or not at all.
class Frames {
  constructor(model, onReady, onError) {
    this.packed = model.get("packed").map(bytes);
    this.offsets = model.get("offsets");
    this.kind = model.get("kind");
    this.count = this.offsets[0].length - 1;
    this.onReady = onReady;
    this.onError = onError;
    this.ready = new Map();
    this.decoding = new Set();
    this.failed = new Set();
    this.window = [];
  }

  get(index) {
    return this.ready.get(index);
  }

  want(index) {
    const near = [index];
    for (let step = 1; step <= AHEAD; step++) near.push((index + step) % this.count);
    for (let step = 1; step <= BEHIND; step++) near.push((index - step + BEHIND * this.count) % this.count);
    this.window = [...new Set(near)];
    for (const [other, bitmaps] of this.ready) {
      if (!this.window.includes(other)) {
        bitmaps.forEach((bitmap) => bitmap.close());
        this.ready.delete(other);
      }
    }
    this.pump();
  }

  pump() {
    for (const index of this.window) {
      const busy = this.decoding.size >= MAX_DECODING && index !== this.window[0];
      if (busy) return;
      if (!this.ready.has(index) && !this.decoding.has(index) && !this.failed.has(index)) this.decode(index);
    }
  }

  async decode(index) {
    this.decoding.add(index);
    try {
      const bitmaps = await Promise.all(this.packed.map((_, clip) => createImageBitmap(this.blob(clip, index), EXACT)));
      if (this.window.includes(index)) this.ready.set(index, bitmaps);
      else bitmaps.forEach((bitmap) => bitmap.close());
    } catch (error) {
      this.failed.add(index);
      this.onError(`Frame ${index} cannot be decoded (${error.message}).`);
    }
    this.decoding.delete(index);
    this.pump();
    this.onReady();
  }

  blob(clip, index) {
    const [start, end] = this.offsets[clip].slice(index, index + 2);
    return new Blob([this.packed[clip].subarray(start, end)], { type: this.kind });
  }

  close() {
    this.window = [];
    this.ready.forEach((bitmaps) => bitmaps.forEach((bitmap) => bitmap.close()));
    this.ready.clear();
  }
}

class Player {
  constructor(model) {
    this.model = model;
    this.views = new Set();
    this.frames = new Frames(model, () => this.requestTick(), (message) => this.fail(message));
    this.count = this.frames.count;
    this.wanted = model.get("frame");
    this.shown = -1;
    this.stale = true; // something other than the frame number changed since the last drawing
    this.due = null; // when the next frame is to be shown, while playing
    this.pending = 0;
    this.synced = 0;
    this.message = "";
    this.speed = 1;
    model.on("change:frame", () => this.seek(model.get("frame")));
    model.on("change:playing", () => this.playingChanged());
    model.on("change:rate", () => this.restart());
    model.on("change:difference", () => this.redraw());
    model.on("change:amplify", () => this.redraw());
    this.frames.want(this.wanted);
  }

  attach(view) {
    this.views.add(view);
    this.redraw();
    return () => this.views.delete(view);
  }

  close() {
    cancelAnimationFrame(this.pending);
    this.views.clear();
    this.frames.close();
  }

  set(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  // A reader's wish: it ends playing.
  ask(index) {
    if (this.model.get("playing")) this.set("playing", false);
    const inside = Math.min(Math.max(index, 0), this.count - 1);
    this.seek(inside);
    this.set("frame", inside);
  }

  seek(index) {
    if (index === this.wanted) return;
    this.wanted = index;
    this.due = null;
    this.frames.want(index);
    this.requestTick();
  }

  toggle() {
    this.set("playing", !this.model.get("playing"));
  }

  // By the reader or by Python. Python hears where it stopped: not at once, as what is set while a message from
  // Python is being handled may not be sent back.
  playingChanged() {
    this.restart();
    setTimeout(() => {
      if (!this.model.get("playing")) this.set("frame", this.wanted);
    });
  }

  restart() {
    this.due = null;
    this.redraw();
  }

  redraw() {
    this.stale = true;
    this.requestTick();
  }

  fail(message) {
    this.message = message;
    if (this.model.get("playing")) this.set("playing", false);
    this.redraw();
  }

  requestTick() {
    if (!this.pending && this.views.size) this.pending = requestAnimationFrame((now) => this.tick(now));
  }

  tick(now) {
    this.pending = 0;
    const playing = this.model.get("playing");
    if (playing) this.advance(now);
    // Only ever the frame wanted now: one that was asked for before and comes late is not drawn.
    const bitmaps = this.frames.get(this.wanted);
    if (bitmaps && (this.stale || this.shown !== this.wanted)) {
      this.shown = this.wanted;
      this.stale = false;
      for (const view of this.views) view.draw(bitmaps, this.shown);
    }
    for (const view of this.views) view.update(playing, this.message);
    if (playing) this.requestTick();
  }

  // Move to the frame that is due, or to the last decoded one before it: the clock waits for decoding.
  advance(now) {
    const period = 1000 / (this.model.get("rate") * this.speed);
    if (this.due === null) this.due = now + period;
    if (now < this.due || this.shown !== this.wanted) return;
    let late = 1 + Math.floor((now - this.due) / period);
    if (late > AHEAD) {
      late = 1; // the page was hidden, or decoding was slow: go on from here
      this.due = now;
    }
    for (let step = late; step >= 1; step--) {
      const next = (this.wanted + step) % this.count;
      if (this.frames.get(next)) {
        this.wanted = next;
        this.due += step * period;
        this.frames.want(next);
        if (now - this.synced > SYNC_MS) {
          this.synced = now;
          this.set("frame", next);
        }
        return;
      }
    }
  }
}

function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

// Two clips on one canvas: one left of a divider, the other right of it.
class Divided {
  constructor(names, width, height, onChange) {
    this.split = 0.5;
    this.onChange = onChange;
    this.canvas = element("canvas", { width, height });
    this.canvas.setAttribute("role", "img");
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.line = element("div", { className: "vidcolor-line", tabIndex: 0 });
    this.line.setAttribute("role", "slider");
    this.line.setAttribute("aria-label", "Divider");
    this.stage = element("div", { className: "vidcolor-divided" }, this.canvas, this.line);
    this.sides = ["left", "right"].map((side, index) => {
      const select = choice(`Clip on the ${side}`, names.map((name, clip) => [clip, name]), index);
      select.addEventListener("change", () => onChange());
      return select;
    });
    this.figure = element("figure", {}, element("figcaption", {}, this.sides[0], this.sides[1]), this.stage);
    this.stage.addEventListener("pointerdown", (event) => {
      this.stage.setPointerCapture(event.pointerId);
      this.line.focus({ preventScroll: true });
      this.follow(event);
      event.preventDefault();
    });
    this.stage.addEventListener("pointermove", (event) => event.buttons && this.follow(event));
    this.line.addEventListener("keydown", (event) => this.key(event));
    this.moveTo(this.split);
  }

  follow(event) {
    const box = this.canvas.getBoundingClientRect();
    this.moveTo((event.clientX - box.left) / box.width);
  }

  key(event) {
    const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!direction) return;
    this.moveTo(this.split + direction * DIVIDER_STEP);
    event.preventDefault();
    event.stopPropagation();
  }

  moveTo(split) {
    this.split = Math.min(1, Math.max(0, split));
    this.line.style.left = `${100 * this.split}%`;
    this.line.setAttribute("aria-valuenow", Math.round(100 * this.split));
    this.onChange();
  }

  draw(bitmaps, index) {
    const [left, right] = this.sides.map((side) => Number(side.value));
    const { width, height } = this.canvas;
    const border = Math.round(this.split * width);
    this.context.drawImage(bitmaps[left], 0, 0);
    if (border < width) {
      this.context.drawImage(bitmaps[right], border, 0, width - border, height, border, 0, width - border, height);
    }
    const [first, second] = this.sides.map((side) => side.selectedOptions[0].textContent);
    this.canvas.setAttribute("aria-label", `${first} left of the divider, ${second} right of it, frame ${index}`);
  }
}

function choice(label, options, chosen) {
  const select = element("select", {});
  select.setAttribute("aria-label", label);
  for (const [value, textContent] of options) select.append(element("option", { value, textContent }));
  select.value = chosen;
  return select;
}

class View {
  constructor(player, root) {
    this.player = player;
    this.model = player.model;
    this.names = this.model.get("names");
    this.root = root;
    this.build();
  }

  build() {
    const [height, width] = this.model.get("size");
    this.panels = this.names.map((name) => {
      const canvas = element("canvas", { width, height });
      canvas.setAttribute("role", "img");
      const caption = element("figcaption", { textContent: name });
      const figure = element("figure", {}, caption, canvas);
      return { name, canvas, caption, figure, context: canvas.getContext("2d", { alpha: false }) };
    });
    this.grid = element("div", { className: "vidcolor-panels" });
    this.grid.style.setProperty("--columns", Math.min(this.names.length, MAX_COLUMNS));
    this.grid.style.setProperty("--panel", `${Math.max(width, MIN_PANEL)}px`);
    // Clicking a picture gives the keyboard to the scrubber.
    this.grid.addEventListener("click", (event) => {
      if (event.target.tagName === "CANVAS") this.slider.focus({ preventScroll: true });
    });

    this.play = element("button", { type: "button", className: "vidcolor-play" });
    this.play.addEventListener("click", () => this.player.toggle());
    this.slider = element("input", { type: "range", min: 0, max: this.player.count - 1, step: 1 });
    this.slider.setAttribute("aria-label", "Frame");
    this.slider.addEventListener("input", () => this.player.ask(Number(this.slider.value)));
    this.counter = element("span", { className: "vidcolor-counter" });
    this.alert = element("p", { className: "vidcolor-alert", hidden: true });
    this.alert.setAttribute("role", "alert");
    const controls = element("div", { className: "vidcolor-controls" }, this.play, this.slider, this.counter);
    controls.append(this.speedControl());
    this.buildViews(width, height);
    const views = element("div", { className: "vidcolor-controls" }, this.shown);
    if (this.names.length > 1) views.append(this.differenceControls());
    const keys = element("small", { className: "vidcolor-keys", textContent: KEYS });

    this.root.classList.add("vidcolor-scrubber");
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", `Frame scrubber: ${this.names.join(", ")}`);
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.replaceChildren(this.grid, controls, views, keys, this.alert);
    // Keeps Jupyter's own keys away; on each control, as some of them (arrows) are bound to whatever has the focus.
    const divided = this.divided ? [this.divided.line, ...this.divided.sides] : [];
    for (const control of [...this.root.querySelectorAll("button, input, select"), ...divided]) {
      control.setAttribute("data-lm-suppress-shortcuts", "true");
    }
    this.layout();
  }

  // What is shown: all clips side by side, one of them large, or two with a divider.
  buildViews(width, height) {
    const options = [["all", "all side by side"], ...this.names.map((name, clip) => [clip, `${name}, large`])];
    if (this.names.length > 1) {
      this.divided = new Divided(this.names, width, height, () => this.player.redraw());
      options.splice(1, 0, ["two", "two, with a divider"]);
    }
    this.shown = choice("What to show", options, "all");
    this.shown.addEventListener("change", () => this.layout());
  }

  layout() {
    const shown = this.shown.value;
    const figures = { all: this.panels.map(({ figure }) => figure), two: [this.divided?.figure] };
    this.grid.replaceChildren(...(figures[shown] ?? [this.panels[Number(shown)].figure]));
    this.grid.classList.toggle("vidcolor-large", shown !== "all");
    this.player.redraw();
  }

  speedControl() {
    const rate = this.model.get("rate");
    const options = SPEEDS.map((speed) => [speed, `${speed} \u00d7 (${Number((speed * rate).toPrecision(3))} frames/s)`]);
    this.speed = choice("Speed", options, 1);
    this.speed.addEventListener("change", () => {
      this.player.speed = Number(this.speed.value);
      this.player.restart();
    });
    return this.speed;
  }

  differenceControls() {
    this.check = element("input", { type: "checkbox" });
    this.check.addEventListener("change", () => this.player.set("difference", this.check.checked));
    const factors = this.model.get("amplifications").map((factor) => [factor, `\u00d7 ${factor}`]);
    this.amplify = choice("Amplification of the differences", factors, this.model.get("amplify"));
    this.amplify.addEventListener("change", () => this.player.set("amplify", Number(this.amplify.value)));
    const label = element("label", {}, this.check, ` difference to ${this.names[0]}`);
    return element("span", { className: "vidcolor-difference" }, label, " ", this.amplify);
  }

  key(event) {
    const step = event.shiftKey ? BIG_STEP : 1;
    const wanted = this.player.wanted;
    const jumps = {
      ArrowLeft: wanted - step,
      ArrowDown: wanted - step,
      ArrowRight: wanted + step,
      ArrowUp: wanted + step,
      PageDown: wanted - BIG_STEP,
      PageUp: wanted + BIG_STEP,
      Home: 0,
      End: this.player.count - 1,
    };
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
    if (event.key in jumps) this.player.ask(jumps[event.key]);
    else if (event.key === "d" && this.check) this.player.set("difference", !this.model.get("difference"));
    else if (event.key === " " && event.target !== this.play && event.target !== this.check) this.player.toggle();
    else return; // on a button or a box, space already does what it should
    event.preventDefault();
    event.stopPropagation();
  }

  draw(bitmaps, index) {
    const difference = this.model.get("difference") && this.names.length > 1;
    const factor = this.model.get("amplify");
    this.panels.forEach(({ name, canvas, caption, context }, clip) => {
      context.globalCompositeOperation = "source-over";
      context.drawImage(bitmaps[clip], 0, 0);
      const compared = difference && clip > 0;
      if (compared) {
        context.globalCompositeOperation = "difference";
        context.drawImage(bitmaps[0], 0, 0);
        context.globalCompositeOperation = "lighter"; // adds the picture to itself, up to white
        for (let sum = 1; sum < factor; sum *= 2) context.drawImage(canvas, 0, 0);
      }
      const title = compared ? `|${name} \u2212 ${this.names[0]}| \u00d7 ${factor}` : name;
      caption.textContent = title;
      canvas.setAttribute("aria-label", `${title}, frame ${index}`);
    });
    if (this.shown.value === "two") this.divided.draw(bitmaps, index);
    this.counter.textContent = `${index} / ${this.player.count - 1}`;
    this.root.dataset.frame = index;
  }

  update(playing, message) {
    const { wanted, shown, count } = this.player;
    this.root.setAttribute("aria-busy", String(wanted !== shown));
    if (Number(this.slider.value) !== wanted) this.slider.value = wanted;
    this.slider.setAttribute("aria-valuetext", `frame ${wanted} of 0 to ${count - 1}`);
    const action = playing ? "Pause" : "Play";
    if (this.play.textContent !== action) this.play.textContent = action;
    if (this.check) {
      this.check.checked = this.model.get("difference");
      this.amplify.value = this.model.get("amplify");
    }
    this.alert.hidden = !message;
    this.alert.textContent = message;
  }
}

// A function, so that each model has a player of its own.
export default () => {
  let player;
  return {
    initialize({ model }) {
      player = new Player(model);
      return () => player.close();
    },
    render({ el }) {
      const root = document.createElement("div");
      el.append(root);
      return player.attach(new View(player, root));
    },
  };
};
