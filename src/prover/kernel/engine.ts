/**
 * The arithmetic that a Groth16 prover needs, behind one interface: the kernel's own WebAssembly, and
 * ffjavascript's as reference (`referenceEngine.ts`).
 *
 * Bytes are those of snarkjs' files. Coordinates are 32 bytes, little-endian, in Montgomery form
 * (times 2^256), points affine `x, y` and all zero at infinity; a coordinate of G2 is `c0, c1`. Scalars
 * are 32 bytes, little-endian, plain, below the order r of the scalar field.
 */

/** Which of BN254's two source groups. */
export type Group = "g1" | "g2";

/** Points that are multiplied again and again, prepared for that. Only for the engine that made them. */
export interface Bases {
  readonly group: Group;
  readonly length: number;
}

/** The matrices A and B of a circuit, prepared. Only for the engine that made them. */
export interface Matrices {
  /** Rows, a power of two. */
  readonly domainSize: number;
}

/**
 * Puts what `exportTable` gave for the same points into the room given, and says whether it could. It is
 * trusted to have checked what it puts there.
 */
export type TableReader = (room: Uint8Array) => boolean;

/** One thread's arithmetic; nothing in it is asynchronous. */
export interface Engine {
  /** For logs and for the names of cached tables. */
  readonly name: string;

  /**
   * Prepares fixed bases: their window tables are read where they are known, else computed.
   *
   * @param readTable called at most once, at once
   */
  loadBases(group: Group, points: Uint8Array, readTable?: TableReader): Bases;

  /**
   * The precomputed part of bases; undefined if they have none.
   *
   * @returns a view, valid until the engine is used again
   */
  exportTable(bases: Bases): Uint8Array | undefined;

  /**
   * `Σ scalars[k] · bases[indices[k]]`, whatever the points: equal, opposite, at infinity.
   *
   * @param indices ascending; all bases in their order unless given
   * @returns an affine point
   */
  msm(bases: Bases, scalars: Uint8Array, indices?: Uint32Array): Uint8Array;

  add(group: Group, a: Uint8Array, b: Uint8Array): Uint8Array;
  negate(group: Group, a: Uint8Array): Uint8Array;
  multiply(group: Group, point: Uint8Array, scalar: Uint8Array): Uint8Array;

  /**
   * Prepares section 4 of a zkey file.
   *
   * @param coefficients u32 count, then for each entry u32 matrix (0 is A, 1 is B), row and wire, and
   *   its value times 2^512
   */
  loadMatrices(coefficients: Uint8Array, domainSize: number): Matrices;

  /**
   * `A · w` and `B · w`, plain scalars, one for each row of the domain.
   *
   * @param witness plain scalars, one for each wire
   */
  evaluate(matrices: Matrices, witness: Uint8Array): { a: Uint8Array; b: Uint8Array };

  /**
   * The scalars of a key's H points: `a·b − c` on the coset of the domain that the 2n-th root of unity
   * shifts to, where c is the product on the domain itself, as snarkjs computes it.
   *
   * @param a `A · w`, plain scalars; a power of two of them
   * @param b `B · w`
   */
  quotient(a: Uint8Array, b: Uint8Array): Uint8Array;

  /**
   * `quotient` of what `evaluate` gives, without copies. Parts that depend only on wires whose value is the
   * last witness's may be kept and not computed again, until they are forgotten.
   *
   * @param h receives the scalars, one for each row
   * @param evaluated called between the two
   */
  quotientOf(matrices: Matrices, witness: Uint8Array, h: Uint8Array, evaluated?: () => void): void;

  /** Overwrites what is kept of the last witness; the next evaluation begins from nothing. */
  forget(matrices: Matrices): void;

  /** Overwrites whatever depends on a witness. Bases and matrices stay. */
  wipe(): void;
}
