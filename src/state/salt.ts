import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { bytesToBigInt, encodePacked, hexToBytes, keccak256, stringToHex } from "viem";
import type { Action } from "../action/context.ts";
import { InvalidSecretError } from "../errors/state.ts";
import { mod } from "../field/field.ts";

/** Bytes of an epoch's state secret. */
export const SECRET_BYTES = 32;

/** Which lane of which gate, in which epoch. */
export interface LaneOfEpoch {
  lane: number;
  epoch: number;
}

function saltOf(secret: Uint8Array, message: `0x${string}`): bigint {
  if (secret.length !== SECRET_BYTES) throw new InvalidSecretError({ length: secret.length });
  return mod(bytesToBigInt(hmac(sha512, secret, hexToBytes(message))));
}

/**
 * The salt of the state after an action, so that the state can be recovered from the secret, the
 * policy and the chain's events.
 *
 * @param secret 32 uniform bytes, fresh for each epoch
 * @param seq the lane's sequence number before the action
 * @param time unix seconds, the action's
 * @returns uniform field element
 * @throws {InvalidSecretError} if the secret does not have 32 bytes
 * @see docs/PROTOCOL.md §6
 */
export function actionSalt(
  secret: Uint8Array,
  { lane, epoch, seq, time, action }: LaneOfEpoch & { seq: bigint; time: bigint; action: Action },
): bigint {
  return saltOf(
    secret,
    encodePacked(
      [
        "bytes",
        "uint256",
        "address",
        "uint16",
        "uint32",
        "uint64",
        "address",
        "uint256",
        "bytes32",
        "uint64",
      ],
      [
        stringToHex("zkmandate/state/v1"),
        BigInt(action.chainId),
        action.gate,
        lane,
        epoch,
        seq,
        action.target,
        action.value,
        keccak256(action.data),
        time,
      ],
    ),
  );
}

/**
 * The salt of a lane's first state in an epoch.
 *
 * @param eta unix seconds, the rotation's
 * @throws {InvalidSecretError} if the secret does not have 32 bytes
 */
export function genesisSalt(
  secret: Uint8Array,
  input: LaneOfEpoch & Pick<Action, "chainId" | "gate"> & { eta: bigint },
): bigint {
  const { chainId, gate, lane, epoch, eta } = input;
  return saltOf(
    secret,
    encodePacked(
      ["bytes", "uint256", "address", "uint16", "uint32", "uint64"],
      [stringToHex("zkmandate/genesis/v1"), BigInt(chainId), gate, lane, epoch, eta],
    ),
  );
}
