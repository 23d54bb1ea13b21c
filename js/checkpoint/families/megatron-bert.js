// MegatronBERT (Shoeybi et al. 2019, https://arxiv.org/abs/1909.08053): a BERT with
// layer norm before attention and before the feed-forward network, and after the last layer.
import { bert } from './bert.js';

/** @type {import('./family.js').Family} */
export const megatronBert = {
  ...bert,
  modelType: 'megatron-bert',
  className: 'MegatronBert',
  architecture: 'MEGATRON_BERT',
  finalNorm: true,
};
