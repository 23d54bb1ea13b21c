// What is going on, on standard error: a live bar on a terminal, else a line now and then.

/** @type {Record<import('../types.js').Progress['phase'], string>} */
const titles = {
  download: 'Loading the model',
  embed: 'Embedding',
  classify: 'Classifying',
  features: 'Reading the texts',
  search: 'Choosing the strength',
  train: 'Training',
};

/** Seconds between the lines of a phase that takes long, where no terminal shows a bar. */
const interval = 10;

export class Progress {
  #stream;
  #verbose;
  /** @type {string | undefined} */
  #phase;
  #share = 0;
  #start = 0;
  #lastLine = 0;
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
  report = (/** @type {import('../types.js').Progress} */ { phase, loaded, total }) => {
    const now = performance.now() / 1000;
    const share = total > 0 ? loaded / total : 0;
    if (phase !== this.#phase || share < this.#share) {
      this.clear();
      this.#phase = phase;
      this.#start = now;
      this.#lastLine = now;
    } else if (share === this.#share) {
      return;
    }
    this.#share = share;
    const title = titles[phase];
    if (this.#stream.isTTY) {
      this.#draw(title, share, now - this.#start);
    } else if (share < 1 && now - this.#lastLine >= interval) {
      this.#lastLine = now;
      this.#stream.write(`bertlet: ${title}: ${Math.floor(share * 100)} %\n`);
    } else if (share === 1 && this.#verbose) {
      this.#stream.write(`bertlet: ${title}: done in ${(now - this.#start).toFixed(1)} s\n`);
    }
    if (share === 1) this.clear();
  };

  /** For `onWarning`. */
  warn = (/** @type {string} */ message) => {
    this.clear();
    this.#stream.write(`bertlet: warning: ${message}\n`);
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
