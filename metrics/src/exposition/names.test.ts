import { describe, expect, it } from "vitest";
import { scrapeText } from "../../test/scrape.ts";
import { Registry } from "../registry/registry.ts";
import { escapeName } from "./names.ts";
import { formatFor, negotiate } from "./negotiate.ts";

describe("names that older systems cannot store", () => {
  // Expected values: TestEscapeName in https://github.com/prometheus/common/blob/main/model/metric_test.go
  it.each([
    ["no:escaping_required", "no:escaping_required", "no:escaping__required", "no:escaping_required"],
    [
      "mysystem.prod.west.cpu.load",
      "mysystem_prod_west_cpu_load",
      "mysystem_dot_prod_dot_west_dot_cpu_dot_load",
      "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load",
    ],
    [
      "mysystem.prod.west.cpu.load_total",
      "mysystem_prod_west_cpu_load_total",
      "mysystem_dot_prod_dot_west_dot_cpu_dot_load__total",
      "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load__total",
    ],
    ["http.status:sum", "http_status:sum", "http_dot_status:sum", "U__http_2e_status:sum"],
    ["花火", "__", "____", "U___82b1__706b_"],
  ])("%s", (name, underscores, dots, values) => {
    expect(escapeName(name, "allow-utf-8")).toBe(name);
    expect(escapeName(name, "underscores")).toBe(underscores);
    expect(escapeName(name, "dots")).toBe(dots);
    expect(escapeName(name, "values")).toBe(values);
  });

  it("are quoted for those who take them", async () => {
    const registry = new Registry({ ownMetrics: false, naming: "utf8", now: () => 0 });
    registry
      .metric({ name: "http.status", type: "counter", help: "H.", labels: { "code.class": "any", plain: "any" } })
      .inc({ "code.class": "ä", plain: "1" });
    registry.metric({ name: "ok.bare", type: "gauge", help: "H." }).set(2);
    const quoted = await scrapeText(registry, negotiate("text/plain;version=1.0.0;escaping=allow-utf-8"));
    expect(quoted).toContain('# TYPE "http.status" counter\n{"http.status","code.class"="ä",plain="1"} 1\n');
    expect(quoted).toContain('{"ok.bare"} 2\n');
    expect(await scrapeText(registry)).toContain('http_status{code_class="ä",plain="1"} 1\n');
    const open = await scrapeText(
      registry,
      negotiate("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"),
    );
    expect(open).toContain('{"http.status_total","code.class"="ä",plain="1"} 1\n');
    expect(await scrapeText(registry, formatFor("openmetrics", new Map([["escaping", "dots"]])))).toContain(
      "http_dot_status_total{",
    );
  });
});

describe("the gauge that ends in _total", () => {
  it("keeps its name and type in OpenMetrics", async () => {
    const exceptions = { xds_team_resources_total: "METRIC_NAME_TOTAL" } as const;
    const registry = new Registry({ ownMetrics: false, exceptions });
    registry
      .metric({ name: "xds_team_resources_total", type: "gauge", help: "Resources.", labels: { team: "any" } })
      .set({ team: "a" }, 42);
    const text = await scrapeText(registry, negotiate("application/openmetrics-text;version=1.0.0"));
    expect(text).toBe(
      '# TYPE xds_team_resources_total gauge\n# HELP xds_team_resources_total Resources.\nxds_team_resources_total{team="a"} 42\n# EOF\n',
    );
  });
});
