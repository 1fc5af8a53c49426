// Undo and redo of drawing. NiiVue's own undo keeps eight states and then returns to the newest.

export class History {
  /** @param {Uint8Array} voxels as they are now; copied */
  constructor(voxels) {
    this.known = voxels.slice();
    this.done = [];
    this.undone = [];
    this.saved = 0;
  }

  /** Whether something was drawn that is not saved. */
  get isChanged() {
    return this.done.length !== this.saved;
  }

  /**
   * Take note of what a stroke changed, and put back what it must not change.
   * @param {Uint8Array} voxels after the stroke
   * @param {(label: number) => boolean} isLocked
   * @returns {number} of voxels that were changed
   */
  record(voxels, isLocked) {
    const places = [], before = [], after = [];
    const { known } = this;
    for (let i = 0; i < voxels.length; i++) {
      if (voxels[i] === known[i]) continue;
      if (isLocked(known[i]) || isLocked(voxels[i])) {
        voxels[i] = known[i];
        continue;
      }
      places.push(i);
      before.push(known[i]);
      after.push(voxels[i]);
      known[i] = voxels[i];
    }
    if (places.length) {
      // a state that was saved and then undone cannot be reached again
      if (this.saved > this.done.length) this.saved = -1;
      this.done.push({ places, before, after });
      this.undone = [];
    }
    return places.length;
  }

  undo(voxels) {
    return this.#step(voxels, this.done, this.undone, "before");
  }

  redo(voxels) {
    return this.#step(voxels, this.undone, this.done, "after");
  }

  markSaved() {
    this.saved = this.done.length;
  }

  #step(voxels, from, to, which) {
    const stroke = from.pop();
    if (!stroke) return false;
    stroke.places.forEach((place, k) => {
      voxels[place] = this.known[place] = stroke[which][k];
    });
    to.push(stroke);
    return true;
  }
}
