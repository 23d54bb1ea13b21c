// The build that trains the encoder, fetched when it is used: the engine's with more in it, and with as many threads.
import { compileWasm } from '#platform';
import { createCore } from '../../core/instance.js';

/** @typedef {import('../../core/compile.js').Compiled} Compiled */

/** By the engine's. @type {WeakMap<Compiled, Promise<Compiled>>} */
const trainers = new WeakMap();

/**
 * @param {Compiled} compiled the engine's
 * @returns {Promise<Compiled>} rejects with NO_WASM
 */
export function compileTrainer(compiled) {
  const known = trainers.get(compiled);
  if (known) return known;
  const trainer = compileAnew(compiled);
  trainers.set(compiled, trainer);
  trainer.catch(() => trainers.delete(compiled)); // it may be there the next time
  return trainer;
}

/** @param {Compiled} compiled @returns {Promise<Compiled>} */
async function compileAnew(compiled) {
  const module = await compileWasm(`train-${compiled.build}`);
  const { end: heapBase } = await createCore({ ...compiled, module, heapBase: 0 }, 0); // to read where its own data ends
  return { ...compiled, module, heapBase };
}
