/** The part of ffjavascript that zkmandate uses; the package ships no types. */
declare module "ffjavascript" {
  /** A field element in the library's internal form (Montgomery limbs). */
  export type Element = Uint8Array;
  /** A curve point in the library's internal form. */
  export type Point = Uint8Array;

  /** A deterministic generator, seeded with eight u32. */
  export class ChaCha {
    constructor(seed: readonly number[]);
  }

  /** A step of the library's WebAssembly interpreter; a task's variables live until it ends. */
  export type Command =
    | { cmd: "ALLOC"; var: number; len: number }
    | { cmd: "ALLOCSET"; var: number; buff: Uint8Array }
    | {
        cmd: "CALL";
        fnName: string;
        params: ({ var: number; offset?: number } | { val: number })[];
      }
    | { cmd: "GET"; out: number; var: number; len: number };

  export interface Field {
    readonly p: bigint;
    readonly n8: number;
    /** Roots of unity: `w[k]` of order 2^k. */
    readonly w: readonly Element[];
    readonly zero: Element;
    readonly one: Element;
    readonly negone: Element;
    e(value: bigint | number | string): Element;
    add(a: Element, b: Element): Element;
    sub(a: Element, b: Element): Element;
    mul(a: Element, b: Element): Element;
    div(a: Element, b: Element): Element;
    neg(a: Element): Element;
    inv(a: Element): Element;
    square(a: Element): Element;
    exp(a: Element, exponent: bigint): Element;
    eq(a: Element, b: Element): boolean;
    isZero(a: Element): boolean;
    random(): Element;
    fromRng(rng: ChaCha): Element;
    toObject(a: Element): bigint;
    fromObject(a: bigint): Element;
    toString(a: Element, radix?: number): string;
    toRprLE(buffer: Uint8Array, offset: number, a: Element): void;
    toRprBE(buffer: Uint8Array, offset: number, a: Element): void;
    fromRprLE(buffer: Uint8Array, offset?: number): Element;
    fromRprBE(buffer: Uint8Array, offset?: number): Element;
    toRprLEM(buffer: Uint8Array, offset: number, a: Element): void;
    fromRprLEM(buffer: Uint8Array, offset?: number): Element;
  }

  export interface Group {
    readonly F: Field;
    readonly g: Point;
    readonly zero: Point;
    add(a: Point, b: Point): Point;
    sub(a: Point, b: Point): Point;
    neg(a: Point): Point;
    eq(a: Point, b: Point): boolean;
    isZero(a: Point): boolean;
    isValid(a: Point): boolean;
    timesScalar(a: Point, scalar: bigint | Uint8Array): Point;
    timesFr(a: Point, scalar: Element): Point;
    toAffine(a: Point): Point;
    toObject(
      a: Point,
    ): [bigint, bigint, bigint] | [[bigint, bigint], [bigint, bigint], [bigint, bigint]];
    fromObject(a: readonly (bigint | readonly bigint[])[]): Point;
    toUncompressed(a: Point): Uint8Array;
    toRprUncompressed(buffer: Uint8Array, offset: number, a: Point): void;
    fromRprUncompressed(buffer: Uint8Array, offset: number): Point;
    toRprLEM(buffer: Uint8Array, offset: number, a: Point): void;
    fromRprLEM(buffer: Uint8Array, offset?: number): Point;
    /** A point that follows from a generator's output by hashing, of unknown logarithm. */
    fromRng(rng: ChaCha): Point;
    multiExpAffine(bases: Uint8Array, scalars: Uint8Array): Promise<Point>;
  }

  export interface Curve {
    readonly name: string;
    readonly q: bigint;
    readonly r: bigint;
    readonly Fr: Field;
    readonly G1: Group;
    readonly G2: Group;
    /** `taskManager` exists on a curve made for a single thread, and runs its task at once. */
    readonly tm: { taskManager(task: readonly Command[]): Uint8Array[] };
    readonly Gt: { eq(a: Element, b: Element): boolean; mul(a: Element, b: Element): Element };
    pairing(a: Point, b: Point): Element;
    /** Whether the product of the pairings equals 1, or `value` as last argument. */
    pairingEq(...pointsAndValue: (Point | Element)[]): Promise<boolean>;
    /** Ends the worker threads; without it the process does not exit. */
    terminate(): Promise<void>;
  }

  export function getCurveFromName(name: string, singleThread?: boolean): Promise<Curve>;
  export function buildBn128(singleThread?: boolean): Promise<Curve>;

  export const Scalar: {
    e(value: bigint | number | string): bigint;
    fromString(value: string, radix?: number): bigint;
    toRprLE(buffer: Uint8Array, offset: number, value: bigint, size?: number): void;
    toRprBE(buffer: Uint8Array, offset: number, value: bigint, size?: number): void;
    fromRprLE(buffer: Uint8Array, offset?: number, size?: number): bigint;
    fromRprBE(buffer: Uint8Array, offset?: number, size?: number): bigint;
  };

  export const utils: {
    stringifyBigInts(value: unknown): unknown;
    unstringifyBigInts(value: unknown): unknown;
    leBuff2int(buffer: Uint8Array): bigint;
    leInt2Buff(value: bigint, length?: number): Uint8Array;
    beBuff2int(buffer: Uint8Array): bigint;
    beInt2Buff(value: bigint, length?: number): Uint8Array;
  };
}
