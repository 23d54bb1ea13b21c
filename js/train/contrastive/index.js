// Contrastive tuning, which is fetched when it is used.
export { classesByContrast, fitContrastive } from './labelled.js';
export { fitSimilarity } from './similarity.js';
