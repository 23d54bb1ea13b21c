// Plans the memory of a tuner before anything is computed: how much of a step it keeps and how much it computes twice, and how large its
// batches are.
import { memoryBytes as deviceMemory } from '#platform';
import { BertletError } from '../../errors.js';
import { ADDRESSABLE, memoryBytes, probeOf } from '../dataset/memory.js';
import { measure } from './tuner-plan.js';

/** @typedef {import('./tuner-plan.js').TunerPlan} TunerPlan */

/** Tokens of a text that is worth training on. */
const SHORT_TEXT = 16;

/**
 * @typedef {object} MemoryPlan
 * @property {number} keptLayers for `TunerPlan`
 * @property {number} maxTokens for `TunerPlan`
 * @property {number} bytes of WebAssembly memory that the tuner will take, its copy of the model's weights included
 * @property {string} description of the above, a sentence
 */

/** What a tuner may take by default, in bytes: a quarter of the memory. */
const defaultBudget = () => deviceMemory() / 4;

/**
 * Chooses what fits into the memory: as many layers as possible keep what they compute. If not even one can, batches become smaller.
 * @param {import('../../checkpoint/config.js').Config} config
 * @param {import('../../core/compile.js').Compiled} compiled the build that trains, with its threads
 * @param {Omit<TunerPlan, 'keptLayers'>} plan `maxTokens`: as many as a batch should have
 * @param {{ longest: number, budget?: number }} options `longest`: tokens of the longest example; `budget` in bytes, default a quarter of
 *   the memory that there is
 * @returns {Promise<MemoryPlan>} rejects with OUT_OF_MEMORY, and says what would fit
 */
export async function planMemory(config, compiled, plan, { longest, budget = defaultBudget() }) {
  const probe = await probeOf(compiled);
  const most = Math.min(budget, ADDRESSABLE);
  const { begin = 0, end = config.numLayers } = plan;
  const layers = end - begin;
  /** Bytes that a plan takes; Infinity: more than WebAssembly can have. @param {Partial<TunerPlan>} changes */
  const bytesOf = (changes) => {
    try {
      const sizes = measure(probe, compiled.threads, config, { ...plan, keptLayers: 0, ...changes });
      const bytes = memoryBytes(compiled, sizes);
      return { bytes: bytes <= ADDRESSABLE ? bytes : Infinity, sizes };
    } catch (error) {
      if (error instanceof BertletError && error.code === 'OUT_OF_MEMORY') return { bytes: Infinity };
      throw error;
    }
  };
  const fits = (/** @type {Partial<TunerPlan>} */ changes) => bytesOf(changes).bytes <= most;

  const wanted = Math.max(plan.maxTokens, longest);
  for (let keptLayers = layers; keptLayers >= 0; keptLayers--)
    if (fits({ keptLayers, maxTokens: wanted })) return told({ keptLayers, maxTokens: wanted });
  const maxTokens = largest(longest, wanted, (tokens) => fits({ maxTokens: tokens }));
  if (maxTokens) return told({ keptLayers: 0, maxTokens });
  throw new BertletError('OUT_OF_MEMORY', tooLittle());

  /** @param {{ keptLayers: number, maxTokens: number }} chosen @returns {MemoryPlan} */
  function told(chosen) {
    const { bytes, sizes } = bytesOf(chosen);
    const { keptLayers } = chosen;
    const kept =
      keptLayers === layers
        ? 'nothing is computed twice'
        : `${layers - keptLayers} of ${layers} layers are computed twice`;
    const description =
      `Training takes ${megabytes(bytes)} of memory, ${megabytes(sizes?.model ?? 0)} of them for a copy of the model, ` +
      `in batches of up to ${chosen.maxTokens} tokens; ${kept}.`;
    return { ...chosen, bytes, description };
  }

  /** What is wrong, and what would fit. */
  function tooLittle() {
    const least = bytesOf({ maxTokens: longest }).bytes;
    const rank = largest(1, (plan.rank ?? 0) - 1, (lower) => fits({ rank: lower, maxTokens: longest }));
    const tokens = largest(SHORT_TEXT, longest - 1, (fewer) => fits({ maxTokens: fewer }));
    const trained = plan.tuning.includes('TRAINED');
    const frozen = plan.tuning.map((how) => (how === 'TRAINED' ? 'FROZEN' : how));
    const remedies = [
      least <= ADDRESSABLE && `at least ${megabytes(least)} of memory`,
      rank && `rank ${rank}`,
      tokens && `texts of at most ${tokens} tokens`,
      trained && fits({ tuning: frozen, maxTokens: longest }) && "fewer layers, or method: 'lora'",
    ].filter(Boolean);
    const needed = least <= ADDRESSABLE ? megabytes(least) : 'more than the 4096 MB of WebAssembly';
    const remedy = remedies.length > 0 ? `What would fit: ${remedies.join('; or ')}.` : 'Take a smaller model.';
    return `Training needs ${needed}, and may take ${Math.floor(most / 2 ** 20)} MB. ${remedy}`;
  }
}

/** @param {number} bytes */
const megabytes = (bytes) => `${Math.ceil(bytes / 2 ** 20)} MB`;

/**
 * The largest integer from `low` to `high` that fits; what is smaller than one that fits does, too.
 * @param {number} low
 * @param {number} high
 * @param {(value: number) => boolean} fits
 * @returns {number | undefined} undefined: none
 */
function largest(low, high, fits) {
  if (high < low || !fits(low)) return undefined;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
