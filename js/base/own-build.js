// For the platforms of browsers and Node: where bertlet can't run as they have it.
import { BertletError } from '../errors.js';

/** Throws NO_WASM in Cloudflare's workers, which have a build of their own. */
export function checkHere() {
  if (globalThis.navigator?.userAgent === 'Cloudflare-Workers')
    throw new BertletError(
      'NO_WASM',
      'Cloudflare’s workers compile no WebAssembly that they fetch: they need another build of bertlet, which bundlers find by the condition ' +
        '"workerd". Wrangler does; tell others (esbuild: --conditions=workerd), or import "bertlet/dist/workerd.js".',
    );
}
