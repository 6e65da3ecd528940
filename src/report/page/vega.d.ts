/** What the page uses of the libraries that stand before its script. */
export interface View {
  runAsync(): Promise<View>;
  signal(name: string): unknown;
  signal(name: string, value: unknown): View;
  getState(options: { signals: (name: string) => boolean; data: () => boolean }): { signals: Record<string, unknown> };
  finalize(): void;
}

declare global {
  const vega: {
    parse(spec: unknown, config: null, options: { ast: boolean }): unknown;
    View: new (runtime: unknown, options: Record<string, unknown>) => View;
    Error: number;
  };
  const vegaLite: { compile(spec: unknown, options: { logger: unknown }): { spec: unknown } };
  const expressionInterpreter: unknown;
}
