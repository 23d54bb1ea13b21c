// The memory of fits: each has an instance of the core to itself, apart from the model's, so that nothing large stays behind. Engines
// reserve 8 GB of addresses and more for every memory, whatever its size, until the garbage collector comes: so small ones are used again.
import { align, createCore } from '../../core/instance.js';
import { BertletError } from '../../errors.js';

/** @typedef {import('../../core/instance.js').Core} Core */
/** @typedef {import('../../core/compile.js').Compiled} Compiled */

/** Bytes of a memory that is kept for the next fit, at most. */
const KEPT = 64 * 2 ** 20;

/** What WebAssembly can address, in bytes. */
const ADDRESSABLE = 2 ** 32;

/** @type {WeakMap<Compiled, { probe: Promise<Core>, spare?: Core }>} */
const instances = new WeakMap();

/** @param {Compiled} compiled */
function instancesOf(compiled) {
  const known = instances.get(compiled) ?? { probe: createCore(compiled, 0) };
  instances.set(compiled, known);
  return known;
}

/**
 * An instance for a fit; `giveBack` is to be called when it has ended.
 * @param {Compiled} compiled
 * @param {(probe: Core) => Record<string, number>} measure bytes that the fit needs, by what they are for, as sizes of `reserve` or
 *   `scratch`
 * @returns {Promise<Core>} rejects with OUT_OF_MEMORY if there is not so much, and with what `measure` throws
 */
export async function takeMemory(compiled, measure) {
  const known = instancesOf(compiled);
  const parts = Object.entries(measure(await known.probe));
  const size = parts.reduce((sum, [, bytes]) => sum + align(bytes), 0);
  const { spare } = known;
  known.spare = undefined;
  try {
    if (size > ADDRESSABLE - compiled.heapBase) throw new RangeError('WebAssembly has 4 GB at most');
    if (size > KEPT) return await createCore(compiled, size);
    const core = spare ?? (await createCore(compiled, size, KEPT - size));
    core.scratch(size); // grows it
    return core;
  } catch (error) {
    const megabytes = (/** @type {number} */ bytes) => `${Math.ceil(bytes / 2 ** 20)} MB`;
    throw new BertletError(
      'OUT_OF_MEMORY',
      `This fit needs ${megabytes(size)} of memory in one piece (${parts.map(([name, bytes]) => `${megabytes(bytes)} for ${name}`).join(', ')}), ` +
        'which WebAssembly, with its 4096 MB at most, does not get here. Take fewer examples or labels, or a smaller hiddenSize.',
      { cause: error },
    );
  }
}

/**
 * @param {Compiled} compiled
 * @param {Core} core from `takeMemory`; not to be used any more
 */
export function giveBackMemory(compiled, core) {
  if (core.memory.buffer.byteLength > KEPT + compiled.heapBase) return;
  core.clear();
  instancesOf(compiled).spare = core;
}
