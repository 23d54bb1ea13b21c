// What a worker in a browser fetches for a checkpoint that has a head, in one file.
export { buildHead } from '../checkpoint/head-builder.js';
export { buildMaskedHead } from '../checkpoint/masked-head.js';
export { readRanking } from '../checkpoint/ranking.js';
