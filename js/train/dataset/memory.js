// The memory of fits: each has an instance of the core to itself, apart from the model's, so that nothing large stays behind. Engines
// reserve 8 GB of addresses and more for every memory, whatever its size, until the garbage collector comes: so small ones are used again.
import { align, createCore } from '../../core/instance.js';
import { BertletError } from '../../errors.js';

/** @typedef {import('../../core/instance.js').Core} Core */
/** @typedef {import('../../core/compile.js').Compiled} Compiled */

/** Bytes of a memory that is kept for the next fit, at most. */
const KEPT = 64 * 2 ** 20;

/** What WebAssembly can address, in bytes. */
export const ADDRESSABLE = 2 ** 32;

/** Bytes by which WebAssembly's memories grow. */
const PAGE = 65536;

/** @type {WeakMap<Compiled, { probe: Promise<Core>, spare?: Core }>} */
const instances = new WeakMap();

/**
 * Bytes of a memory that holds parts.
 * @param {Compiled} compiled
 * @param {Record<string, number>} parts bytes of each
 */
export function memoryBytes({ heapBase }, parts) {
  const size = Object.values(parts).reduce((sum, bytes) => sum + align(bytes), 0);
  return Math.ceil((heapBase + size) / PAGE) * PAGE;
}

/** An instance to compute sizes with. @param {Compiled} compiled */
export const probeOf = (compiled) => instancesOf(compiled).probe;

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
 * @param {string} remedy what makes a fit smaller, a sentence
 * @returns {Promise<Core>} rejects with OUT_OF_MEMORY if there is not so much, and with what `measure` throws
 */
export async function takeMemory(compiled, measure, remedy) {
  const known = instancesOf(compiled);
  const parts = measure(await known.probe);
  const size = memoryBytes(compiled, parts) - compiled.heapBase;
  const { spare } = known;
  known.spare = undefined;
  try {
    if (memoryBytes(compiled, parts) > ADDRESSABLE) throw new RangeError('WebAssembly has 4 GB at most');
    if (size > KEPT) return await createCore(compiled, size);
    const core = spare ?? (await createCore(compiled, size, KEPT - size));
    core.scratch(size); // grows it
    return core;
  } catch (error) {
    const megabytes = (/** @type {number} */ bytes) => `${Math.ceil(bytes / 2 ** 20)} MB`;
    const list = Object.entries(parts).map(([name, bytes]) => `${megabytes(bytes)} for ${name}`);
    throw new BertletError(
      'OUT_OF_MEMORY',
      `This fit needs ${megabytes(size)} of memory in one piece (${list.join(', ')}), ` +
        `which WebAssembly, with its 4096 MB at most, does not get here. ${remedy}`,
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
