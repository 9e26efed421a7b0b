import { type Address, encodeAbiParameters, type Hex, keccak256, zeroHash } from "viem";

/** One call that a TimelockController makes after its delay. */
export interface TimelockOperation {
  target: Address;
  /** wei, sent along by the timelock */
  value: bigint;
  data: Hex;
  /** Operation that must be done before; zero = none. */
  predecessor: Hex;
  /** 32 bytes that tell equal calls apart. */
  salt: Hex;
}

/**
 * A timelock operation without predecessor.
 *
 * @param parameters.salt 32 bytes; give each operation its own
 */
export function timelockOperation(parameters: {
  target: Address;
  value?: bigint | undefined;
  data: Hex;
  salt: Hex;
}): TimelockOperation {
  const { target, value = 0n, data, salt } = parameters;
  return { target, value, data, predecessor: zeroHash, salt };
}

/** The id under which OpenZeppelin's TimelockController knows an operation (`hashOperation`). */
export function timelockOperationId(operation: TimelockOperation): Hex {
  const { target, value, data, predecessor, salt } = operation;
  return keccak256(
    encodeAbiParameters(
      [
        { type: "address" },
        { type: "uint256" },
        { type: "bytes" },
        { type: "bytes32" },
        { type: "bytes32" },
      ],
      [target, value, data, predecessor, salt],
    ),
  );
}
