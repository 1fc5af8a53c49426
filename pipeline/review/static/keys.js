// The keys and buttons of the review page, and the list of keys.

import { element } from "./panels.js";

const byId = (id) => document.getElementById(id);

const keysOf = (act) => [
  ["a", "accept, and go on to the next foot without a decision", () => act.decide("accept")],
  ["c", "needs correction, and go on", () => act.decide("needs-correction")],
  ["r", "reject, and go on", () => act.decide("reject")],
  ["k", "write a comment (Enter or Escape leaves it)", act.comment],
  ["n", "next foot", act.next],
  ["p", "previous foot", act.previous],
  ["t", "table of all feet", act.all],
  ["h", "hide or show all labels", act.hide],
  ["1", "three planes", () => act.view("planes")],
  ["2", "short-axis slices", () => act.view("coronal")],
  ["3", "axial slices", () => act.view("axial")],
  ["4", "sagittal slices", () => act.view("sagittal")],
  ["5", "three-dimensional view", () => act.view("render")],
  ["ArrowUp", "next short-axis slice, toward the toes", () => act.move(1, 1)],
  ["ArrowDown", "short-axis slice before, toward the heel", () => act.move(1, -1)],
  ["PageUp", "next axial slice, upward", () => act.move(2, 1)],
  ["PageDown", "axial slice below", () => act.move(2, -1)],
  ["ArrowRight", "next sagittal slice", () => act.move(0, 1)],
  ["ArrowLeft", "sagittal slice before", () => act.move(0, -1)],
  ["e", "begin or end correcting", act.edit],
  ["q", "choose the muscle under the crosshair", act.pick],
  ["b", "paint", () => act.tool("paint")],
  ["x", "erase", () => act.tool("erase")],
  ["f", "draw an outline that is filled", () => act.tool("fill")],
  ["[", "smaller pen", () => act.resize(-2)],
  ["]", "larger pen", () => act.resize(2)],
  ["o", "lock or unlock all other muscles", act.lockOthers],
  ["z", "undo", act.undo],
  ["y", "redo", act.redo],
  ["s", "save and measure", act.save],
  ["?", "this list", act.help],
];

const NAMES = { ArrowUp: "↑", ArrowDown: "↓", ArrowRight: "→", ArrowLeft: "←", PageUp: "Page ↑", PageDown: "Page ↓" };

function onKey(keys, event) {
  if (document.querySelector("dialog[open]")) return;
  const isTyping = event.target === byId("comment");
  if (isTyping) {
    if (event.key === "Enter" || event.key === "Escape") { event.preventDefault(); byId("comment").blur(); }
    return;
  }
  if (event.altKey || event.metaKey || (event.ctrlKey && !"zys".includes(event.key.toLowerCase()))) return;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isRedo = name === "z" && event.shiftKey;
  const found = keys.find(([key]) => key === (isRedo ? "y" : name));
  event.stopPropagation(); // NiiVue has keys of its own
  if (!found || (event.target.matches("input") && name.startsWith("Arrow"))) return;
  event.preventDefault();
  found[2]();
}

/** @param {object} act what the keys do */
export function wireKeys(act) {
  const keys = keysOf(act);
  addEventListener("keydown", (event) => onKey(keys, event), { capture: true });
  byId("keys").replaceChildren(...keys.map(([key, does]) => element("tr", {},
    element("td", { className: "text" }, element("kbd", { text: NAMES[key] ?? key.toUpperCase() })),
    element("td", { text: does, className: "text" }))));
}

export function wireButtons(act) {
  const buttons = {
    next: act.next, previous: act.previous, all: act.all, help: act.help, hide: act.hide, edit: act.edit,
    undo: act.undo, redo: act.redo, save: act.save, "lock-others": act.lockOthers, "write-tables": act.writeTables,
  };
  for (const [id, action] of Object.entries(buttons)) byId(id).addEventListener("click", action);
  for (const [name, action] of [["view", act.view], ["tool", act.tool], ["verdict", act.decide]])
    for (const button of document.querySelectorAll(`[data-${name}]`))
      button.addEventListener("click", () => action(button.dataset[name]));
  for (const button of document.querySelectorAll("[data-close]"))
    button.addEventListener("click", () => button.closest("dialog").close());
  byId("decide").addEventListener("submit", (event) => event.preventDefault());
  byId("size").addEventListener("input", () => act.size(Number(byId("size").value)));
  byId("opacity").addEventListener("input", act.opacity);
}
