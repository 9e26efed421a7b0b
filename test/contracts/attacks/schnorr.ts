import { secp256k1 } from "@noble/curves/secp256k1.js";
import {
  concatHex,
  type Hex,
  hexToBigInt,
  keccak256,
  numberToHex,
  pad,
  slice,
  stringToHex,
  zeroAddress,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { type SignedAction, signAction, submit } from "../support/action.ts";
import { addressOfPoint, schnorrSigner, xAboveOrder } from "../support/schnorr.ts";
import {
  agent,
  agentKey,
  govern,
  group,
  groupKey,
  laneOf,
  otherGroup,
  roles,
  rotationOf,
  type World,
} from "../support/world.ts";
import { type Attack, altered, mustEqual, mustExecute, mustRefuse, refused } from "./expect.ts";

const { Point } = secp256k1;
const { Fn } = Point;
const N = Fn.ORDER;
const word = (value: bigint) => numberToHex(value, { size: 32 });

const rotateTo = async (world: World, agentOf: { kind: number; id: Hex }) =>
  govern(world, "rotate", [await rotationOf(world, { agent: agentOf })]);
const revoke = async (world: World) =>
  mustExecute(await world.chain.transact(roles.guardian, world.gate, "revokeAgent"));
const withSignature = (change: (signature: Hex) => Hex) => (action: SignedAction) => ({
  ...action,
  signature: change(action.signature),
});

/** The group's signature for the negative of its key: s·G = R − e·P. */
const negative = {
  async sign({ hash }: { hash: Hex }) {
    const nonce = 77n;
    const s = hexToBigInt(slice(group.signWith(hash, nonce), 20));
    const commitment = addressOfPoint(Point.BASE.multiply(nonce));
    // s = nonce + e·d, hence 2·nonce − s = nonce − e·d.
    return concatHex([commitment, word(Fn.sub(2n * nonce, s))]);
  },
};

/** What the gate must do where its agent is a group. */
export const schnorrAttacks: Attack[] = [
  {
    name: "a group's action executes once, and the lane moves on",
    byGroup: true,
    async run(world) {
      const action = await signAction(world);
      mustExecute(await submit(world, action));
      mustEqual((await laneOf(world, 0)).seq, 1n, "sequence number");
      mustRefuse(await submit(world, action), "InvalidSignature", zeroAddress);
      mustExecute(await submit(world, await signAction(world)));
    },
  },
  {
    name: "another group's signature is refused",
    byGroup: true,
    run: refused({ signer: otherGroup }, "InvalidSignature", zeroAddress),
  },
  {
    name: "a signature of the group key's negative is refused",
    byGroup: true,
    run: refused({ signer: negative }, "InvalidSignature", zeroAddress),
  },
  {
    name: "a group's signature of another action is refused",
    byGroup: true,
    async run(world) {
      const { signature } = await signAction(world);
      const other = await signAction(world, { lane: 1 });
      mustRefuse(await submit(world, { ...other, signature }), "InvalidSignature", zeroAddress);
    },
  },
  {
    name: "the group key's ECDSA signature is refused",
    byGroup: true,
    run: refused({ signer: privateKeyToAccount(word(group.secret)) }, "InvalidSignature"),
  },
  {
    name: "a group's signature is refused where the agent is the same key under ECDSA",
    async run(world) {
      const account = privateKeyToAccount(word(group.secret));
      mustExecute(await rotateTo(world, { kind: 1, id: pad(account.address) }));
      mustRefuse(
        await submit(world, await signAction(world, { signer: group })),
        "InvalidSignature",
      );
      mustExecute(await submit(world, await signAction(world, { signer: account })));
    },
  },
  ...Object.entries({
    "with a byte more": (signature: Hex) => concatHex([signature, "0x00"]),
    "with a byte less": (signature: Hex) => slice(signature, 0, 51),
    "with a byte before it": (signature: Hex) => concatHex(["0x00", signature]),
    "padded to 65 bytes": (signature: Hex) => pad(signature, { size: 65, dir: "right" }),
    "with another s": (signature: Hex) =>
      concatHex([slice(signature, 0, 20), word(hexToBigInt(slice(signature, 20)) ^ 1n)]),
    "with −s": (signature: Hex) =>
      concatHex([slice(signature, 0, 20), word(N - hexToBigInt(slice(signature, 20)))]),
    "with another commitment": (signature: Hex) =>
      concatHex([addressOfPoint(Point.BASE), slice(signature, 20)]),
  } as const).map(
    ([how, change]): Attack => ({
      name: `a group's signature ${how} is refused`,
      byGroup: true,
      run: altered(withSignature(change), "InvalidSignature", zeroAddress),
    }),
  ),
  ...(["0x", `0x${"00".repeat(52)}`, `0x${"ff".repeat(52)}`] as const).map(
    (signature): Attack => ({
      name: `of a group, the signature ${signature.slice(0, 6)}… of ${(signature.length - 2) / 2} bytes is refused`,
      byGroup: true,
      run: altered(
        withSignature(() => signature),
        "InvalidSignature",
        zeroAddress,
      ),
    }),
  ),
  {
    name: "a rotation to what is no group key is refused",
    async run(world) {
      for (const px of [0n, 5n, N, xAboveOrder, Point.Fp.ORDER, 2n ** 256n - 1n]) {
        const id = word(px);
        mustRefuse(await rotateTo(world, { kind: 2, id }), "InvalidAgentId", 2, id);
      }
      mustExecute(await rotateTo(world, groupKey));
      mustExecute(await submit(world, await signAction(world, { signer: group })));
    },
  },
  {
    name: "a revoked group is refused",
    byGroup: true,
    async run(world) {
      const action = await signAction(world);
      await revoke(world);
      mustRefuse(await submit(world, action), "NoAgent", 0);
      const zero = { ...action, signature: concatHex([zeroAddress, word(1n)]) };
      mustRefuse(await submit(world, zero), "NoAgent", 0);
    },
  },
  {
    name: "a revoked group key returns neither as a group nor as an ECDSA key",
    byGroup: true,
    async run(world) {
      await revoke(world);
      mustRefuse(await rotateTo(world, groupKey), "AgentWasRevoked", 2, group.id);
      for (const secret of [group.secret, Fn.neg(group.secret)]) {
        const id = pad(privateKeyToAccount(word(secret)).address);
        mustRefuse(await rotateTo(world, { kind: 1, id }), "AgentWasRevoked", 1, id);
      }
      mustExecute(await rotateTo(world, { kind: 2, id: otherGroup.id }));
      mustExecute(await submit(world, await signAction(world, { signer: otherGroup })));
    },
  },
  {
    name: "a revoked ECDSA key does not return as a group",
    async run(world) {
      // One key whose point has even y, and one whose point has odd y.
      for (const secret of [group.secret, Fn.neg(otherGroup.secret)]) {
        const { id } = schnorrSigner(secret);
        const address = pad(privateKeyToAccount(word(secret)).address);
        mustExecute(await rotateTo(world, { kind: 1, id: address }));
        await revoke(world);
        mustRefuse(await rotateTo(world, { kind: 2, id }), "AgentWasRevoked", 2, id);
      }
      mustExecute(await rotateTo(world, agentKey));
      mustExecute(await submit(world, await signAction(world, { signer: agent })));
    },
  },
  {
    name: "the challenge covers key, digest and commitment",
    async run({ chain, schnorr }) {
      const tag = keccak256(stringToHex("zkmandate-FROST-secp256k1-KECCAK256-v1chal"));
      const [digest, commitment] = [keccak256("0x01"), addressOfPoint(Point.BASE)];
      mustEqual(
        await chain.read<bigint>(schnorr, "challenge", [group.px, digest, commitment]),
        hexToBigInt(keccak256(concatHex([tag, group.id, digest, commitment]))),
        "challenge",
      );
    },
  },
  {
    name: "a commitment has one opening: s + n and 0 are refused",
    async run({ chain, schnorr }) {
      const key = Point.BASE.multiply(group.secret);
      const e = 12_345n;
      const opened = (s: bigint) =>
        addressOfPoint(Point.BASE.multiplyUnsafe(s).add(key.multiplyUnsafe(Fn.neg(e))));
      const opens = (address: Hex, s: bigint) =>
        chain.read<boolean>(schnorr, "isOpening", [group.px, e, address, s]);
      mustEqual(BigInt(await opens(opened(7n), 7n)), 1n, "s");
      mustEqual(BigInt(await opens(opened(7n), 7n + N)), 0n, "s + n");
      mustEqual(BigInt(await opens(opened(0n), 0n)), 0n, "0");
      mustEqual(BigInt(await opens(opened(0n), N)), 0n, "n");
    },
  },
  {
    name: "the zero address is no commitment, of a key or of none",
    async run({ chain, schnorr }) {
      const signature = concatHex([zeroAddress, word(1n)]);
      for (const px of [group.px, 0n, 5n, N]) {
        const accepted = await chain.read<boolean>(schnorr, "verify", [
          px,
          keccak256("0x01"),
          signature,
        ]);
        mustEqual(BigInt(accepted), 0n, word(px));
      }
    },
  },
];
