// The build that trains the encoder, fetched when it is used: the engine's with more in it, on one thread.
import { compileWasm } from '#platform';
import { createCore } from '../../core/instance.js';

/**
 * @param {import('../../core/compile.js').Compiled} compiled the engine's
 * @returns {Promise<import('../../core/compile.js').Compiled>} rejects with NO_WASM
 */
export async function compileTrainer(compiled) {
  const build = /** @type {import('../../types.js').Build} */ (compiled.build.replace('-mt', ''));
  const module = await compileWasm(`train-${build}`);
  const shared = false;
  const { end: heapBase } = await createCore({ module, shared, heapBase: 0 }, 0); // to read where its own data ends
  return { ...compiled, build, module, shared, heapBase, threads: 1 };
}
