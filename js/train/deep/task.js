// What the tuner has to know of a task: examples as tokens, what the head reads of them, their loss, and how good its logits are.

/** @typedef {import('../../core/instance.js').Core} Core */
/** @typedef {import('./tuner.js').Loss} Loss */

/**
 * An example as tokens.
 * @typedef {object} TuningExample
 * @property {import('../../tokenize/tokenizer.js').Encoded} encoded
 * @property {number} index among the caller's examples
 * @property {number} weight of it in the mean loss of a step
 */

/**
 * How good logits of held-out examples are.
 * @typedef {object} Measured
 * @property {number} loss mean, as in training
 * @property {number} score the higher, the better: what it is, is the task's choice
 */

/**
 * @template {TuningExample} T
 * @typedef {object} TuningTask
 * @property {T[]} train
 * @property {T[]} heldOut
 * @property {number} outputs of the head
 * @property {number} [lossParameters] how many parameters the loss has, which are trained along with the head's; default 0
 * @property {import('../../core/dense.js').Pooling} pooling
 * @property {string} scoreName what `score` is
 * @property {(examples: T[], starts: number[]) => number[][]} [rowsOf] [examples] which tokens of a batch the head reads; default: all
 * @property {(examples: T[], starts: number[]) => Loss} lossOf the mean loss of a batch
 * @property {(core: Core, maxTokens: number) => number} [lossBytes] scratch memory of a batch's loss; default: that of TunerPlan
 * @property {(dense: import('../../core/dense.js').Dense) => void} [finish] turns the trained head into one for the caller's units
 * @property {(logits: Float32Array[], parameters: Float32Array) => Promise<Measured>} measure `logits`: [heldOut][rows][outputs];
 *   `parameters`: of the loss
 */

/**
 * Copies integers into scratch memory, for the time of one loss.
 * @param {Core} core
 * @param {ArrayLike<number>} values
 * @returns {number} their address
 */
export function putInts(core, values) {
  const address = core.scratch(4 * values.length);
  core.ints(address, values.length).set(values);
  return address;
}

/**
 * Encodes texts, and warns of those that were cut.
 * @template T
 * @template {{ cut: boolean }} E
 * @param {T[]} given
 * @param {number} maxTokens
 * @param {(one: T) => E} encode
 * @param {() => Promise<void>} pause
 * @param {import('../../rpc/serve.js').Context} context
 * @returns {Promise<E[]>}
 */
export async function encodeAll(given, maxTokens, encode, pause, { emit }) {
  /** @type {E[]} */
  const encoded = [];
  /** @type {number[]} */
  const cut = [];
  for (const [index, one] of given.entries()) {
    encoded.push(encode(one));
    if (encoded[index].cut) cut.push(index);
    await pause();
  }
  if (cut.length > 0) {
    const [which, verb] =
      cut.length === 1
        ? [`Text ${cut[0]} has`, 'is']
        : [`${cut.length} texts (the first is text ${cut[0]}) have`, 'are'];
    const warning = `${which} more than ${maxTokens} tokens and ${verb} trained on without the rest. A larger maxTokens helps.`;
    emit({ warning, texts: cut });
  }
  return encoded;
}
