// Contrastive tuning, which is fetched when it is used.
export { fitContrastive } from './labelled.js';
export { fitSimilarity } from './similarity.js';
