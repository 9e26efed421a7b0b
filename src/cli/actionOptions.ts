import { type Command, InvalidArgumentError, Option } from "commander";
import {
  type AbiFunction,
  type Address,
  encodeFunctionData,
  getAddress,
  type Hex,
  isAddress,
  isHex,
  parseAbiItem,
} from "viem";
import { UsageError } from "../errors/cli.ts";

/** A call from the gate as the command line describes it. */
export interface ActionOptions {
  to: Address;
  /** wei; 0 by default */
  value?: bigint;
  data?: Hex;
  call?: string;
  args?: string[];
}

/** Adds the options that describe a call. */
export function actionOptions(
  command: Command,
  { optional = false }: { optional?: boolean } = {},
): Command {
  return command
    .addOption(
      new Option("--to <address>", "what the gate calls")
        .argParser(parseAddress)
        .makeOptionMandatory(!optional),
    )
    .option("--value <wei>", "ETH sent along, in wei; 0 by default", parseWei)
    .option("--data <hex>", "calldata", parseHex)
    .option("--call <signature>", 'the function called, such as "transfer(address,uint256)"')
    .option("--args <value...>", "its arguments in order; JSON for arrays and tuples");
}

/** Reads an address from the command line. */
export function parseAddress(text: string): Address {
  if (isAddress(text, { strict: text !== text.toLowerCase() })) return getAddress(text);
  throw new InvalidArgumentError(
    isAddress(text, { strict: false })
      ? "Its checksum is wrong."
      : "An address is 0x and 40 hexadecimal digits.",
  );
}

/** Reads whole wei, or any integer that is not negative, from the command line. */
export function parseWei(text: string): bigint {
  if (!/^\d[\d_]*$/.test(text)) throw new InvalidArgumentError("It is not a whole number.");
  return BigInt(text.replaceAll("_", ""));
}

/** Reads a whole number of seconds or a count from the command line. */
export function parseCount(text: string): number {
  const value = Number(parseWei(text));
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError("It is too large.");
  return value;
}

function parseHex(text: string): Hex {
  if (isHex(text) && text.length % 2 === 0) return text;
  throw new InvalidArgumentError("Calldata is 0x and an even number of hexadecimal digits.");
}

/**
 * The call that the options describe.
 *
 * @throws {UsageError} if both calldata and a function are given, or the arguments do not fit it
 */
export function callOf({ to, value = 0n, data, call, args = [] }: ActionOptions): {
  target: Address;
  value: bigint;
  data: Hex;
} {
  if (data !== undefined && call !== undefined) {
    throw new UsageError("--data and --call exclude each other");
  }
  if (call === undefined) {
    if (args.length > 0) throw new UsageError("--args needs --call");
    return { target: to, value, data: data ?? "0x" };
  }
  return { target: to, value, data: encodeCall(call, args) };
}

function encodeCall(signature: string, args: readonly string[]): Hex {
  let item: AbiFunction;
  try {
    item = parseAbiItem(`function ${signature.replace(/^function\s+/, "")}`) as AbiFunction;
  } catch (cause) {
    throw new UsageError("--call is not a function signature", {
      cause,
      details: [
        'expected: such as "transfer(address to, uint256 amount)"',
        `received: ${signature}`,
      ],
    });
  }
  if (item.inputs.length !== args.length) {
    throw new UsageError(`${item.name} takes ${item.inputs.length} arguments`, {
      details: [`received: ${args.length} (--args ${args.join(" ")})`],
    });
  }
  try {
    return encodeFunctionData({ abi: [item], args: args.map(parseArgument) });
  } catch (cause) {
    throw new UsageError(`The arguments do not fit ${item.name}`, { cause });
  }
}

/** JSON where it is an array, a tuple or a boolean; text otherwise, so that big integers stay exact. */
function parseArgument(text: string): unknown {
  if (!/^\s*[[{]|^(true|false)$/.test(text)) return text;
  try {
    return JSON.parse(text, (_, value, context?: { source?: string }) =>
      typeof value === "number" ? BigInt(context?.source ?? value) : value,
    );
  } catch (cause) {
    throw new UsageError("An argument is not JSON", { cause, details: [`received: ${text}`] });
  }
}
