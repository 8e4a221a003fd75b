import { type Format, line } from "../formats/index.ts";
import { parseTemplate, type TemplateLanguage } from "./go-template.ts";

/** Functions of Prometheus. @see https://prometheus.io/docs/prometheus/3.5/configuration/template_reference/ */
const prometheus: TemplateLanguage = {
  functions: new Set(
    (
      "args externalURL first graphLink humanize humanize1024 humanizeDuration humanizePercentage humanizeTimestamp label match " +
      "now parseDuration pathPrefix query reReplaceAll safeHtml sortByLabel stripDomain stripPort strvalue tableLink title " +
      "toDuration toLower toTime toUpper urlQueryEscape value"
    ).split(" "),
  ),
  variables: ["$", "$labels", "$value", "$externalLabels", "$externalURL"],
};

/** Functions of Alertmanager. @see https://github.com/prometheus/alertmanager/blob/v0.33.1/template/template.go */
const alertmanager: TemplateLanguage = {
  functions: new Set(
    (
      "toUpper toLower title trimSpace join match safeHtml safeUrl urlUnescape reReplaceAll stringSlice date tz now " +
      "since humanizeDuration toJson list append dict"
    ).split(" "),
  ),
  variables: ["$"],
};

/** Names of the templates that a file of Alertmanager defines. */
export const templatesIn = (text: string): readonly string[] => parseTemplate(text, alertmanager).defined;

/** Names of the templates that a file uses. */
export const templatesUsedIn = (text: string): readonly string[] => parseTemplate(text, alertmanager).used;

/** What is wrong with a file of templates for notifications, or undefined. Alertmanager does not start with one that it cannot parse. */
export const notificationTemplateError = (text: string): string | undefined => {
  const { mistake, defined } = parseTemplate(text, alertmanager);
  return mistake ?? (defined.length > 0 ? undefined : "it defines no template");
};

/**
 * What is wrong with a template in a label or an annotation, or undefined. A rule file with a single invalid template is rejected
 * as a whole, and Prometheus keeps its old rules.
 */
export const templateError = (text: string): string | undefined => parseTemplate(text, prometheus).mistake;

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
