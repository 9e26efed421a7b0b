import {
  doubleBits,
  inverse,
  LIMBS,
  MONTGOMERY_R,
  magnitude,
  RADIX,
  signedLimbs,
} from "./limbs.ts";

/**
 * A prime field as the templates see it: its modulus, and the table of 128-bit constants (each
 * 64-bit word in both lanes) the emitted code loads from. Constants live in memory and are loaded at
 * each use: inline `v128.const` costs up to 60 % in V8.
 */
export class Field {
  /** Prefix of emitted functions: `fq` (points' coordinates) or `fr` (scalars). */
  readonly name: string;
  readonly modulus: bigint;
  /** Limbs of the modulus. */
  readonly limbs: readonly bigint[];
  /** k with k·modulus ≡ −1 mod 2^51, |k| ≤ 2^50. */
  readonly foldFactor: bigint;
  /** Limbs of (k·modulus + 1)/2^51: what one unit of a folded digit adds one position higher. */
  readonly foldLimbs: readonly bigint[];
  /** −1/modulus mod 2^51, in [0, 2^51). */
  readonly negatedInverse: bigint;
  readonly #words: bigint[] = [];

  constructor(name: string, modulus: bigint) {
    this.name = name;
    this.modulus = modulus;
    this.limbs = signedLimbs(modulus);
    this.negatedInverse = RADIX - inverse(modulus, RADIX);
    this.foldFactor = BigInt.asIntN(51, this.negatedInverse);
    this.foldLimbs = signedLimbs((this.foldFactor * modulus + 1n) / RADIX);
  }

  /** The expression that loads a 64-bit word, given as bits, in both lanes. */
  word(bits: bigint): string {
    const word = BigInt.asUintN(64, bits);
    let index = this.#words.indexOf(word);
    if (index < 0) index = this.#words.push(word) - 1;
    return `v128.load(${this.tableName}, ${16 * index})`;
  }

  /** The expression that loads a double in both lanes. */
  double(value: number | bigint): string {
    return this.word(doubleBits(Number(value)));
  }

  get tableName(): string {
    return `${this.name.toUpperCase()}_CONSTANTS`;
  }

  /** The declaration of the table, once all code has been emitted. */
  table(): string {
    const words = this.#words
      .flatMap((word) => [word, word])
      .map((word) => `0x${word.toString(16)}`);
    return `const ${this.tableName}: usize = memory.data<u64>([${words.join(", ")}], 16);`;
  }

  /** The limbs of an integer's centred residue, for constant elements. */
  centred(value: bigint): bigint[] {
    const residue = ((value % this.modulus) + this.modulus) % this.modulus;
    return signedLimbs(residue > this.modulus / 2n ? residue - this.modulus : residue);
  }

  /** The Montgomery form of an integer, centred. */
  montgomery(value: bigint): bigint[] {
    return this.centred(value * MONTGOMERY_R);
  }

  /** The greatest magnitude among the modulus' limbs, for bounds of its small multiples. */
  limbMagnitude(index: number): bigint {
    const limb = this.limbs[index];
    if (limb === undefined || index >= LIMBS) throw new RangeError(`no limb ${index}`);
    return magnitude(limb);
  }
}

/** The base field of BN254: coordinates of points. */
export const FQ_MODULUS =
  21888242871839275222246405745257275088696311157297823662689037894645226208583n;
/** The scalar field of BN254. */
export const FR_MODULUS =
  21888242871839275222246405745257275088548364400416034343698204186575808495617n;
