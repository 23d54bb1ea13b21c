// The headers that the page is served with.

// Hugging Face's hub answers a request for weights by sending the browser on to its storage, under one of its other names.
const HUB = 'https://huggingface.co https://*.huggingface.co https://*.hf.co';

const POLICY = {
  'default-src': "'none'",
  'script-src': "'self' 'wasm-unsafe-eval'",
  'worker-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self'",
  'connect-src': `'self' ${HUB}`,
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

/** What Vite's client needs besides: it shows errors in an element with a style, and waits for a new start of the server in a worker. */
const VITE = { 'worker-src': "'self' blob:", 'style-src': "'self' 'unsafe-inline'" };

/** Both are needed for `crossOriginIsolated`, without which a page has no shared memory and so no threads. */
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/**
 * @param {object} [options]
 * @param {boolean} [options.isolated] default true: whether the page may use threads
 * @param {boolean} [options.vite] default false: whether it is Vite that serves the page, with its client
 * @returns {Map<string, string>}
 */
export function headersOf({ isolated = true, vite = false } = {}) {
  const policy = Object.entries({ ...POLICY, ...(vite && VITE) });
  const headers = {
    'Content-Security-Policy': policy.map((directive) => directive.join(' ')).join('; '),
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    ...(isolated && ISOLATION),
  };
  return new Map(Object.entries(headers));
}
