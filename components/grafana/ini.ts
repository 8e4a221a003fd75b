import { iniValue } from "../../lib/formats/index.ts";

/** A value of grafana.ini. */
export type IniValue = string | number | boolean;

/** Sections of an ini file, in order: `{server: {root_url: "..."}}`. */
export type Ini = Readonly<Record<string, Readonly<Record<string, IniValue | undefined>>>>;

/** Formats an ini file. Keys without a value are omitted. */
export function ini(sections: Ini): string {
  return Object.entries(sections)
    .map(([section, entries]) => {
      const lines = Object.entries(entries).flatMap(([key, of]) =>
        of === undefined ? [] : [`${key} = ${iniValue(String(of))}`],
      );
      return [`[${section}]`, ...lines, ""].join("\n");
    })
    .join("\n");
}
