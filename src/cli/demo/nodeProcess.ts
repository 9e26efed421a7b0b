/** A command of a node's operator in a process of its own, which the demo forks; it ends with the demo. */
process.once("disconnect", () => process.exit());
process.channel?.unref();
await import("../main.ts");
