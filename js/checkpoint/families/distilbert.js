// DistilBERT (Sanh et al. 2019, https://arxiv.org/abs/1910.01108): a BERT without token types and without a pooler.
import { bert } from './bert.js';

/** @type {import('./family.js').Family} */
export const distilbert = {
  ...bert,
  modelType: 'distilbert',
  className: 'DistilBert',
  keys: {
    hidden_size: 'dim',
    embedding_size: 'dim',
    num_hidden_layers: 'n_layers',
    num_attention_heads: 'n_heads',
    intermediate_size: 'hidden_dim',
    hidden_act: 'activation',
  },
  constants: { type_vocab_size: 0, layer_norm_eps: 1e-12 },
  prefixes: ['distilbert'],
  modules: [
    ['transformer.layer', 'encoder.layer'],
    ['attention.q_lin', 'attention.self.query'],
    ['attention.k_lin', 'attention.self.key'],
    ['attention.v_lin', 'attention.self.value'],
    ['attention.out_lin', 'attention.output.dense'],
    ['sa_layer_norm', 'attention.output.LayerNorm'],
    ['ffn.lin1', 'intermediate.dense'],
    ['ffn.lin2', 'output.dense'],
    ['output_layer_norm', 'output.LayerNorm'],
  ],
  textHead: [
    ['pre_classifier', 'relu'],
    ['classifier', 'none'],
  ],
  maskedHead: {
    transform: 'vocab_transform',
    norm: 'vocab_layer_norm',
    decoder: 'vocab_projector',
    bias: ['vocab_projector.bias'],
  },
};
