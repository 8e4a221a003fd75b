// Records which components the shipped collector contains into lib/otel/additions: `node test/catalogues/collector.ts`.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import type { Distribution } from "../../lib/otel/additions/distribution.ts";
import { findProgram, testedVersion } from "../binaries/catalogue.ts";

/**
 * Components of the collector's own repository that the distribution contains. The report of the contrib repository leaves them out.
 * @see https://github.com/open-telemetry/opentelemetry-collector-releases/blob/v0.159.0/distributions/otelcol-contrib/manifest.yaml
 */
const core = {
  receivers: ["nop", "otlp"],
  processors: ["batch", "memory_limiter"],
  exporters: ["debug", "nop", "otlp_grpc", "otlp_http"],
  connectors: ["forward"],
  extensions: ["zpages"],
} as const;

/** Components of the distribution, as published with the release: the contrib repository's root module has the report. */
export function recordDistribution(): Distribution {
  const program = findProgram("otelcol");
  if (!program) throw new Error("the catalogue has no otelcol");
  const version = testedVersion(program);
  const module = `github.com/open-telemetry/opentelemetry-collector-contrib@v${version}`;
  const output = execFileSync("go", ["mod", "download", "-json", module], { cwd: tmpdir(), encoding: "utf8" });
  const report = join((JSON.parse(output) as { Dir: string }).Dir, "reports/distributions/contrib.yaml");
  const { components } = parse(readFileSync(report, "utf8")) as { components: Record<string, readonly string[]> };
  const of = (kind: keyof typeof core) => [...core[kind], ...(components[kind.slice(0, -1)] ?? [])].sort();
  return {
    version,
    receivers: of("receivers"),
    processors: of("processors"),
    exporters: of("exporters"),
    connectors: of("connectors"),
    extensions: of("extensions"),
  };
}

if (import.meta.main) {
  const file = join(import.meta.dirname, "../../lib/otel/additions/distribution.generated.json");
  writeFileSync(file, `${JSON.stringify(recordDistribution(), null, 1)}\n`);
}
