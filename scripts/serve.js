// Serves the page as `npm run build` built it, the package, and the local models. What `npm start` and the browser tests use.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { modelFolder } from '../js/node/model-folder.js';
import { files, isForThisServer, modelFiles, pathOf } from './files.js';
import { headersOf } from './headers.js';
import { root } from './shell.js';

/** What a request for another host gets. */
const FOREIGN = 'Ask for this server as localhost, or by its IP address.\n';

/**
 * @typedef {object} ServeOptions
 * @property {number} [port] default 8080; a free one is taken when it is in use, or for 0
 * @property {string} [host] default 127.0.0.1
 * @property {boolean} [isolated] default true: send the headers that allow a page to use threads
 * @property {string} [models] folder that holds models as `org/name/`, default the local model folder
 */

/**
 * @typedef {object} Server
 * @property {string} url of the demo page, ending in a slash
 * @property {() => Promise<void>} close
 */

/**
 * @param {import('node:http').Server} server
 * @param {number} port
 * @param {string} host
 * @returns {Promise<number>} the port
 */
function listen(server, port, host) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
    });
  });
}

/**
 * @param {ServeOptions} [options]
 * @returns {Promise<Server>}
 */
export async function serve({ port = 8080, host = '127.0.0.1', isolated = true, models = modelFolder('') } = {}) {
  const sendDemo = files(join(root, 'build/demo'));
  const sendPackage = files(join(root, 'dist'));
  const sendModel = modelFiles(models);
  const headers = headersOf({ isolated });

  const server = createServer((req, res) => {
    res.setHeaders(headers);
    if (!isForThisServer(req)) return void res.writeHead(403, { 'Content-Type': 'text/plain' }).end(FOREIGN);
    if (req.method !== 'GET' && req.method !== 'HEAD') return void res.writeHead(405, { Allow: 'GET, HEAD' }).end();
    const path = pathOf(req);
    if (sendModel(req, res)) return;
    if (path.startsWith('/dist/')) return void sendPackage(req, res, path.slice('/dist'.length));
    void sendDemo(req, res, path);
  });

  const taken = await listen(server, port, host).catch((error) => {
    if (error.code !== 'EADDRINUSE') throw error;
    return listen(server, 0, host);
  });

  return {
    url: `http://${host}:${taken}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
