// What is going on, on standard error: a live bar on a terminal, else a line now and then.

/** @type {Record<import('../../types.js').Progress['phase'], string>} */
const titles = {
  download: 'Loading the model',
  embed: 'Embedding',
  classify: 'Classifying',
  'fill-mask': 'Filling masks',
  features: 'Reading the texts',
  search: 'Choosing the regularization',
  train: 'Training',
};

/** Where no terminal shows a bar, the lines of a phase that takes long are at least so many seconds and so much work apart. */
const interval = { seconds: 10, share: 0.1 };

export class Progress {
  #stream;
  #verbose;
  /** @type {string | undefined} */
  #phase;
  #share = 0;
  #lastEvent = performance.now() / 1000;
  #start = 0;
  #lastLine = { seconds: 0, share: 0 };
  #lastBar = '';

  /**
   * @param {import('node:tty').WriteStream} stream
   * @param {{ verbose: boolean }} options verbose: say each phase's end even where no terminal shows a bar
   */
  constructor(stream, { verbose }) {
    this.#stream = stream;
    this.#verbose = verbose;
  }

  /** For `onProgress`. */
  report = (/** @type {import('../../types.js').Progress} */ { phase, loaded, total }) => {
    const now = performance.now() / 1000;
    const share = total > 0 ? loaded / total : 0;
    if (phase !== this.#phase || share < this.#share) {
      this.clear();
      this.#phase = phase;
      this.#start = this.#lastEvent; // an event tells that something is done: its phase began when the one before ended
      this.#lastLine = { seconds: this.#start, share: 0 };
    } else if (share === this.#share) {
      return;
    }
    this.#share = share;
    this.#lastEvent = now;
    const title = titles[phase];
    if (this.#stream.isTTY) {
      this.#draw(title, share, now - this.#start);
    } else if (share < 1 && this.#isLineDue(share, now)) {
      this.#lastLine = { seconds: now, share };
      this.#stream.write(`bertlet: ${title}: ${Math.floor(share * 100)} %\n`);
    } else if (share === 1 && this.#verbose) {
      this.#stream.write(`bertlet: ${title}: done in ${(now - this.#start).toFixed(1)} s\n`);
    }
    if (share === 1) this.clear();
  };

  /**
   * @param {number} share
   * @param {number} now
   */
  #isLineDue(share, now) {
    return now - this.#lastLine.seconds >= interval.seconds && share - this.#lastLine.share >= interval.share;
  }

  /** @param {string} message */
  warn(message) {
    this.clear();
    this.#stream.write(`bertlet: warning: ${message}\n`);
  }

  /**
   * For `onWarning`: says the lines of the texts that were cut.
   * @param {string} name of the file that the texts are from
   * @param {(index: number) => number} lineOf
   * @returns {(message: string, texts?: number[]) => void}
   */
  warnAbout = (name, lineOf) => (message, texts) => {
    if (!texts) return this.warn(message);
    const some = texts.slice(0, 5).map(lineOf).join(', ') + (texts.length > 5 ? `, … (${texts.length} in all)` : '');
    const what = texts.length === 1 ? 'this text is' : 'these texts are';
    const lines = texts.length === 1 ? 'line' : 'lines';
    this.warn(`${name}, ${lines} ${some}: ${what} longer than the model takes, only the beginning counts.`);
  };

  /** Takes the bar away, so that something else can be written. */
  clear() {
    if (this.#lastBar) this.#stream.write('\r\x1b[K');
    this.#lastBar = '';
  }

  /**
   * @param {string} title
   * @param {number} share 0 .. 1
   * @param {number} seconds since the phase began
   */
  #draw(title, share, seconds) {
    const width = 24;
    const filled = Math.round(share * width);
    const left = share > 0 && seconds > 2 ? `  ${Math.ceil((seconds / share) * (1 - share))} s left` : '';
    const percent = String(Math.floor(share * 100)).padStart(3);
    const bar = `${title} ${'━'.repeat(filled)}${'─'.repeat(width - filled)} ${percent} %${left}`;
    if (bar === this.#lastBar) return;
    this.#stream.write(`\r\x1b[K${bar}`);
    this.#lastBar = bar;
  }
}
