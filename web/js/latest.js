// Of several runs only the newest may speak: beginning one aborts the one before, and a run that was overtaken or
// cancelled stays silent even where its answer still arrives.

export class Latest {
  #current = null;

  begin() {
    this.abort();
    const controller = new AbortController();
    this.#current = controller;
    return {
      signal: controller.signal,
      isLatest: () => this.#current === controller && !controller.signal.aborted,
    };
  }

  /** Ends the current run, if any. Says whether there was one. */
  abort() {
    const current = this.#current;
    this.#current = null;
    current?.abort();
    return current !== null;
  }

  end(run) {
    if (run.isLatest()) this.#current = null;
  }

  get isRunning() {
    return this.#current !== null;
  }
}
