// Templates are accepted exactly where the real promtool and amtool accept them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { requireProgram } from "../../test/data-plane/process.ts";
import { notificationTemplateError, templateError, templatesIn, templatesUsedIn } from "./template.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-templates-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What both languages have: accepted or rejected by both. */
const texts = [
  "no template } at }} all",
  "{{/* a comment */}}",
  "{{- /* a comment */ -}}",
  "{{/* }} is text, '\" too */}}",
  "{{ /* no comment */ }}",
  "{{-  /* no comment */ }}",
  "{{- -}}",
  "{{/* ends too early */ }}",
  "{{/* never ends }}",
  "{{/* a */ b */}}",
  "{{ .Nope }}",
  "{{.Nope}}",
  "{{ .A.B.C }}",
  "{{ $.A }}",
  "{{ . }}",
  "{{- . -}}",
  "{{-3}}",
  "{{ -3 }}",
  "{{3 -}}",
  "{{ -}}",
  "{{ }}",
  "{{}}",
  "{{",
  "{{ .X ",
  '{{ "open }}',
  "{{ `open }}",
  "{{ 'o }}",
  "{{ .X }",
  "{{ .X } }}",
  "{{ .X. }}",
  "{{ .X.. }}",
  "{{ .X .Y }}",
  "{{ .X.1 }}",
  "{{ .X-1 }}",
  "{{ $x }}",
  "{{ $x := 1 }}{{ $x }}",
  "{{ $x:=1 }}{{ $x = 2 }}",
  "{{ $x=1 }}",
  "{{ $x := }}",
  "{{ $x := 1 }}{{ $x.y }}",
  "{{ $x, $y := .X }}",
  "{{ $x := 1 | }}",
  "{{ .X | }}",
  "{{ | .X }}",
  "{{ .X | print | len }}",
  "{{ .X | 1 }}",
  '{{ .X | "a" }}',
  "{{ .X | . }}",
  "{{ .X | .Y }}",
  "{{ .X | true }}",
  "{{ print | print }}",
  "{{ ( .X }}",
  "{{ (1 }}",
  "{{ 1) }}",
  "{{ () }}",
  "{{ (.X).Y }}",
  "{{ (.X) .Y }}",
  "{{ print (len (print 1 2)) (1) }}",
  "{{ print(1) }}",
  "{{ (1)(2) }}",
  "{{ ($y := 1) }}{{ $y }}",
  "{{ 1 }}",
  "{{ 1x }}",
  "{{ 089 }}",
  "{{ 0755 }}",
  "{{ 0x1F }}",
  "{{ 0xG }}",
  "{{ 0b101 }}",
  "{{ 0b2 }}",
  "{{ 0o17 }}",
  "{{ 1_000 }}",
  "{{ 1__000 }}",
  "{{ 1.5e3 }}",
  "{{ 1.5.2 }}",
  "{{ .5 }}",
  "{{ 1. }}",
  "{{ 1e }}",
  "{{ 1e999 }}",
  "{{ +1 }}",
  "{{ 1+2i }}",
  "{{ 1+2 }}",
  "{{ 2i }}",
  "{{ 0x1p4 }}",
  "{{ 18446744073709551615 }}",
  "{{ 18446744073709551616 }}",
  "{{ -9223372036854775809 }}",
  "{{ 1.print }}",
  "{{ true }}",
  "{{ true.x }}",
  "{{ nil }}",
  '{{ "a".b }}',
  '{{ "\\q" }}',
  '{{ "\\n\\t\\"\\x41\\101\\u00e9\\U0001F600" }}',
  '{{ "\\ud800" }}',
  '{{ "\\U0000d800" }}',
  '{{ "\\U00110000" }}',
  '{{ "\\401" }}',
  '{{ "\\\'" }}',
  '{{ "two\nlines" }}',
  "{{ `two\nlines \\q` }}",
  '{{ "}}" }}',
  "{{ 'a' }}",
  "{{ 'ab' }}",
  "{{ '' }}",
  "{{ '\\'' }}",
  "{{ 'é' }}",
  '{{ "a""b" }}',
  "{{ .X\n| print }}",
  "{{ .X\u00a0}}",
  "{{ .Größe }}",
  "{{ ! }}",
  "{{ 1 == 2 }}",
  "{{ if }}",
  "{{ if }}x{{ end }}",
  "{{ if .X }}x",
  "{{ if .X }}x{{ end }}",
  "{{ if .X }}x{{ else }}y{{ end }}",
  "{{ if .X }}x{{ else }}y{{ else }}z{{ end }}",
  "{{ if .X }}x{{ else if .Y }}y{{ else if .Z }}z{{ else }}w{{ end }}",
  "{{ if .X }}x{{ else if }}y{{ end }}",
  "{{ if .X }}x{{ elseif .Y }}y{{ end }}",
  "{{ if .X }}x{{ else with .Y }}y{{ end }}",
  "{{ with .X }}x{{ else with .Y }}y{{ else }}z{{ end }}",
  "{{ with .X }}x{{ else if .Y }}y{{ end }}",
  "{{ range .X }}x{{ else if .Y }}y{{ end }}",
  "{{ range .X }}x{{ else }}y{{ end }}",
  "{{ if $x := .X }}{{ $x }}{{ end }}",
  "{{ if $x := .X }}{{ end }}{{ $x }}",
  "{{ if .X }}{{ $x := 1 }}{{ else }}{{ $x }}{{ end }}",
  "{{ range $i, $e := .X }}{{ $i }}{{ $e }}{{ end }}",
  "{{ range $i, $e := .X }}{{ end }}{{ $i }}",
  "{{ range $i, $e, $f := .X }}{{ end }}",
  "{{ range $i, .X }}{{ end }}",
  "{{ range $e := .X }}{{ $e }}{{ end }}",
  "{{ range }}{{ end }}",
  "{{ with $i, $e := .X }}{{ end }}",
  "{{ end }}",
  "{{ end .X }}",
  "{{ else }}",
  "{{ if .X }}{{ end .X }}",
  "{{ break }}",
  "{{ continue }}",
  "{{ range .X }}{{ if . }}{{ break }}{{ else }}{{ continue }}{{ end }}{{ end }}",
  "{{ range .X }}{{ else }}{{ break }}{{ end }}",
  "{{ range .X }}{{ break 1 }}{{ end }}",
  '{{ range .X }}{{ block "b" . }}{{ break }}{{ end }}{{ end }}',
  '{{ define "b" }}{{ define "c" }}{{ end }}{{ end }}',
  '{{ if .X }}{{ define "b" }}{{ end }}{{ end }}',
  "{{ define b }}{{ end }}",
  '{{ define "b" . }}{{ end }}',
  '{{ define "b" }}x{{ else }}{{ end }}',
  "{{ define `b` }}x{{ end }}",
  '{{ define "b" }}x{{ end }}{{ define "b" }}y{{ end }}',
  '{{ define "b" }} {{ end }}{{ define "b" }}y{{ end }}{{ define "b" }}{{/* c */}}{{ end }}',
  '{{ $x := 1 }}{{ define "b" }}{{ $x }}{{ end }}',
  '{{ define "b" }}{{ $x := 1 }}{{ end }}{{ $x }}',
  '{{ define "b" }}{{ end',
  '{{ block "b" }}x{{ end }}',
  '{{ $x := 1 }}{{ block "b" $x }}{{ . }}{{ end }}{{ $x }}',
  '{{ block "b" . }}x{{ end }}{{ define "b" }}y{{ end }}',
  "{{ template .X . }}",
  "{{ template }}",
  '{{ template "b" }}',
  "{{ template `b` . }}",
  '{{ template "b" . | print }}',
  '{{ template "b" (1 }}',
  '{{ "template" }}',
  "{{ humanise 1 }}",
  "{{ print. }}",
  "{{ toUpper .X | title | printf `%s` }}",
];

