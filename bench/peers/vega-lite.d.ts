// What the benchmark uses of Vega-Lite.

/** From a Vega-Lite specification to one of Vega. */
export function compile(spec: object): { spec: { readonly marks?: object[] } };
