// Shows progress and warnings on standard error: a live bar on a terminal, else a line now and then.

/** @type {Record<import('../../types.js').Progress['phase'], string>} */
const titles = {
  download: 'Loading the model',
  embed: 'Embedding',
  classify: 'Classifying',
  'fill-mask': 'Filling masks',
  features: 'Reading the texts',
  search: 'Choosing the regularization',
  train: 'Training',
  words: 'Counting words',
  pieces: 'Making pieces',
};

/** Without a terminal, the lines of a phase are at least this far apart in time, and in share of the work. */
const interval = { seconds: 10, share: 0.1 };

/** Columns of a terminal that does not say how many it has. */
const COLUMNS = 80;

/** What the measures of held-out examples are called. @type {Record<string, string>} */
const scoreNames = { microF1: 'micro-F1', f1: 'F1', exactWindows: 'exact windows' };

/** Progress and warnings of a run. */
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
   * @param {{ verbose: boolean }} options verbose: without a terminal, print a line at the end
   *   of each phase, too
   */
  constructor(stream, { verbose }) {
    this.#stream = stream;
    this.#verbose = verbose;
  }

  /** A function for `onProgress`. */
  report = (/** @type {import('../../types.js').Progress} */ event) => {
    const { phase, loaded, total } = event;
    const now = performance.now() / 1000;
    const share = total > 0 ? loaded / total : 0;
    if (phase !== this.#phase || share < this.#share) {
      this.clear();
      this.#phase = phase;
      this.#start = this.#lastEvent; // an event comes after work: this phase began at the last event of the one before
      this.#lastLine = { seconds: this.#start, share: 0 };
    } else if (share === this.#share) {
      return;
    }
    this.#share = share;
    this.#lastEvent = now;
    const title = titles[phase];
    if (this.#stream.isTTY) {
      this.#draw(title, share, detailsOf(event, now - this.#start));
    } else if (share < 1 && this.#isLineDue(share, now)) {
      this.#lastLine = { seconds: now, share };
      const details = phase === 'train' ? detailsOf(event, now - this.#start) : [];
      this.#stream.write(`bertlet: ${[`${title}: ${Math.floor(share * 100)} %`, ...details].join(', ')}\n`);
    } else if (share === 1 && this.#verbose) {
      this.#stream.write(`bertlet: ${title}: done in ${(now - this.#start).toFixed(1)} s\n`);
    }
    if (share === 1) this.clear();
  };

  /**
   * Whether it is time for a line.
   * @param {number} share 0 to 1
   * @param {number} now in seconds
   */
  #isLineDue(share, now) {
    return now - this.#lastLine.seconds >= interval.seconds && share - this.#lastLine.share >= interval.share;
  }

  /** Prints a message. @param {string} message */
  tell(message) {
    this.clear();
    this.#stream.write(`bertlet: ${message}\n`);
  }

  /** Prints a warning. @param {string} message */
  warn(message) {
    this.tell(`warning: ${message}`);
  }

  /**
   * A function for `onWarning` that names the lines of texts that were cut.
   * @param {string} name of the texts' file
   * @param {(index: number) => number} lineOf
   * @returns {(message: string, texts?: number[]) => void}
   */
  warnAbout = (name, lineOf) => (message, texts) => {
    if (!texts) return this.warn(message);
    const numbers = texts.slice(0, 5).map(lineOf).join(', ') + (texts.length > 5 ? `, … (${texts.length} in all)` : '');
    const what = texts.length === 1 ? 'this text is' : 'these texts are';
    const lines = texts.length === 1 ? 'line' : 'lines';
    this.warn(`${name}, ${lines} ${numbers}: ${what} longer than the model takes, only the beginning counts.`);
  };

  /** Clears the bar, so that something else can be written. */
  clear() {
    if (this.#lastBar) this.#stream.write('\r\x1b[K');
    this.#lastBar = '';
  }

  /**
   * Draws the bar, with as many of the details as fit into the line.
   * @param {string} title
   * @param {number} share 0 to 1
   * @param {string[]} details
   */
  #draw(title, share, details) {
    const width = details.length > 1 ? 10 : 24;
    const filled = Math.round(share * width);
    const percent = String(Math.floor(share * 100)).padStart(3);
    let bar = `${title} ${'━'.repeat(filled)}${'─'.repeat(width - filled)} ${percent} %`;
    for (const detail of details) {
      if (bar.length + 2 + detail.length >= (this.#stream.columns || COLUMNS)) break;
      bar += `  ${detail}`;
    }
    if (bar === this.#lastBar) return;
    this.#stream.write(`\r\x1b[K${bar}`);
    this.#lastBar = bar;
  }
}

/**
 * What there is to say of a phase besides its share, the most important first.
 * @param {import('../../types.js').Progress} event
 * @param {number} seconds since the phase began
 * @returns {string[]}
 */
function detailsOf({ loaded, total, loss, epochs = [], history = [], tokensPerSecond, secondsLeft, memory }, seconds) {
  const left = secondsLeft ?? (seconds / loaded) * (total - loaded);
  const known = loaded > 0 && loaded < total && (secondsLeft !== undefined || seconds > 2);
  const details = known ? [`${duration(left)} left`] : [];
  if (loss === undefined) return details;
  details.push(`loss ${loss.toFixed(3)}`);
  for (const [name, score] of Object.entries([...epochs, ...history].at(-1)?.heldOut ?? {}))
    if (name !== 'loss') details.push(`held-out ${scoreNames[name] ?? name} ${score.toFixed(3)}`);
  details.push(`step ${loaded} of ${total}`);
  if (tokensPerSecond) details.push(`${Math.round(tokensPerSecond)} tokens/s`);
  if (memory) details.push(`${Math.ceil(memory / 2 ** 20)} MB`);
  return details;
}

/** @param {number} seconds */
function duration(seconds) {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
