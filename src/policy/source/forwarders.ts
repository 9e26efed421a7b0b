import { type AbiFunction, type AbiParameter, toFunctionSelector } from "viem";

/** Functions known to carry calls in their arguments, with what they do. */
const FORWARDERS: readonly (readonly [signature: string, does: string])[] = [
  ["multicall(bytes[])", "is a multicall"],
  ["multicall(uint256,bytes[])", "is a multicall"],
  ["multicall(bytes32,bytes[])", "is a multicall"],
  ["multicall(address[],bytes[])", "is a multicall"],
  ["execute(bytes,bytes[])", "runs the Universal Router's commands"],
  ["execute(bytes,bytes[],uint256)", "runs the Universal Router's commands"],
  ["aggregate((address,bytes)[])", "is a multicall"],
  ["tryAggregate(bool,(address,bytes)[])", "is a multicall"],
  ["blockAndAggregate((address,bytes)[])", "is a multicall"],
  ["tryBlockAndAggregate(bool,(address,bytes)[])", "is a multicall"],
  ["aggregate3((address,bool,bytes)[])", "is a multicall"],
  ["aggregate3Value((address,bool,uint256,bytes)[])", "is a multicall"],
  [
    "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)",
    "executes a Safe transaction",
  ],
  ["execTransactionFromModule(address,uint256,bytes,uint8)", "executes a Safe transaction"],
  [
    "execTransactionFromModuleReturnData(address,uint256,bytes,uint8)",
    "executes a Safe transaction",
  ],
  ["multiSend(bytes)", "is a multicall"],
  [
    "handleOps((address,uint256,bytes,bytes,uint256,uint256,uint256,uint256,uint256,bytes,bytes)[],address)",
    "runs ERC-4337 user operations",
  ],
  [
    "handleOps((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes)[],address)",
    "runs ERC-4337 user operations",
  ],
  [
    "executeUserOp((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes),bytes32)",
    "runs an ERC-4337 user operation",
  ],
  ["execute(bytes32,bytes)", "executes calls of an ERC-7579 account"],
  ["executeFromExecutor(bytes32,bytes)", "executes calls of an ERC-7579 account"],
  ["execute(address,uint256,bytes)", "executes a call"],
  ["execute(address,uint256,bytes,uint8)", "executes a call"],
  ["executeBatch(address[],bytes[])", "executes calls"],
  ["executeBatch(address[],uint256[],bytes[])", "executes calls"],
  ["executeBatch((address,uint256,bytes)[])", "executes calls"],
  ["batch(bytes[],bool)", "is a multicall"],
  ["delegatecall(address,bytes)", "makes a delegatecall"],
  ["upgradeToAndCall(address,bytes)", "makes a delegatecall"],
];

const bySelector = new Map(
  FORWARDERS.map(([signature, does]) => [toFunctionSelector(`function ${signature}`), does]),
);
const NAME_OF_FORWARDER =
  /^_?(?:multi_?(?:call|send)|(?:try)?(?:blockAnd)?aggregate|exec|batch|handle\w*ops|delegate_?call|forward|relay|functionCall|callBytes)/i;

function holdsBytes({ type }: AbiParameter, components: readonly AbiParameter[]): boolean {
  return type.startsWith("bytes") && !/^bytes\d+$/.test(type)
    ? true
    : components.some((component) => holdsBytes(component, componentsOf(component)));
}

function componentsOf(parameter: AbiParameter): readonly AbiParameter[] {
  return "components" in parameter ? parameter.components : [];
}

/** An array whose elements hold bytes: a list of calls in all but name. */
function isListOfBytes(parameter: AbiParameter): boolean {
  return parameter.type.endsWith("]") && holdsBytes(parameter, componentsOf(parameter));
}

/**
 * Whether a function carries further calls in its arguments, by its selector, by its name together
 * with a bytes parameter, or because it takes a list of bytes.
 *
 * @returns what the function does, for the refusal, or undefined for an ordinary one
 */
export function forwarding(item: AbiFunction): string | undefined {
  const known = bySelector.get(toFunctionSelector(item));
  if (known) return known;
  const bytes = item.inputs.some((input) => holdsBytes(input, componentsOf(input)));
  if (bytes && NAME_OF_FORWARDER.test(item.name)) return "reads like a call that forwards bytes";
  if (item.inputs.some(isListOfBytes)) return "takes a list of bytes";
  return undefined;
}
