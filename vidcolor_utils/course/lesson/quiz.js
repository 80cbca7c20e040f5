// The browser's half of vidcolor_utils.course.lesson.quiz.Quiz: radio buttons, a verdict under each question.

function element(name, options = {}, ...children) {
  const made = Object.assign(document.createElement(name), options);
  made.append(...children);
  return made;
}

function question(model, asked, number, group) {
  const why = element("p", { className: "vidcolor-quiz-why" });
  why.setAttribute("role", "status"); // read aloud when it changes
  const buttons = asked.answers.map((answer, index) => {
    const button = element("input", { type: "radio", name: `${group}-${number}`, value: String(index) });
    button.addEventListener("change", () => {
      const chosen = [...model.get("chosen")];
      chosen[number] = index;
      model.set("chosen", chosen);
      model.save_changes();
    });
    return button;
  });
  const show = () => {
    const index = model.get("chosen")[number];
    buttons.forEach((button, place) => (button.checked = place === index));
    why.textContent = "";
    why.classList.toggle("vidcolor-quiz-right", index === asked.right);
    if (index < 0) return;
    why.append(element("b", { textContent: index === asked.right ? "Right. " : "Wrong. " }));
    why.append(asked.answers[index].why);
  };
  const answers = asked.answers.map((answer, index) => element("label", {}, buttons[index], ` ${answer.text}`));
  const legend = element("legend", { textContent: `${number + 1}. ${asked.text}` });
  return { node: element("fieldset", {}, legend, ...answers, why), show };
}

let quizzes = 0;

function render({ model, el }) {
  const group = `vidcolor-quiz-${(quizzes += 1)}`;
  const parts = model.get("questions").map((asked, number) => question(model, asked, number, group));
  const show = () => parts.forEach((part) => part.show());
  el.classList.add("vidcolor-quiz");
  el.append(...parts.map((part) => part.node));
  model.on("change:chosen", show);
  show();
  return () => model.off("change:chosen", show);
}

export default { render };
