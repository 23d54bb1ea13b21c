// The list of model families; a new one is added here.
import { bert } from './bert.js';
import { distilbert } from './distilbert.js';
import { electra } from './electra.js';
import { ernie } from './ernie.js';
import { megatronBert } from './megatron-bert.js';

/** The families by `model_type`. */
export const families = new Map(
  [bert, distilbert, electra, ernie, megatronBert].map((family) => [family.modelType, family]),
);
