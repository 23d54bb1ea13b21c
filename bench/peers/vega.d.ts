// What the benchmark uses of Vega.

interface Spec {
  readonly marks?: object[];
}

interface Runtime {
  readonly operators: object[];
}

export function parse(spec: Spec): Runtime;

export class View {
  constructor(runtime: Runtime, options: { renderer: 'none' });
  toSVG(): Promise<string>;
}
