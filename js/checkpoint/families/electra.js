// ELECTRA (Clark et al. 2020, https://arxiv.org/abs/2003.10555): a BERT whose embeddings may have another size than its hidden states.
import { bert } from './bert.js';

/** @type {import('./family.js').Family} */
export const electra = {
  ...bert,
  modelType: 'electra',
  className: 'Electra',
  keys: {},
  prefixes: ['electra'],
  textHead: [
    ['classifier.dense', 'gelu'],
    ['classifier.out_proj', 'none'],
  ],
  maskedHead: {
    transform: 'generator_predictions.dense',
    activation: 'gelu',
    norm: 'generator_predictions.LayerNorm',
    decoder: 'generator_lm_head',
    bias: ['generator_lm_head.bias'],
  },
};
