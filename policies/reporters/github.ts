import type { Report } from "../engine/finding.ts";

const commands = { error: "error", warning: "warning", info: "notice" } as const;

/** Source: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts */
const data = (text: string) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const property = (text: string) => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

/** A report as annotations of a GitHub workflow, one line per finding. */
export function githubReport({ findings }: Report): string {
  return findings
    .map(({ severity, outcome, object, line, rule, message, fix }) => {
      const command = outcome === "undecided" ? "notice" : commands[severity];
      const properties = [
        ...(object?.source ? [`file=${property(object.source.file)}`, `line=${line ?? object.source.line}`] : []),
        `title=${property(rule)}`,
      ];
      const text = [`${object?.id ?? "settings"}: ${message}`, fix].filter(Boolean).join("\n");
      return `::${command} ${properties.join(",")}::${data(text)}`;
    })
    .join("\n");
}
