// bertlet cache: the models that are kept as the core uses them.
import { clearCache, listCache } from '../../io/cache-contents.js';

export const summary = 'list or remove the finished models that are kept';

export const help = `Usage: bertlet cache [--clear]

Prints a line for each model that is kept as it was after loading, so that it loads faster; the last used one first:
  {"model":…,"adapter":…,"dtype":"int8","bytes":…,"last_used":…}

They are kept in ~/.cache/bertlet/images (or BERTLET_HOME), up to 4 GB and for 60 days after their last use. The files of models that
were downloaded, in ~/.cache/bertlet/models, are not among them.

  --clear                remove them all`;

/** @type {import('../lib/arguments.js').Options} */
export const options = { clear: { type: 'boolean' } };

export const maxFiles = 0;

/** @param {import('../lib/command.js').Context} context */
export async function run({ values, output }) {
  if (values.clear) return clearCache();
  const entries = await listCache();
  await output.write(entries.map(({ lastUsed, ...entry }) => ({ ...entry, last_used: lastUsed.toISOString() })));
}
