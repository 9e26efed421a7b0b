/** Order of BN254's base field, the field of point coordinates. @see EIP-196 */
export const BASE_FIELD_ORDER =
  21888242871839275222246405745257275088696311157297823662689037894645226208583n;

/** What a coordinate is multiplied by in Montgomery form, as zkey and ptau files have it. */
export const MONTGOMERY = 1n << 256n;

/** The factor that takes a coordinate out of Montgomery form: 1, halved 256 times in the field. */
export const MONTGOMERY_INVERSE = Array(256)
  .fill(0)
  .reduce<bigint>((value) => (value + (value & 1n) * BASE_FIELD_ORDER) >> 1n, 1n);
