// Megabytes of WebAssembly memory after one call has embedded 4096 tokens: of the largest that was made, since an engine's probes
// are small beside the memory that it works in.
import { tokenIds } from '../inputs.js';
import { createAll } from './suite.js';

/** @type {Set<WebAssembly.Memory>} */
const memories = new Set();

/** Also of those memories that a module makes itself and exports. */
function countMemories() {
  const { Memory, instantiate, instantiateStreaming } = WebAssembly;
  const seen = (/** @type {WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource} */ result) => {
    const { exports } = 'instance' in result ? result.instance : result;
    for (const value of Object.values(exports)) if (value instanceof Memory) memories.add(value);
    return result;
  };
  Object.assign(WebAssembly, {
    Memory: class extends Memory {
      constructor(/** @type {WebAssembly.MemoryDescriptor} */ descriptor) {
        super(descriptor);
        memories.add(this);
      }
    },
    instantiate: async (/** @type {Parameters<typeof instantiate>} */ ...args) =>
      seen(await instantiate.apply(WebAssembly, args)),
    instantiateStreaming: async (/** @type {Parameters<typeof instantiateStreaming>} */ ...args) =>
      seen(await instantiateStreaming.apply(WebAssembly, args)),
  });
}

/**
 * @param {import('./suite.js').Contender<import('./encoder.js').Encoder>} contender
 * @param {import('./suite.js').Place} place
 * @param {import('./suite.js').Options} options with one dtype: what was made for another would be counted too
 * @returns {Promise<import('./suite.js').Fact[]>}
 */
export async function memorySuite(contender, place, options) {
  countMemories();
  const [{ who, runner }] = await createAll([contender], place, options);
  await runner.prepare(tokenIds(8, 512), 8, 512)();
  const value = Math.max(...Array.from(memories, ({ buffer }) => buffer.byteLength)) / 2 ** 20;
  return [{ suite: 'memory', ...who, shape: '8x512', value, unit: 'MB' }];
}
