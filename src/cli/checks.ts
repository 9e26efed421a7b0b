import pc from "picocolors";

/** One thing that was looked at. */
export interface Check {
  name: string;
  /** warn: works, and should not stay so. skip: could not be looked at, for a reason of its own. */
  status: "ok" | "warn" | "fail" | "skip";
  /** What was found, and for anything but ok what to do. */
  detail: string;
}

const marks = {
  ok: pc.green("✓"),
  warn: pc.yellow("!"),
  fail: pc.red("✗"),
  skip: pc.dim("–"),
} as const;

/** Checks as lines, names aligned. */
export function formatChecks(checks: readonly Check[]): string {
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  return checks
    .map(({ name, status, detail }) => `${marks[status]} ${name.padEnd(width)}  ${detail}`)
    .join("\n");
}

/** Whether nothing failed. */
export function passed(checks: readonly Check[]): boolean {
  return checks.every(({ status }) => status !== "fail");
}
