// ERNIE (Sun et al. 2019, https://arxiv.org/abs/1904.09223): a BERT that may have task ids beside the token types.
import { bert } from './bert.js';

/** @type {import('./family.js').Family} */
export const ernie = {
  ...bert,
  modelType: 'ernie',
  className: 'Ernie',
  unsupported: { use_task_id: 'task ids' },
  prefixes: ['ernie', 'bert'], // some were saved as BERT models
};
