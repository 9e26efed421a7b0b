/** The exports of `kernel.wasm`. Addresses and counts are u32 (signed where JavaScript reads them). */
export interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  reserve(bytes: number): number;
  wipe(): void;

  buildTable(
    degree: number,
    bytes: number,
    count: number,
    windows: number,
    windowBits: number,
    table: number,
  ): number;
  flagInfinities(
    degree: number,
    table: number,
    count: number,
    windows: number,
    flags: number,
  ): void;

  scalarBuffer(): number;
  indexBuffer(): number;
  batchLimit(windows: number): number;
  msmBegin(windowBits: number): void;
  msmAdd(
    degree: number,
    table: number,
    flags: number,
    windows: number,
    windowBits: number,
    first: number,
    count: number,
    selected: number,
  ): number;
  msmEnd(degree: number, windowBits: number, out: number): void;

  pointAdd(degree: number, out: number, a: number, b: number): void;
  pointNegate(degree: number, out: number, a: number): void;
  pointMultiply(degree: number, out: number, a: number, scalar: number): void;
  pointIsOnCurve(degree: number, bytes: number): number;

  prepareTransforms(log: number): number;
  transformRoom(): number;
  quotient(): void;
  divide(): void;
  /** A pair of forward transforms, to be timed. */
  transform(): void;

  convertCoefficients(to: number, from: number, count: number): void;
  evaluateMatrices(
    incoming: number,
    witness: number,
    wireCount: number,
    wires: number,
    changed: number,
    productWires: number,
    coefficients: number,
    products: number,
    productCount: number,
    starts: number,
    codes: number,
    rows: number,
    plain: number,
    limbs: number,
  ): number;

  /** 1/a in both lanes, 0 of 0, in Fq or Fq2. */
  invert(degree: number, result: number, a: number): void;
  fqMultiply(result: number, a: number, b: number): void;
  fqSquare(result: number, a: number): void;
  fqAdd(result: number, a: number, b: number): void;
  fqSubtract(result: number, a: number, b: number): void;
  fq2Multiply(result: number, a: number, b: number): void;
  frMultiply(result: number, a: number, b: number): void;
  frSquare(result: number, a: number): void;
  frAdd(result: number, a: number, b: number): void;
  frSubtract(result: number, a: number, b: number): void;
}
