// Tables and dialogs. Text is set as text, never as markup.

const byId = (id) => document.getElementById(id);

export function element(tag, { text, title, className, ...properties } = {}, ...children) {
  const made = document.createElement(tag);
  if (text !== undefined && text !== null) made.textContent = text;
  if (title) made.title = title;
  if (className) made.className = className;
  Object.assign(made, properties);
  made.append(...children);
  return made;
}

const number = (value, digits = 1) => (value === null || value === undefined ? "n/a" : value.toFixed(digits));

export function say(text, kind = "") {
  const status = byId("status");
  status.textContent = text;
  status.className = kind;
}

const VERDICTS = { accept: "accepted", reject: "rejected", "needs-correction": "needs correction" };

/** Show a decision in words; a stale one was made on labels that have changed since. */
export function decisionWords(decision) {
  if (!decision) return "not reviewed";
  return VERDICTS[decision.verdict] + (decision.stale ? ", stale: labels changed since" : "");
}

/** Give the position of the next foot without a decision on its labels; null if there is none. */
export function nextUnreviewed(feet, position) {
  for (let k = 1; k <= feet.length; k++) {
    const at = (position + k) % feet.length;
    if (!feet[at].decision || feet[at].decision.stale) return at;
  }
  return null;
}

export function showHeader(list, foot, position) {
  const reviewed = list.feet.filter((f) => f.decision && !f.decision.stale).length;
  byId("title").textContent = foot.name;
  byId("group").textContent = foot.group ?? "";
  const state = byId("state");
  state.textContent = decisionWords(foot.decision);
  state.className = `chip ${foot.decision ? foot.decision.verdict : ""} ${foot.decision?.stale ? "stale" : ""}`;
  byId("cautions").replaceChildren(...foot.cautions.map((code) => element("span", { text: code, className: "caution" })));
  byId("progress").max = list.feet.length;
  byId("progress").value = reviewed;
  byId("count").textContent = `${position + 1} of ${list.feet.length}, ${reviewed} reviewed`;
  byId("reviewer").textContent = `Reviewer ${list.reviewer}${list.blinded ? ", blinded" : ""}`;
  for (const verdict of list.verdicts) {
    const chosen = foot.decision?.verdict === verdict && !foot.decision.stale;
    byId(verdict).classList.toggle("on", chosen);
    byId(verdict).ariaPressed = String(chosen);
  }
}

/** Say how a volume changed. */
function change(now, before) {
  if (before === undefined || before === null || now === null || Math.abs(now - before) < 5e-4) return "";
  return `${now > before ? "+" : "−"}${Math.abs(now - before).toFixed(2)}`;
}

function beforeCells(now, old, id = "") {
  return [element("td", { text: number(old, 2), className: "old", id }), element("td", { text: change(now, old), className: "up" })];
}

function check(isOn, title, onChange) {
  const box = element("input", { type: "checkbox", checked: isOn, title, ariaLabel: title });
  box.addEventListener("click", (event) => event.stopPropagation());
  box.addEventListener("change", onChange);
  return box;
}

export function showVolumes(muscles, volumes, before, pen, handlers) {
  for (const head of document.querySelectorAll(".if-before")) head.hidden = !before;
  const rows = muscles.map((muscle) => {
    const now = volumes[muscle.abbreviation]?.total ?? null;
    const old = before?.[muscle.abbreviation]?.total;
    const swatch = element("span", { className: "swatch" });
    swatch.style.background = muscle.colour;
    const eye = check(!pen.hidden.has(muscle.index), `Show ${muscle.name}`, () => handlers.hide(muscle.index));
    const lock = check(pen.locked.has(muscle.index), `Lock ${muscle.name}`, () => handlers.lock(muscle.index));
    const row = element("tr", { className: muscle.index === pen.label ? "chosen" : "", title: muscle.name },
      element("td", {}, swatch),
      element("td", { className: "text name" }, element("b", { text: muscle.abbreviation }), ` ${muscle.name}`),
      element("td", { text: number(now, 2), className: "now" }));
    if (before) row.append(...beforeCells(now, old));
    row.append(element("td", { className: "tick" }, eye), element("td", { className: "tick" }, lock));
    row.dataset.label = muscle.index;
    row.addEventListener("click", () => handlers.choose(muscle.index));
    return row;
  });
  byId("volumes").tBodies[0].replaceChildren(...rows);
  byId("volumes").tFoot.replaceChildren(...["rearfoot", "forefoot", "total"].map((region) => {
    const now = volumes.total[region], old = before?.total[region];
    const row = element("tr", {}, element("td"), element("td", { text: region === "total" ? "plantar total" : region, className: "text name" }), element("td", { text: number(now, 2), id: `sum-${region}` }));
    if (before) row.append(...beforeCells(now, old, `before-${region}`));
    return row;
  }));
}

/** Say which foot it is, and where medial is in the views across and along the foot. */
export function showSide(side) {
  byId("side").textContent = `${side} foot, medial ${side === "right" ? "left" : "right"} in the picture`;
}

export function showCautions(cautions) {
  const sentences = cautions.length ? cautions.map((c) => `${c.code}: ${c.message}`) : ["No cautions."];
  byId("cautions-list").replaceChildren(...sentences.map((text) => element("li", { text })));
}

const minutes = (seconds) => (seconds ? `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}` : "");

export function showTable(list, open) {
  const rows = list.feet.map((foot, position) => {
    const others = foot.others.map((d) => `${d.reviewer}: ${decisionWords(d)}`).join("; ");
    const row = element("tr", { tabIndex: 0 },
      element("td", { text: foot.name, className: "text" }),
      element("td", { text: foot.group ?? "", className: "text" }),
      element("td", { text: number(foot.volumes.total_cm3) }),
      element("td", { text: number(foot.volumes.rearfoot_cm3) }),
      element("td", { text: number(foot.volumes.forefoot_cm3) }),
      element("td", { text: foot.cautions.join(", "), className: "text" }),
      element("td", { text: decisionWords(foot.decision), className: `text ${foot.decision ? (foot.decision.stale ? "stale" : foot.decision.verdict) : ""}` }),
      element("td", { text: foot.decision?.comment ?? "", className: "text" }),
      element("td", { text: minutes(foot.seconds), title: "time spent, minutes:seconds" }),
      element("td", { text: others, className: "text" }));
    row.addEventListener("click", () => open(position));
    row.addEventListener("keydown", (event) => { if (event.key === "Enter") open(position); });
    return row;
  });
  const unseen = list.without_labels.map((who) => element("tr", { className: "plain" },
    element("td", { text: who.name, className: "text" }),
    element("td", { text: `${who.status}: ${who.reason || "no reason given"}`, className: "text", colSpan: 9 })));
  byId("feet").tBodies[0].replaceChildren(...rows, ...unseen);
  showTablesState(list.tables);
}

export function showTablesState({ state, message }) {
  const words = { current: "", writing: "Tables and report are being written …", failed: message };
  byId("tables-state").textContent = words[state];
}

/** Ask a question; gives the answer that was chosen, the last one on Escape. */
export function ask(text, answers) {
  const dialog = byId("question");
  byId("question-text").textContent = text;
  return new Promise((resolve) => {
    let chosen = answers.at(-1);
    const buttons = answers.map((answer, k) => {
      const button = element("button", { text: answer, className: k === 0 ? "primary" : "" });
      button.addEventListener("click", () => { chosen = answer; dialog.close(); });
      return button;
    });
    byId("question-answers").replaceChildren(...buttons);
    dialog.addEventListener("close", () => resolve(chosen), { once: true });
    dialog.showModal();
  });
}
