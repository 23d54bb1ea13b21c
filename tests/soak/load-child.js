// Loads a model in a process of its own, which may be killed or have no room: node load-child.js '{"spec": ..., "options": ..., "text": ...}'. Prints what came.
import { BertletError, load } from '../../js/index.js';

const { spec, options, text } = JSON.parse(process.argv[2]);
try {
  const bert = await load(spec, { threads: 1, ...options });
  const vector = [...(await bert.embed(text))];
  await bert.dispose();
  process.stdout.write(JSON.stringify({ vector, notes: bert.info.notes }));
} catch (error) {
  const code = error instanceof BertletError ? error.code : 'not a BertletError';
  process.stdout.write(JSON.stringify({ code, message: String(error) }));
}
