/**
 * The points between the steps of a node, in signing and in ceremonies, at which its process may die. A test harness
 * installs a hook that ends the process at one of them; without a hook a mark is a call that does nothing.
 */
export const signingMarks = [
  "commitment-made",
  "judged",
  "nonce-taken",
  "nonce-marked",
  "transition-recorded",
  "share-made",
  "share-sent",
] as const;

export const ceremonyMarks = [
  "broadcast-made",
  "echo-made",
  "deals-made",
  "result-made",
  "result-kept",
  "result-confirmed",
  "share-replaced",
] as const;

export type NodeCrashMark = (typeof signingMarks)[number] | (typeof ceremonyMarks)[number];

let hook: ((mark: NodeCrashMark) => void) | undefined;

/**
 * Installs what happens at marks; for tests.
 *
 * @param onMark undefined to do nothing again
 */
export function setNodeCrashHook(onMark: ((mark: NodeCrashMark) => void) | undefined): void {
  hook = onMark;
}

/** Marks that a step was taken and the next was not. */
export function nodeCrashPoint(mark: NodeCrashMark): void {
  hook?.(mark);
}
