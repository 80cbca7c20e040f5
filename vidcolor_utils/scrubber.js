// The browser's half of vidcolor_utils.widgets.FrameScrubber. One player per model holds the decoded frames and the
// clock; each view of it draws. All panels of all views are drawn in one animation frame, so they are in step.

const AHEAD = 8; // frames decoded before they are needed
const BEHIND = 3;
const MAX_DECODING = 2; // moments decoded at once, besides the one asked for
const SYNC_MS = 250; // how often Python hears of the frame while playing
const MIN_PANEL = 192; // smallest natural width of a panel, in CSS pixels
const MAX_COLUMNS = 6;
const BIG_STEP = 10;
const AMPLIFICATIONS = [1, 2, 4, 8, 16];
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
    return new Blob([this.packed[clip].subarray(start, end)], { type: "image/jpeg" });
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
    const period = 1000 / this.model.get("rate");
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
      return { name, canvas, caption, context: canvas.getContext("2d", { alpha: false }) };
    });
    const figures = this.panels.map(({ canvas, caption }) => element("figure", {}, caption, canvas));
    const grid = element("div", { className: "vidcolor-panels" }, ...figures);
    grid.style.setProperty("--columns", Math.min(this.names.length, MAX_COLUMNS));
    grid.style.setProperty("--panel", `${Math.max(width, MIN_PANEL)}px`);
    // Clicking a picture gives the keyboard to the scrubber.
    grid.addEventListener("click", () => this.slider.focus({ preventScroll: true }));

    this.play = element("button", { type: "button", className: "vidcolor-play" });
    this.play.addEventListener("click", () => this.player.toggle());
    this.slider = element("input", { type: "range", min: 0, max: this.player.count - 1, step: 1 });
    this.slider.setAttribute("aria-label", "Frame");
    this.slider.addEventListener("input", () => this.player.ask(Number(this.slider.value)));
    this.counter = element("output", { className: "vidcolor-counter" });
    this.alert = element("p", { className: "vidcolor-alert", hidden: true });
    this.alert.setAttribute("role", "alert");
    const controls = element("div", { className: "vidcolor-controls" }, this.play, this.slider, this.counter);
    if (this.names.length > 1) controls.append(this.differenceControls());

    this.root.classList.add("vidcolor-scrubber");
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", `Frame scrubber: ${this.names.join(", ")}`);
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.replaceChildren(grid, controls, this.alert);
    // Keeps Jupyter's own keys away; on each control, as some of them (arrows) are bound to whatever has the focus.
    for (const control of this.root.querySelectorAll("button, input, select")) {
      control.setAttribute("data-lm-suppress-shortcuts", "true");
    }
  }

  differenceControls() {
    this.check = element("input", { type: "checkbox" });
    this.check.addEventListener("change", () => this.player.set("difference", this.check.checked));
    this.amplify = element("select", {});
    this.amplify.setAttribute("aria-label", "Amplification of the differences");
    for (const factor of AMPLIFICATIONS) {
      this.amplify.append(element("option", { value: factor, textContent: `\u00d7 ${factor}` }));
    }
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
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === this.amplify) return;
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
