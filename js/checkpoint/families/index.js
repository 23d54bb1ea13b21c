// The list of model families.
import { bert } from './bert.js';
import { distilbert } from './distilbert.js';
import { electra } from './electra.js';
import { ernie } from './ernie.js';
import { megatronBert } from './megatron-bert.js';

/** By `model_type`. */
export const families = new Map(
  [bert, distilbert, electra, ernie, megatronBert].map((family) => [family.modelType, family]),
);
