/** A thread of the kernel's prover: the first one leads. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { createEngine } from "./createEngine.ts";
import { Helper } from "./helper.ts";
import { HelperLink } from "./helperLink.ts";
import type { SharedSecrets, ThreadData, ThreadMessage } from "./kernelMessages.ts";
import { Lead } from "./lead.ts";

const { settings, index, ports }: ThreadData = workerData;
const engine = createEngine(settings);
const isLead = index === 0;
const links = isLead ? ports.map((port) => new HelperLink(port)) : [];
const announce = (shared: SharedSecrets["shared"]) =>
  parentPort?.postMessage({ shared } satisfies SharedSecrets);
const lead = isLead ? new Lead(settings, engine, links, announce) : undefined;
const helper = isLead
  ? undefined
  : new Helper(engine, settings.cacheDirectory, ports[0] as MessagePort);

parentPort?.on("message", async (message: ThreadMessage) => {
  if (message.type === "close") {
    await Promise.allSettled([lead?.wipe(), helper?.wipe()]);
    process.exit(0);
  }
  parentPort?.postMessage(await lead?.answer(message.request));
});
