/** Receive the sandbox's events: all that arrive between two frames are applied together. */

/** Follow the events. take(events) gets a batch per frame; tell(state, requests) gets live, paused or lost, and what waits. */
export class Feed {
  #waiting = [];
  #paused = false;
  #asked = false;

  constructor(path, take, tell) {
    this.take = take;
    this.tell = tell;
    this.source = new EventSource(path);
    this.source.onopen = () => this.#say();
    this.source.onerror = () => tell("lost");
    this.source.onmessage = message => {
      const event = JSON.parse(message.data);
      if (event.reset) this.#waiting = [];  // connected anew, or forgotten by hand: everything comes again
      this.#waiting.push(event);
      if (this.#paused) this.#say();
      this.#ask();
    };
  }

  get paused() {
    return this.#paused;
  }

  /** Stop or go on; what arrives meanwhile is kept. */
  pause(paused) {
    this.#paused = paused;
    this.#say();
    this.#ask();
  }

  #say() {
    const requests = this.#waiting.reduce((sum, event) => sum + event.requests.length + event.requests_left_out, 0);
    this.tell(this.#paused ? "paused" : "live", requests);
  }

  #ask() {
    if (this.#asked || this.#paused || !this.#waiting.length) return;
    this.#asked = true;
    // A hidden page gets no frames, and must not collect events for hours.
    const soon = document.hidden ? run => setTimeout(run, 250) : requestAnimationFrame;
    soon(() => {
      this.#asked = false;
      if (this.#paused) return;
      // A few at a time: what waited through a pause must not block the page.
      this.take(this.#waiting.splice(0, 5));
      this.#ask();
    });
  }
}
