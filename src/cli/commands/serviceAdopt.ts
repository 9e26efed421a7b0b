import { Command } from "commander";
import { action, examples } from "../cli.ts";
import { done, formatTime, table } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { openServedGates } from "../servedGates.ts";
import { type ServeFileOptions, serveConfig, serveFileOption } from "../serveFile.ts";
import { openServiceJournal } from "../serviceJournal.ts";

/** `zkmandate service adopt`: another journal signs for the lanes from now on. */
export function serviceAdoptCommand(): Command {
  const command = new Command("adopt").description(
    "Binds the configured lanes to the configured journal: after a restore, a lost or moved database, a change " +
      "between SQLite and PostgreSQL, or when a lane is given to a service again. Services with another journal " +
      "sign nothing for them any more; on other hosts they must have been stopped before. Nothing is signed until a " +
      "finalized block is 600 s later: what was signed before could still land.",
  );
  return passphraseOptions(serveFileOption(command))
    .addHelpText("after", examples(["zkmandate service adopt"]))
    .action(
      action<PassphraseOptions & ServeFileOptions>(async (cli, options) => {
        const config = await serveConfig(cli, options);
        const served = await openServedGates(cli, options, config);
        try {
          const { journal } = await openServiceJournal(cli, options, config);
          try {
            const lanes = await served.adopt(journal);
            return {
              data: { journal: journal.name, lanes },
              text: [
                done(`journal ${journal.name} signs for these lanes from now on`),
                table(
                  lanes.map(({ gate, lane, epoch, record, quietUntil }) => [
                    `${gate} lane ${lane}`,
                    `epoch ${epoch}, record ${record}, signs again after ${formatTime(quietUntil)}`,
                  ]),
                ),
              ].join("\n"),
            };
          } finally {
            await journal.close();
          }
        } finally {
          await served.close();
        }
      }),
    );
}
