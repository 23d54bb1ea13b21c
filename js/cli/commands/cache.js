// bertlet cache: the models that are kept, finished or as they were downloaded.
import { clearCache, listCache } from '../../io/cache-contents.js';

export const summary = 'list or remove the models that are kept';

export const help = `Usage: bertlet cache [--clear]

Prints a line for each model that is kept as it was after loading, so that it loads faster, and for each whose files were
downloaded from the hub; the last used one first:
  {"kind":"finished","model":…,"adapter":…,"dtype":"int8","bytes":…,"last_used":…}
  {"kind":"downloaded","model":…,"bytes":…,"last_used":…}

They are kept in ~/.cache/bertlet/images and ~/.cache/bertlet/models (or BERTLET_HOME), each up to 4 GB and for 60 days after
their last use. What you put into these folders yourself is neither listed nor removed, nor is what Python downloaded.

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
