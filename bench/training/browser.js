// Runs the measurements of training in a page of Chromium.

/** @typedef {import('../suites/suite.js').Fact} Fact */

/**
 * @param {import('playwright-core').BrowserContext} context
 * @param {string} address of the server, which has page.js and worker.js as scripts beside the package's
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
  const facts = await page.evaluate(async (request) => {
    const { measure } = await import('/dist/bench-training-page.js');
    return measure(request);
  }, request);
  await page.close();
  return facts;
}
