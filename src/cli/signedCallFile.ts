import { readFile } from "node:fs/promises";
import { type Address, getAddress, type Hex, isAddress, isHex } from "viem";
import { z } from "zod";
import type { FeedReadings } from "../action/context.ts";
import { InputFileError } from "../errors/cli.ts";
import { schemaIssue } from "../errors/schemaIssue.ts";
import { writeFileAtomic } from "../keys/files.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import { toJson } from "./output.ts";

/** A proven and signed call, and all that is needed to check it without the gate. */
export interface SignedCallFile {
  version: 1;
  chainId: number;
  gate: Address;
  /** What the gate's storage and feeds contribute to the context. */
  context: Pick<FeedReadings, "priceAnswer" | "priceUpdatedAt" | "riskAnswer"> & {
    policy: bigint;
    stateOld: bigint;
  };
  signed: SignedGateCall;
}

const hex = z.string().refine((text): text is Hex => isHex(text), "not hexadecimal");
const address = z
  .string()
  .refine((text) => isAddress(text, { strict: false }), "not an address")
  .transform((text) => getAddress(text));
const integer = z
  .string()
  .regex(/^\d+$/, "not a whole number")
  .transform((text) => BigInt(text));
const small = z.int().nonnegative();

const schema = z.object({
  version: z.literal(1),
  chainId: z.int().positive(),
  gate: address,
  context: z.object({
    policy: integer,
    stateOld: integer,
    priceAnswer: integer,
    priceUpdatedAt: integer,
    riskAnswer: integer,
  }),
  signed: z.object({
    call: z.object({ target: address, value: integer, data: hex }),
    proof: z.object({
      circuit: small,
      lane: small,
      time: integer,
      deadline: integer,
      submitter: address,
      priceFeed: address,
      priceRound: integer,
      riskRound: integer,
      stateNew: integer,
      contextCommitment: integer,
      points: z.array(integer).length(8),
    }),
    signature: hex,
    digest: hex,
    epoch: small,
    seq: integer,
  }),
});

/** Writes a signed call; never over another file. */
export async function writeSignedCall(path: string, file: SignedCallFile): Promise<void> {
  await writeFileAtomic(path, `${toJson(file)}\n`);
}

/**
 * Reads what `writeSignedCall`, or `prove --json`, wrote.
 *
 * @throws {InputFileError} if the file is missing or is something else
 */
export async function readSignedCall(path: string): Promise<SignedCallFile> {
  const expected = "a signed call as `zkmandate prove` writes it";
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new InputFileError({ path, expected, received: missing ? "no such file" : "not JSON" });
  }
  const parsed = schema.safeParse(json, { error: schemaIssue });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputFileError({
    path,
    expected,
    received: `${issue?.path.join(".") || "file"}: ${issue?.message}`,
  });
}
