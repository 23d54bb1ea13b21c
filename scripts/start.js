// `npm start`: sets up what is missing, then serves the demo.
import { buildPage } from './build.js';
import { ensureModel } from './setup.js';
import { main } from './shell.js';

await main(async () => {
  await buildPage();
  await ensureModel();
  const { serve } = await import('./serve.js');
  const { url } = await serve({ port: Number(process.env.PORT ?? 8080) });
  process.stdout.write(`\nThe demo is at ${url} (Ctrl-C ends it)\n`);
});
