// What long work does in between: reports its progress, and lets other messages in.
import { nextTask } from '#platform';

/** @typedef {import('./serve.js').Context} Context */
/** @typedef {import('../types.js').Progress} Progress */

const REPORT_INTERVAL = 50; // milliseconds between two reports of progress
const PAUSE_INTERVAL = 10; // milliseconds of work between two pauses

/**
 * A function that reports progress to the caller: every 50 ms at most, and always when `loaded` reaches `total`. It does nothing if the
 * caller doesn't listen.
 * @param {Context} context
 * @param {Progress['phase']} phase
 * @returns {(loaded: number, total: number, more?: Partial<Progress>) => void}
 */
export function progressReporter({ emit, progress }, phase) {
  if (!progress) return () => {};
  let last = -Infinity;
  return (loaded, total, more) => {
    const now = performance.now();
    if (loaded < total && now - last < REPORT_INTERVAL) return;
    last = now;
    emit({ progress: { phase, loaded, total, ...more } });
  };
}

/**
 * A function to be awaited between pieces of work. Every 10 ms it lets the thread handle messages, and rejects with the signal's reason
 * if the call was aborted.
 * @param {Pick<Context, 'signal'>} context
 * @returns {() => Promise<void>}
 */
export function createPause({ signal }) {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < PAUSE_INTERVAL) return;
    await nextTask();
    signal.throwIfAborted();
    last = performance.now();
  };
}
