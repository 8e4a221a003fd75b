import { type Format, line } from "../formats/index.ts";

/** Words of Go's templates. @see https://pkg.go.dev/text/template */
const goWords =
  "and block break call continue define else end eq false ge gt html if index js le len lt ne nil not or print printf println " +
  "range slice template true urlquery with ";

/** A language of templates: its words, and the variables that every template has. */
interface Language {
  readonly words: ReadonlySet<string>;
  readonly variables: readonly string[];
}

/** Functions of Prometheus. @see https://prometheus.io/docs/prometheus/3.5/configuration/template_reference/ */
const prometheus: Language = {
  words: new Set(
    (
      goWords +
      "args externalURL first graphLink humanize humanize1024 humanizeDuration humanizePercentage humanizeTimestamp label match " +
      "now parseDuration pathPrefix query reReplaceAll safeHtml sortByLabel stripDomain stripPort strvalue tableLink title " +
      "toDuration toLower toTime toUpper urlQueryEscape value"
    ).split(" "),
  ),
  variables: ["$", "$labels", "$value", "$externalLabels", "$externalURL"],
};

/** Functions of Alertmanager. @see https://github.com/prometheus/alertmanager/blob/v0.33.1/template/template.go */
const alertmanager: Language = {
  words: new Set(
    (
      goWords +
      "toUpper toLower title trimSpace join match safeHtml safeUrl urlUnescape reReplaceAll stringSlice date tz now " +
      "since humanizeDuration toJson list append dict"
    ).split(" "),
  ),
  variables: ["$"],
};

const opening = /^(if|range|with|define|block)\b/;

/** Names of the templates that a file of Alertmanager defines. */
export const templatesIn = (text: string): readonly string[] =>
  [...text.matchAll(/\{\{-?\s*(?:define|block)\s+"([^"]+)"/g)].map(([, name]) => name as string);

/** Names of the templates that a file uses. */
export const templatesUsedIn = (text: string): readonly string[] =>
  [...text.matchAll(/\{\{-?\s*template\s+"([^"]+)"/g)].map(([, name]) => name as string);

/** What is wrong with a file of templates for notifications, or undefined. Alertmanager does not start with one that it cannot parse. */
export const notificationTemplateError = (text: string): string | undefined =>
  mistakeInTemplate(text, alertmanager) ?? (templatesIn(text).length > 0 ? undefined : "it defines no template");

/**
 * What is wrong with a template in a label or an annotation, or undefined. A rule file with a single invalid template is rejected
 * as a whole, and Prometheus keeps its old rules.
 */
export const templateError = (text: string): string | undefined => mistakeInTemplate(text, prometheus);

function mistakeInTemplate(text: string, { words, variables }: Language): string | undefined {
  const actions: string[] = [];
  const rest = text.replaceAll(
    /\{\{-?((?:"(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)*'|(?!\}\})[^"`'])*)\}\}/g,
    (_, action: string) => {
      actions.push(action.replace(/-$/, "").trim());
      return "";
    },
  );
  if (rest.includes("{{")) return "{{ is not closed";
  const known = new Set(variables);
  let depth = 0;
  for (const action of actions) {
    if (action.startsWith("/*")) continue;
    if (action === "") return "{{ }} is empty";
    if (opening.test(action)) depth++;
    if (action === "end" && --depth < 0) return "end without if, range or with";
    const bare = action.replaceAll(/"(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)*'/g, '""');
    for (const [, name = ""] of bare.matchAll(/(\$\w+)(?=[^|]*:=)/g)) known.add(name);
    for (const [name] of bare.matchAll(/(?<![\w.])\$?[A-Za-z_]\w*/g)) {
      if (name.startsWith("$") ? !known.has(name) : !words.has(name))
        return name.startsWith("$") ? `there is no variable ${name}` : `there is no function ${name}`;
    }
  }
  return depth > 0 ? "if, range or with without end" : undefined;
}

/** A file of templates for notifications. */
export const notificationTemplate: Format = {
  name: "a file of templates",
  language: true,
  examples: ['{{ define "slack.default.text" }}{{ .CommonAnnotations.summary }}{{ end }}'],
  mistake: notificationTemplateError,
};

/** A label's or annotation's text, in which Prometheus replaces `{{ }}`. */
export const alertTemplate: Format = {
  name: "a template of Prometheus",
  language: true,
  examples: ["{{ $labels.namespace }} is slow"],
  mistake: templateError,
};

/** One line of it. */
export const alertTemplateLine: Format = {
  ...alertTemplate,
  name: "one line of text or a template",
  mistake: (text) => line.mistake(text) ?? templateError(text),
};
