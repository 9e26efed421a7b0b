/**
 * Loaded into `zkmandate node` before everything else (`node --import`), where nobody else could reach: makes the
 * process die at a mark, and not outlive the test that started it.
 */
import { setNodeCrashHook } from "../../../src/keys/frost/crashMarks.ts";

const { ZKMANDATE_TEST_CRASH_AT: crashAt } = process.env;

if (crashAt !== undefined) {
  setNodeCrashHook((mark) => {
    // The call does not return: nothing after the mark happens.
    if (mark === crashAt) process.kill(process.pid, "SIGKILL");
  });
}

const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(1);
}, 1_000).unref();
