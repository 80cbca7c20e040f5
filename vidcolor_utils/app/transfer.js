// What the scripts of the page share, and how files come and go. page.py joins the scripts to one module.

const MEGABYTE = 1e6; // as in incoming.py
const ASK_AGAIN_MS = 5000; // a piece that did not come by then is asked for again: Jupyter may drop one
const PULSE_MS = 5000; // between two questions whether Python is there,
const UNHEARD_MS = 20_000; // while the last one has no answer: it may be lost with its connection
const SILENT_MS = 15_000; // it answers at once while it colours, but not while its notebook runs another cell

function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function button(text, action) {
  const node = element("button", { type: "button", textContent: text });
  node.addEventListener("click", action);
  return node;
}

function megabytes(bytes) {
  if (bytes < MEGABYTE) return `${Math.ceil(bytes / 1000)} kB`;
  return `${(bytes / MEGABYTE).toFixed(bytes < 10 * MEGABYTE ? 1 : 0)} MB`;
}

// Writes a text only if it is another one: what is read aloud is not read again for nothing.
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Has the browser save a file under a name.
function offer(blob, name) {
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser reads it after the click
}

// Sends a file in the pieces that Python asks for.
class Sender {
  constructor(model, onProgress) {
    this.model = model;
    this.onProgress = onProgress;
  }

  // `message` says what the file is for: a film or photograph to open, or a picture of a frame.
  begin(file, message = { kind: "begin" }) {
    this.file = file;
    this.onProgress(0);
    this.model.send({ ...message, name: file.name, size: file.size });
  }

  async more({ start, length }) {
    const file = this.file;
    const piece = await file.slice(start, start + length).arrayBuffer().catch(() => undefined);
    if (file !== this.file) return; // another one was begun while this was read: Python would take the piece as its
    if (!piece) {
      this.model.send({ kind: "lost" }); // it is a folder, or was changed or taken away meanwhile
      return;
    }
    this.model.send({ kind: "piece", start }, undefined, [piece]);
    this.onProgress(Math.min(1, (start + length) / file.size));
  }
}

// Asks Python now and then whether it is there: a page whose kernel has ended looks like one that is at work.
class Pulse {
  constructor(model, onChange) {
    this.model = model;
    this.onChange = onChange;
    this.lost = false;
    this.timer = setInterval(() => this.beat(), PULSE_MS);
  }

  beat() {
    const now = Date.now();
    if (now - this.waiting > SILENT_MS) this.tell(true); // not while nothing waits, which is no number
    if (now - this.asked < UNHEARD_MS) return;
    this.asked = now;
    this.waiting ??= now; // since the first question without an answer
    try {
      this.model.send({ kind: "alive" });
    } catch {
      this.tell(true); // the front end knows already
    }
  }

  hear() {
    this.asked = this.waiting = undefined;
    this.tell(false);
  }

  tell(lost) {
    const changes = lost !== this.lost;
    this.lost = lost;
    if (changes) this.onChange();
  }

  close() {
    clearInterval(this.timer);
  }
}

// Asks Python for a file piece by piece; who waits for one that is given up gets nothing.
class Receiver {
  constructor(model) {
    this.model = model;
    this.open = new Map();
  }

  get(file, size, type) {
    if (!this.open.has(file)) this.begin(file, { parts: [], start: 0, size, type });
    return this.open.get(file).whole;
  }

  begin(file, wanted) {
    wanted.whole = new Promise((resolve) => (wanted.resolve = resolve));
    this.open.set(file, wanted);
    this.ask(file);
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
    for (const { timer, resolve } of this.open.values()) {
      clearTimeout(timer);
      resolve(undefined);
    }
    this.open.clear();
  }
}
