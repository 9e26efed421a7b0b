import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below what systems hand out by themselves (Linux from 32,768, others from 49,152): nobody who only asks for
 * some port gets one of these between the look and the use.
 */
const PORTS = { first: 20_000, end: 32_000 };

/**
 * Different ports of 127.0.0.1 that are free now, for servers that others must know of before they listen.
 *
 * @example
 * const [first, second] = await freePorts(2);
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(PORTS.first, PORTS.end);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  }
  server.close();
  await once(server, "close");
  return true;
}
