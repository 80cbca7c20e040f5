// The browser's half of vidcolor_utils.survey.widget.Survey and of the page of `vidcolor survey`.

const SIDES = ["left", "right"];
const KEYS = { ArrowLeft: "left", ArrowRight: "right" };

function element(name, options = {}, ...children) {
  const made = Object.assign(document.createElement(name), options);
  made.append(...children);
  return made;
}

function render({ model, el }) {
  const heading = element("p", { className: "vidcolor-survey-question" });
  heading.setAttribute("role", "status"); // read aloud when it changes
  const counter = element("p", { className: "vidcolor-survey-counter" });
  const wrong = element("p", { className: "vidcolor-survey-wrong" });
  wrong.setAttribute("role", "alert");
  const videos = {};
  const addresses = {};
  const buttons = [];
  const awaited = new Set(); // films of this question that are not there yet: nobody judges what they did not see
  const wait = (sides) => {
    awaited.clear();
    sides.forEach((side) => awaited.add(side));
    buttons.forEach((button) => (button.disabled = awaited.size > 0));
  };
  const arrived = (side) => wait([...awaited].filter((each) => each !== side));
  // A film of which only the sound can be played is loaded, too, and has no width.
  const loaded = (side) => (videos[side].videoWidth ? arrived(side) : failed(side));
  const failed = (side) => {
    wrong.textContent =
      `This browser cannot show the film on the ${side}, so there is nothing to judge. It takes an .mp4 of H.264, ` +
      "or a .webm: make it anew and begin again. The answers so far are kept.";
  };
  const choose = (choice) => {
    if (awaited.size || !model.get("question")) return;
    wait(SIDES);
    model.send({ choice, number: model.get("number") });
  };
  const panels = SIDES.map((side) => {
    const video = element("video", { loop: true, muted: true, autoplay: true, playsInline: true });
    video.setAttribute("aria-label", `the film on the ${side}`);
    videos[side] = video;
    const button = element("button", { type: "button", textContent: side === "left" ? "← This one" : "This one →" });
    button.addEventListener("click", () => choose(side));
    buttons.push(button);
    video.addEventListener("loadeddata", () => loaded(side));
    video.addEventListener("error", () => failed(side));
    return element("div", { className: `vidcolor-survey-panel vidcolor-survey-${side}` }, video, button);
  });
  const row = element("div", { className: "vidcolor-survey-row" }, ...panels);

  const showFilm = (side) => {
    URL.revokeObjectURL(addresses[side]);
    const content = model.get(side);
    addresses[side] = URL.createObjectURL(new Blob([content], { type: model.get("kinds")[side] }));
    videos[side].src = addresses[side];
  };
  const show = () => {
    const done = !model.get("question");
    heading.textContent = done ? "That was all. Thank you: the answers are in the file." : model.get("question");
    counter.textContent = `${model.get("number")} of ${model.get("total")} answered`;
    wrong.textContent = "";
    row.hidden = done;
    if (done) return;
    wait(SIDES);
    SIDES.forEach(showFilm);
  };
  // Both begin together, and again whenever the first one does.
  videos.left.addEventListener("seeked", () => (videos.right.currentTime = videos.left.currentTime));

  el.classList.add("vidcolor-survey");
  el.tabIndex = 0;
  el.addEventListener("keydown", (event) => {
    const isOther = event.repeat || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey; // as Alt, to go back
    if (!KEYS[event.key] || isOther) return;
    event.preventDefault();
    choose(KEYS[event.key]);
  });
  el.append(heading, wrong, row, counter);
  model.on("change:number", show);
  show();
  return () => {
    model.off("change:number", show);
    SIDES.forEach((side) => URL.revokeObjectURL(addresses[side]));
  };
}

export default { render };
