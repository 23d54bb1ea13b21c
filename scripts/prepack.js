// What `npm pack` and `npm publish` do first: they pack dist/, which a fresh clone does not have.
import { build } from './build.js';
import { main } from './shell.js';

await main(build);
