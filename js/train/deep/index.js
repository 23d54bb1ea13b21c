// What is fetched when the encoder is trained.
export { tune } from './fit.js';
export { classesByTuned, warnOfCut } from './try-out.js';
