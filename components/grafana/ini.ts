/** A value of grafana.ini. */
export type IniValue = string | number | boolean;

/** Sections of an ini file, in order: `{server: {root_url: "..."}}`. */
export type Ini = Readonly<Record<string, Readonly<Record<string, IniValue | undefined>>>>;

/** What Grafana's ini reader takes as it stands: no comment sign, no quote, no backslash, no space at an end. */
const plain = /^[^\s#;"'`\\]+(?: [^\s#;"'`\\]+)*$/;

/**
 * A value as gopkg.in/ini.v1, Grafana's reader, gives it back: an unquoted `#` or `;` would start a comment, and a
 * quote at the start would be stripped. `%(` and `$__` keep their meaning: references to other keys, files and
 * environment variables. @throws RangeError for what no quoting of that reader can hold
 */
function value(of: IniValue): string {
  const text = String(of);
  if (text === "" || plain.test(text)) return text;
  if (/[\r\n]/.test(text)) throw new RangeError("a value of grafana.ini cannot hold a line break");
  if (!text.includes("`")) return `\`${text}\``;
  if (!text.includes('"""')) return `"""${text}"""`;
  throw new RangeError('a value of grafana.ini cannot hold both ` and """');
}

/** The text of an ini file. Keys without a value are left out. */
export function ini(sections: Ini): string {
  return Object.entries(sections)
    .map(([section, entries]) => {
      const lines = Object.entries(entries).flatMap(([key, of]) => (of === undefined ? [] : [`${key} = ${value(of)}`]));
      return [`[${section}]`, ...lines, ""].join("\n");
    })
    .join("\n");
}
