// The tensors of what several kinds of files hold, for safetensors-writer.js.

/** @typedef {{ name: string, shape: number[], values: Float32Array }} NamedTensor */

/**
 * A linear layer, as torch.nn.Linear stores it.
 * @param {string} module
 * @param {{ weight: Float32Array, bias: Float32Array }} layer [outputs][inputs], [outputs]
 * @returns {NamedTensor[]}
 */
export const layerTensors = (module, { weight, bias }) => [
  { name: `${module}.weight`, shape: [bias.length, weight.length / bias.length], values: weight },
  { name: `${module}.bias`, shape: [bias.length], values: bias },
];

/** The names of an adapter's matrices A and B, as PEFT has them. @param {string} module that it adapts */
export const deltaNames = (module) => ['A', 'B'].map((which) => `base_model.model.${module}.lora_${which}.weight`);

/**
 * An adapter of a linear layer, as PEFT stores it.
 * @param {string} module that it adapts
 * @param {import('../core/dense.js').Delta} delta
 * @returns {NamedTensor[]}
 */
export function deltaTensors(module, { a, b, rank, rows, columns }) {
  const [nameOfA, nameOfB] = deltaNames(module);
  return [
    { name: nameOfA, shape: [rank, columns], values: a },
    { name: nameOfB, shape: [rows, rank], values: b },
  ];
}

/**
 * The transitions of a conditional random field, as pytorch-crf stores them.
 * @param {{ start: ArrayLike<number>, next: ArrayLike<number>, end: ArrayLike<number> }} transitions [tags], [tags][tags], [tags]
 * @param {string} [prefix] of their names
 */
export const transitionTensors = ({ start, next, end }, prefix = '') => [
  { name: `${prefix}start_transitions`, shape: [start.length], values: start },
  { name: `${prefix}transitions`, shape: [start.length, start.length], values: next },
  { name: `${prefix}end_transitions`, shape: [start.length], values: end },
];

/**
 * The transitions of so many tags, read by their names.
 * @template T
 * @param {(name: string, shape: number[]) => T} read gets the shape that it must have
 * @param {number} tags
 * @param {string} [prefix] of their names
 * @returns {{ start: T, next: T, end: T }}
 */
export const readTransitionTensors = (read, tags, prefix = '') => ({
  start: read(`${prefix}start_transitions`, [tags]),
  next: read(`${prefix}transitions`, [tags, tags]),
  end: read(`${prefix}end_transitions`, [tags]),
});
