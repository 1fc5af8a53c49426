// Time spent on a foot: only while the page is seen and someone is at work.

const IDLE_MS = 60_000;

export class Clock {
  constructor() {
    this.spent = 0;
    this.last = performance.now();
    this.active = performance.now();
    for (const kind of ["pointermove", "keydown", "wheel"])
      addEventListener(kind, () => this.touch(), { capture: true, passive: true });
    document.addEventListener("visibilitychange", () => this.touch());
  }

  touch() {
    this.#count();
    this.active = performance.now();
  }

  /** Give the seconds since the last call, and begin anew. */
  take() {
    this.#count();
    const seconds = this.spent / 1000;
    this.spent = 0;
    return seconds;
  }

  #count() {
    const now = performance.now();
    const until = Math.min(now, this.active + IDLE_MS);
    if (!document.hidden && until > this.last) this.spent += until - this.last;
    this.last = now;
  }
}
