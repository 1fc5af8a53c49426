// The review page: what is shown, and what keys and buttons do.

import * as api from "./api.js";
import { Clock } from "./clock.js";
import { History } from "./history.js";
import { ask, nextUnreviewed, say, showCautions, showSide, showHeader, showTable, showTablesState, showVolumes } from "./panels.js";
import { wireButtons, wireKeys } from "./keys.js";
import { Viewer } from "./viewer.js";

const byId = (id) => document.getElementById(id);
const clock = new Clock();
const viewer = new Viewer(onStroke);
const pen = { isOn: false, tool: "paint", label: 1, size: 3, othersLocked: false, locked: new Set(), hidden: viewer.hidden };
let list, position = 0, foot = null, history = null, before = null, isBusy = false, ahead = null;

async function open(to) {
  if (isBusy || !(await mayLeave())) return;
  await busy(async () => {
    position = to;
    byId("table-dialog").close();
    foot = null; // no decision or save until the new foot is shown
    const { key } = list.feet[position];
    const loaded = await (ahead?.key === key ? ahead.promise : api.loadFoot(key));
    ahead = null;
    await viewer.show(loaded.scan, loaded.labels, loaded.facts.shape);
    history = new History(viewer.voxels);
    before = null;
    foot = loaded;
    clock.take();
    setEditing(false);
    byId("comment").value = list.feet[position].decision?.comment ?? "";
    showAll();
    say(list.not_measured ? `Labels cannot be corrected here: ${list.not_measured}` : "");
    document.body.dataset.shown = key;
  });
  loadAhead();
}

/** Load the foot that is likely to be next, so that it is there at once. */
function loadAhead() {
  const next = list.feet[nextUnreviewed(list.feet, position) ?? (position + 1) % list.feet.length];
  if (!next || next.key === foot?.key) return;
  const promise = api.loadFoot(next.key);
  promise.catch(() => { ahead = null; });
  ahead = { key: next.key, promise };
}

function showAll() {
  showHeader(list, list.feet[position], position);
  showSide(foot.facts.side);
  showCautions(foot.facts.cautions);
  showVolumes(list.muscles, foot.facts.volumes, before, pen, { choose, hide, lock });
  for (const [id, isOn] of [["undo", history.done.length], ["redo", history.undone.length], ["save", history.isChanged]])
    byId(id).disabled = !isOn;
  byId("lock-others").ariaPressed = String(pen.othersLocked);
}

/** Run one thing at a time, and show its error. */
async function busy(work) {
  if (isBusy) return undefined;
  isBusy = true;
  byId("canvas").classList.add("busy");
  try {
    return await work();
  } catch (error) {
    say(error.message, "error");
    if (!(error instanceof api.ApiError)) console.error(error);
    return undefined;
  } finally {
    isBusy = false;
    byId("canvas").classList.remove("busy");
  }
}

async function mayLeave() {
  if (!foot || !history?.isChanged) return true;
  const answer = await ask("The corrected labels of this foot are not saved.", ["Save and measure", "Discard them", "Stay here"]);
  if (answer === "Save and measure") return save();
  return answer === "Discard them";
}

async function decide(verdict) {
  if (!foot || isBusy || !(await mayKeep())) return;
  const decided = await busy(async () => {
    list = await api.decide(foot.key, {
      decision: verdict,
      comment: byId("comment").value,
      seconds: clock.take(),
      labels_sha256: foot.sha256,
    });
    return true;
  });
  if (!decided) return;
  byId("comment").blur();
  const next = nextUnreviewed(list.feet, position);
  showAll();
  if (next === null) return say("All feet are reviewed. Press T for the table of all feet.", "good");
  if (next !== position) await open(next);
}

async function mayKeep() {
  if (!history.isChanged) return true;
  const answer = await ask("Save the corrected labels first? A decision is on labels that are saved.", ["Save and measure", "Stay here"]);
  return answer === "Save and measure" && save();
}

function isLocked(label) {
  if (label === 0) return false;
  if (pen.locked.has(label) || pen.hidden.has(label)) return true;
  return pen.othersLocked && label !== pen.label;
}

function onStroke() {
  if (!foot) return;
  const changed = history.record(viewer.voxels, isLocked);
  viewer.refresh();
  say(changed ? `${changed} voxels changed, not saved.` : "Nothing changed: the voxels are locked, or had this label.");
  showAll();
}

function setEditing(isOn) {
  pen.isOn = isOn && !list.not_measured;
  if (isOn && list.not_measured) say(`Labels cannot be corrected here: ${list.not_measured}`, "error");
  byId("edit").ariaPressed = String(pen.isOn);
  byId("drawing").hidden = !pen.isOn;
  applyPen();
}

function applyPen() {
  const label = pen.tool === "erase" ? 0 : pen.label;
  viewer.setPen(pen.isOn ? label : null, { isFilled: pen.tool === "fill", size: pen.size });
  for (const button of document.querySelectorAll("[data-tool]")) button.ariaPressed = String(button.dataset.tool === pen.tool);
  byId("size").value = pen.size;
  byId("size-shown").value = pen.size;
}

