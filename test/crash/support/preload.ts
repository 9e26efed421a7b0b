/**
 * Loaded into `zkmandate serve` before everything else (`node --import`), where nobody else could reach: makes
 * the process die at a mark, lets leases and looks at the chain come sooner than an operator may configure,
 * and sets its clock back on a signal. The rest is the service as it is.
 */
import { setCrashHook } from "../../../src/agent/crashMarks.ts";
import { defaultTuning } from "../../../src/agent/options.ts";

const { ZKMANDATE_TEST_CRASH_AT: crashAt, ZKMANDATE_TEST_TUNING: tuning = "{}" } = process.env;

Object.assign(defaultTuning, JSON.parse(tuning));

if (crashAt !== undefined) {
  setCrashHook((mark) => {
    // The call does not return: nothing after the mark happens.
    if (mark === crashAt) process.kill(process.pid, "SIGKILL");
  });
}

/** One hour, in milliseconds. */
const STEP = 3_600_000;
const realNow = Date.now;
process.on("SIGUSR2", () => {
  Date.now = () => realNow() - STEP;
});

/** The test that runs the service; when it is gone, however it ended, so is the service. */
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(1);
}, 1_000).unref();
