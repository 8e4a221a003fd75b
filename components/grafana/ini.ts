/** A value of grafana.ini. */
export type IniValue = string | number | boolean;

/** Sections of an ini file, in order: `{server: {root_url: "..."}}`. */
export type Ini = Readonly<Record<string, Readonly<Record<string, IniValue | undefined>>>>;

/** Values that Grafana's ini parser reads back unchanged: without comment signs, quotes, backslashes or outer spaces. */
const plain = /^[^\s#;"'`\\]+(?: [^\s#;"'`\\]+)*$/;

/**
 * Quotes a value for gopkg.in/ini.v1, Grafana's parser: an unquoted `#` or `;` would start a comment, and a leading quote
 * would be stripped. `%(` and `$__` keep their meaning: references to other keys, files and environment variables.
 * @throws RangeError for values that cannot be quoted
 */
function value(of: IniValue): string {
  const text = String(of);
  if (text === "" || plain.test(text)) return text;
  if (/[\r\n]/.test(text)) throw new RangeError("a value of grafana.ini cannot hold a line break");
  if (!text.includes("`")) return `\`${text}\``;
  if (!text.includes('"""')) return `"""${text}"""`;
  throw new RangeError('a value of grafana.ini cannot hold both ` and """');
}

/** Formats an ini file. Keys without a value are omitted. */
export function ini(sections: Ini): string {
  return Object.entries(sections)
    .map(([section, entries]) => {
      const lines = Object.entries(entries).flatMap(([key, of]) => (of === undefined ? [] : [`${key} = ${value(of)}`]));
      return [`[${section}]`, ...lines, ""].join("\n");
    })
    .join("\n");
}
