/**
 * The points between the steps of a request, in order, at which a process may die. A test harness installs a
 * hook that ends the process at one of them; without a hook a mark is a call that does nothing.
 */
export const crashMarks = [
  "request-recorded",
  "proven",
  "reserved",
  "signed",
  "signature-recorded",
  "denial-recorded",
  "request-signed",
  "nonce-reserved",
  "raw-signed",
  "raw-recorded",
  "submission-audited",
  "broadcast",
  "request-submitted",
  "mined-seen",
  "mined-recorded",
  "request-landed",
  "request-final",
  "request-failed",
  "request-requeued",
  "replacement-recorded",
  "replacement-broadcast",
] as const;
export type CrashMark = (typeof crashMarks)[number];

let hook: ((mark: CrashMark) => void) | undefined;

/**
 * Installs what happens at marks; for tests.
 *
 * @param onMark undefined to do nothing again
 */
export function setCrashHook(onMark: ((mark: CrashMark) => void) | undefined): void {
  hook = onMark;
}

/** Marks that a step was taken and the next was not. */
export function crashPoint(mark: CrashMark): void {
  hook?.(mark);
}
