// Templates are accepted exactly where the real promtool accepts them.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { requireProgram } from "../../test/data-plane/process.ts";
import { templateError } from "./template.ts";

const texts = [
  "no template } at }} all",
  "{{ $labels.instance }} is {{ $value | humanizePercentage }}",
  '{{ with $x := query "up" }}{{ $x | first | value }}{{ end }}',
  "{{ range $i, $e := query \"up{a='}}'}\" }}{{ $i }}{{ end }}",
  "{{ if gt $value 5.0 }}a{{ else }}b{{- end -}}",
  '{{ printf "%.2f" .Value }} {{ $externalURL }} {{ .Nope }}',
  "{{/* a comment */}}",
  "{{ $labels.instance",
  "{{ $label.instance }}",
  "{{ humanise $value }}",
  "{{ if $value }}a",
  "{{ end }}",
  "{{ }}",
  '{{ "open }}',
];

test.each(texts)("%s", (summary) => {
  const groups = [{ name: "a", rules: [{ alert: "A", expr: "up == 0", annotations: { summary } }] }];
  const { status } = spawnSync(requireProgram("promtool"), ["check", "rules", "--lint=none"], {
    input: JSON.stringify({ groups }),
    encoding: "utf8",
  });
  expect(templateError(summary) === undefined).toBe(status === 0);
});
