import { BaseError as ViemError } from "viem";
import { BaseError } from "../../errors/base.ts";

/** What a log says of an error. */
export interface LoggedError {
  name: string;
  /** Only of errors whose message is known to quote nothing: ours and viem's short ones. */
  message?: string;
  /** Of the operating system's and the database's errors. */
  code?: string;
  /** Where it was thrown. */
  frames: readonly string[];
  cause?: LoggedError;
}

const MAX_CAUSES = 5;
const MAX_FRAMES = 6;

/**
 * An error without what it quotes: messages of parsers, nodes and databases repeat their input, and the
 * details of a denial name limits.
 */
export function errorForLog(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { name: typeof error, frames: [] };
  const { code } = error as { code?: unknown };
  const message =
    error instanceof BaseError || error instanceof ViemError
      ? (error.shortMessage.split("\n", 1)[0] as string)
      : undefined;
  const frames = (error.stack ?? "")
    .split("\n")
    .filter((line) => line.startsWith("    at "))
    .slice(0, MAX_FRAMES)
    .map((line) => line.trim());
  return {
    name: error.name,
    ...(message !== undefined && { message }),
    ...((typeof code === "string" || typeof code === "number") && { code: `${code}` }),
    frames,
    ...(error.cause !== undefined &&
      depth < MAX_CAUSES && { cause: errorForLog(error.cause, depth + 1) }),
  };
}
