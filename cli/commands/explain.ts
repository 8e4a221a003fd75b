import type { Command } from "commander";
import { nearest } from "../../lib/formats/nearest.ts";
import { type ProblemCode, problemCatalogue } from "../../stacks/problem.ts";
import { CommandFailure } from "../failure.ts";
import { jsonOption } from "../options.ts";
import { paint, print } from "../terminal.ts";

/** `skopos explain`: describes an error code, offline. */
export function addExplain(program: Command): void {
  program
    .command("explain")
    .summary("explain an error code")
    .argument("[code]", "such as SKP1203; all codes if omitted")
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  skopos explain SKP1203")
    .action((code: string | undefined, { json }: { json?: boolean }) => {
      const codes = Object.keys(problemCatalogue) as ProblemCode[];
      const wanted = code?.toUpperCase();
      const found = codes.filter((each) => wanted === undefined || each === wanted);
      if (found.length === 0) {
        const near = nearest(wanted ?? "", codes);
        throw new CommandFailure(
          `unknown code: ${code}; ${near ? `did you mean ${near}?` : 'run "skopos explain" to list every code'}`,
        );
      }
      if (json)
        return print(
          JSON.stringify(
            found.map((each) => ({ code: each, ...problemCatalogue[each] })),
            null,
            2,
          ),
        );
      print(
        found
          .map((each) => `${paint("bold", each)} ${problemCatalogue[each].title}\n  ${problemCatalogue[each].why}`)
          .join("\n"),
      );
    });
}
