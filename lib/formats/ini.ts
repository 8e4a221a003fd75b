/** Values that Grafana's ini parser reads back unchanged: without comment signs, quotes, backslashes or outer spaces. */
const plain = /^[^\s#;"'`\\]+(?: [^\s#;"'`\\]+)*$/;

/**
 * Quotes a value for gopkg.in/ini.v1, Grafana's parser: an unquoted `#` or `;` would start a comment, and a leading quote
 * would be stripped. `%(` and `$__` keep their meaning: references to other keys, files and environment variables.
 * @throws RangeError for values that cannot be quoted
 */
export function iniValue(text: string): string {
  if (text === "" || plain.test(text)) return text;
  if (/[\r\n]/.test(text)) throw new RangeError("a value of grafana.ini cannot hold a line break");
  if (!text.includes("`")) return `\`${text}\``;
  if (!text.includes('"""')) return `"""${text}"""`;
  throw new RangeError('a value of grafana.ini cannot hold both ` and """');
}

/** The text of a value that {@link iniValue} has quoted. */
export function unquotedIniValue(value: string): string {
  if (value.startsWith("`")) return value.slice(1, -1);
  return value.startsWith('"""') ? value.slice(3, -3) : value;
}
