// Chooses the best of the WebAssembly builds that this engine can run, and compiles it.
import { relaxedSimd, simd, threads as sharedMemory } from 'wasm-feature-detect';
import { compileWasm, cores, whyNoThreads } from '#platform';
import { BertletError } from '../errors.js';
import { createCore } from './instance.js';

/** @typedef {import('../types.js').Build} Build */

/**
 * @typedef {object} BuildInfo
 * @property {Build} build
 * @property {number} threads
 * @property {number} int8Path bertlet_int8_path()
 * @property {string[]} notes why it is not a better build, in sentences
 */

/** @typedef {import('./instance.js').CompiledModule & BuildInfo} Compiled */

/** Most threads that are used unless the caller asks for more: memory bandwidth ends the gain. */
const DEFAULT_THREADS = 4;

/**
 * @param {{ threads?: number, build?: Build }} [options] `threads`: as many as may be used, default up to 4; `build`: no other than this
 * @returns {Promise<Compiled>} rejects with NO_WASM where no build can be compiled
 */
export async function compile({ threads, build } = {}) {
  const notes = [];
  const wanted = threads ?? Math.min(cores(), DEFAULT_THREADS);
  // In this order: a page that is not isolated can't tell whether the engine has threads.
  const why =
    whyNoThreads() ??
    ((await sharedMemory()) ? undefined : 'This engine has no WebAssembly threads, so there is one thread.');
  if (why && wanted > 1) notes.push(why);

  const names = build ? [build] : await candidates(wanted > 1 && !why, notes);
  for (;;) {
    const name = names[0];
    try {
      const module = await compileWasm(name);
      const shared = name.endsWith('-mt');
      // An instance of the least memory, which tells what holds for all.
      const { end: heapBase, fn } = await createCore({ module, shared, heapBase: 0 }, 0);
      if (threads && threads > 1 && !shared && !why)
        notes.push(`The build "${name}" has one thread, not the ${threads} that were asked for.`);
      return { module, build: name, shared, heapBase, threads: shared ? wanted : 1, int8Path: fn.int8_path(), notes };
    } catch (error) {
      names.shift();
      if (names.length === 0) throw noWasm(name, error);
      notes.push(`The build "${name}" does not work here: ${/** @type {Error} */ (error).message}`);
    }
  }
}

/**
 * @param {boolean} multiThreaded
 * @param {string[]} notes
 * @returns {Promise<Build[]>} best first
 */
async function candidates(multiThreaded, notes) {
  /** @type {('simd' | 'relaxed')[]} */
  const kinds = [];
  if (await relaxedSimd()) kinds.push('relaxed');
  else notes.push('This engine has no relaxed SIMD, which would be faster.');
  if (await simd()) kinds.push('simd');
  else notes.push('This engine has no WebAssembly SIMD, so the slow build runs.');
  return [...kinds.flatMap((kind) => /** @type {Build[]} */ (multiThreaded ? [`${kind}-mt`, kind] : [kind])), 'scalar'];
}

/**
 * @param {Build} build
 * @param {unknown} error
 */
function noWasm(build, error) {
  if (error instanceof BertletError) return error;
  const { message } = /** @type {Error} */ (error);
  const csp = /unsafe-eval|Content Security Policy/i.test(message)
    ? " The page's Content-Security-Policy must allow 'wasm-unsafe-eval' in script-src."
    : '';
  return new BertletError('NO_WASM', `The WebAssembly build "${build}" could not be compiled: ${message}.${csp}`, {
    cause: error,
  });
}