const ofPrometheus = [
  "{{ $labels.instance }} is {{ $value | humanizePercentage }}",
  '{{ with $x := query "up" }}{{ $x | first | value }}{{ end }}',
  "{{ range $i, $e := query \"up{a='}}'}\" }}{{ $i }}{{ end }}",
  "{{ if gt $value 5.0 }}a{{ else }}b{{- end -}}",
  '{{ printf "%.2f" .Value }} {{ $externalURL }} {{ .Nope }}',
  "{{ $labels.instance",
  "{{ $label.instance }}",
  "{{ humanise $value }}",
  '{{ define "b" }}{{ $labels.a }}{{ end }}',
  '{{ define "b" }}{{ $.Labels.a }}{{ end }}{{ template "b" . }}',
  "{{ trimSpace $labels.a }}",
];

test("promtool agrees", () => {
  const file = join(folder, "rules.json");
  const disagreed = [...texts, ...ofPrometheus].filter((summary, index) => {
    const inLabel = index % 2 === 0 ? { labels: { a: summary } } : { annotations: { summary } };
    writeFileSync(
      file,
      JSON.stringify({ groups: [{ name: "a", rules: [{ alert: "A", expr: "up == 0", ...inLabel }] }] }),
    );
    const { status } = spawnSync(requireProgram("promtool"), ["check", "rules", "--lint=none", file]);
    return (templateError(summary) === undefined) !== (status === 0);
  });
  expect(disagreed).toEqual([]);
}, 120_000);

test("amtool agrees", () => {
  const config = join(folder, "alertmanager.yaml");
  const file = join(folder, "own.tmpl");
  writeFileSync(config, JSON.stringify({ route: { receiver: "a" }, receivers: [{ name: "a" }], templates: [file] }));
  const disagreed = texts.filter((text) => {
    // A file needs a definition to be of use.
    const whole = `{{ define "other" }}x{{ end }}${text}`;
    writeFileSync(file, whole);
    const { status } = spawnSync(requireProgram("amtool"), ["check-config", config]);
    return (notificationTemplateError(whole) === undefined) !== (status === 0);
  });
  expect(disagreed).toEqual([]);
}, 120_000);

test("names are found in every kind of quotes", () => {
  const text =
    '{{ define `a` }}{{ template "x\\ty" . }}{{ end }}{{- define "b" }}{{ block `c` . }}{{ template `a` }}{{ end }}{{ end }}';
  expect(templatesIn(text)).toEqual(["a", "b", "c"]);
  expect(templatesUsedIn(text)).toEqual(["x\ty", "a"]);
});
