/** The circuits of protocol version 1: their ids on-chain and how many calldata words each reads. */
export const circuits = {
  gate: { id: 1, words: 8, maxRows: 8_188 },
  wide: { id: 2, words: 32, maxRows: 16_380 },
} as const;
export type CircuitName = keyof typeof circuits;
