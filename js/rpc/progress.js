// Progress at a pace that a page can follow, and turns for other tasks.
import { nextTask } from '#platform';

/** @typedef {import('./serve.js').Context} Context */
/** @typedef {import('../types.js').Progress} Progress */

const INTERVAL = 50; // milliseconds between two reports
const TURN = 10; // milliseconds of work after which others have theirs

/**
 * @param {Context} context
 * @param {Progress['phase']} phase
 * @returns {(loaded: number, total: number) => void} reports now and then, and always when all is done; but not
 *   where nobody listens
 */
export function progressReporter({ emit, progress }, phase) {
  if (!progress) return () => {};
  let last = -Infinity;
  return (loaded, total) => {
    const now = performance.now();
    if (loaded < total && now - last < INTERVAL) return;
    last = now;
    emit({ progress: { phase, loaded, total } });
  };
}

/**
 * @param {Context} context
 * @returns {() => Promise<void>} to be awaited between pieces of work: lets messages in, and throws when the call was aborted
 */
export function createPause({ signal }) {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < TURN) return;
    await nextTask();
    signal.throwIfAborted();
    last = performance.now();
  };
}
