// All harnesses, in the order of the table.
import * as aborts from './aborts.js';
import * as cache from './cache.js';
import * as classifications from './classifications.js';
import * as commandLine from './command-line.js';
import * as core from './core.js';
import * as disk from './disk.js';
import * as disposals from './disposals.js';
import * as files from './files.js';
import * as kills from './kills.js';
import * as loads from './loads.js';
import * as network from './network.js';

/** @type {import('../driver.js').Harness[]} */
export const harnesses = [
  files,
  core,
  network,
  cache,
  kills,
  disk,
  aborts,
  disposals,
  classifications,
  loads,
  commandLine,
];
