// Files of a folder, by HTTP.
import sirv from 'sirv';

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */
/** @typedef {import('node:http').ServerResponse} ServerResponse */

/**
 * Files under `folder`, read anew at each request, or 404. sirv lets no path out of the folder.
 * @param {string} folder
 * @returns {(req: IncomingMessage, res: ServerResponse, path: string) => void} path: of the file, in the folder
 */
export function files(folder) {
  const handle = sirv(folder, { dev: true, etag: true });
  return (req, res, path) => {
    req.url = path;
    handle(req, res, () => void res.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found\n'));
  };
}

/**
 * A mirror of Hugging Face's hub under /models: what is at hand is the only revision there is.
 * @param {string} folder that holds models as `org/name/`
 * @returns {(req: IncomingMessage, res: ServerResponse) => boolean} whether it was a request for a file of a model, and is answered
 */
export function modelFiles(folder) {
  const send = files(folder);
  return (req, res) => {
    const model = /^\/models\/((?:[^/]+\/)?[^/]+)\/resolve\/[^/]+\/(.+)$/.exec(pathOf(req));
    if (model) send(req, res, `/${model[1]}/${model[2]}`);
    return model !== null;
  };
}

/** @param {IncomingMessage} req */
export const pathOf = (req) => (req.url ?? '/').replace(/[?#].*/s, '');
