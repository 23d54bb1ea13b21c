// BERT (Devlin et al. 2019, https://arxiv.org/abs/1810.04805). The other families copy it, and replace what differs.

/** @type {import('./family.js').Family} */
export const bert = {
  modelType: 'bert',
  className: 'Bert',
  architecture: 'BERT',
  finalNorm: false,
  keys: { embedding_size: 'hidden_size' },
  constants: {},
  unsupported: {},
  prefixes: ['bert'],
  modules: [],
  textHead: [
    ['pooler.dense', 'tanh'],
    ['classifier', 'none'],
  ],
  maskedHead: {
    transform: 'cls.predictions.transform.dense',
    norm: 'cls.predictions.transform.LayerNorm',
    decoder: 'cls.predictions.decoder',
    bias: ['cls.predictions.decoder.bias', 'cls.predictions.bias'], // equal, unless the decoder does not share the word embeddings
  },
};
