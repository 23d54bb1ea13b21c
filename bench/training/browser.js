// Runs the measurements of training in a page of Chromium.

/** @typedef {import('../suites/suite.js').Fact} Fact */

/**
 * @param {import('playwright-core').BrowserContext} context
 * @param {string} address of the server, which has worker.js as a script beside the package's
 * @param {import('../run.js').Request} request
 * @param {import('./suite.js').Ask} ask
 * @param {(message: string) => void} say
 * @returns {Promise<Fact[]>}
 */
export async function measureTraining(context, address, request, ask, say) {
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'info' && say(message.text()));
  await page.exposeFunction('ask', ask);
  await page.goto(`${address}/model/config.json`); // any document that runs no script
  const facts = await page.evaluate(
    (request) =>
      new Promise((resolve, reject) => {
        const worker = new Worker('/dist/bench-training.js', { type: 'module' });
        worker.onmessage = async ({ data }) => {
          if (data.facts) resolve(data.facts);
          else worker.postMessage({ answer: await /** @type {any} */ (globalThis).ask(data.ask) });
        };
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage({ request });
      }),
    request,
  );
  await page.close();
  return /** @type {Fact[]} */ (facts);
}