function setTool(tool) {
  if (!pen.isOn) setEditing(true);
  pen.tool = tool;
  applyPen();
}

function choose(label) {
  pen.label = label;
  if (pen.tool === "erase") pen.tool = "paint";
  applyPen();
  showAll();
}

function toggle(set, label) {
  if (!set.delete(label)) set.add(label);
}

function hide(label) {
  toggle(pen.hidden, label);
  viewer.recolour();
  showAll();
}

function lock(label) {
  toggle(pen.locked, label);
  showAll();
}

function step(which) {
  if (!foot || !pen.isOn || !history[which](viewer.voxels)) return;
  viewer.refresh();
  say(history.isChanged ? "Changes are not saved." : "As saved.");
  showAll();
}

/** Save the labels; gives whether they were saved. */
async function save() {
  if (!foot || !history.isChanged) return false;
  const started = performance.now();
  say("Saving and measuring …");
  const saved = await busy(() => api.saveLabels(foot.key, viewer.voxels, foot.sha256, clock.take()).catch(onConflict));
  if (!saved?.new) return false;
  history.markSaved();
  before = saved.old;
  foot.sha256 = saved.labels_sha256;
  foot.facts.volumes = saved.new;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  showAll();
  say(`Saved and measured in ${seconds} s: see before and change below. Tables and report follow.`, "good");
  await refreshList();
  watchTables();
  return true;
}

/** Someone else saved meanwhile: both versions are on disk, and the reviewer chooses. */
async function onConflict(error) {
  if (error.status !== 409) throw error;
  const answer = await ask(error.message, ["Load theirs", "Save mine over them", "Stay here"]);
  if (answer === "Stay here") throw error;
  const theirs = await api.loadFoot(foot.key);
  if (answer === "Save mine over them") return api.saveLabels(foot.key, viewer.voxels, theirs.sha256, 0);
  await viewer.show(theirs.scan, theirs.labels, theirs.facts.shape);
  history = new History(viewer.voxels);
  foot = theirs;
  list = await api.listFeet();
  showAll();
  say("These are the labels that were saved meanwhile.");
  return null;
}

async function refreshList() {
  list = await api.listFeet();
  showHeader(list, list.feet[position], position);
}

async function watchTables() {
  do {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await refreshList();
    showTablesState(list.tables);
  } while (list.tables.state === "writing");
  if (list.tables.state === "failed") say(list.tables.message, "error");
  if (byId("table-dialog").open) showTable(list, open);
}

async function openTable() {
  showTable(list, open);
  if (!byId("table-dialog").open) byId("table-dialog").showModal();
  await refreshList();
  showTable(list, open);
}

function setSize(size) {
  pen.size = Math.min(15, Math.max(1, size));
  applyPen();
}

function setView(view) {
  viewer.setView(view);
  for (const button of document.querySelectorAll("[data-view]")) button.classList.toggle("on", button.dataset.view === view);
}

let areLabelsHidden = false;
function toggleLabels() {
  areLabelsHidden = !areLabelsHidden;
  byId("hide").ariaPressed = String(areLabelsHidden);
  viewer.setOpacity(areLabelsHidden ? 0 : byId("opacity").value / 100);
}

/** What keys and buttons do. */
const act = {
  decide,
  comment: () => byId("comment").focus(),
  next: () => open((position + 1) % list.feet.length),
  previous: () => open((position + list.feet.length - 1) % list.feet.length),
  all: openTable,
  help: () => byId("help-dialog").showModal(),
  hide: toggleLabels,
  view: setView,
  move: (axis, steps) => viewer.move(axis, steps),
  edit: () => setEditing(!pen.isOn),
  pick: () => { const label = viewer.labelHere(); if (label) choose(label); },
  tool: setTool,
  size: setSize,
  resize: (by) => setSize(pen.size + by),
  opacity: () => { areLabelsHidden = true; toggleLabels(); },
  lockOthers: () => { pen.othersLocked = !pen.othersLocked; showAll(); },
  undo: () => step("undo"),
  redo: () => step("redo"),
  save,
  writeTables: async () => { list = await api.writeTables(); showTablesState(list.tables); watchTables(); },
};

addEventListener("beforeunload", (event) => { if (history?.isChanged) event.preventDefault(); });
addEventListener("unhandledrejection", (event) => {
  say(event.reason.message, "error");
  if (event.reason instanceof api.ApiError) event.preventDefault();
});

async function start() {
  try {
    list = await api.listFeet();
    position = list.feet.length - 1; // so that the search begins with the first
    const first = nextUnreviewed(list.feet, position) ?? 0;
    ahead = { key: list.feet[first].key, promise: api.loadFoot(list.feet[first].key) };
    ahead.promise.catch(() => {});
    viewer.setColours(list.muscles);
    await viewer.attach(byId("canvas")); // while the server reads the first foot
    viewer.setOpacity(byId("opacity").value / 100);
    wireKeys(act);
    wireButtons(act);
    setView("planes");
    await open(first);
  } catch (error) {
    say(error.message, "error");
    throw error;
  }
}

start();
