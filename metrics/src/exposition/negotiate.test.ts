import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { acceptsGzip, formatFor, negotiate } from "./negotiate.ts";

describe("negotiating a format", () => {
  const name = (accept?: string) => negotiate(accept).name;

  it("gives Prometheus what it prefers", () => {
    // Sent by Prometheus 3.5 with native histograms on, and off.
    const native =
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    expect(name(native)).toBe("protobuf");
    const text = negotiate(native.slice(native.indexOf(",") + 1));
    expect(text).toMatchObject({ name: "openmetrics", escaping: "allow-utf-8" });
    expect(text.contentType).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8");
  });

  it("follows q-values, versions and parameters", () => {
    expect(name("application/openmetrics-text;q=0.2,text/plain;q=0.8")).toBe("text");
    expect(name("text/plain,application/openmetrics-text")).toBe("openmetrics");
    expect(name("application/openmetrics-text;version=2.0.0,text/plain;q=0.1")).toBe("text");
    expect(name("application/openmetrics-text;version=0.0.1")).toBe("openmetrics");
    expect(
      name("application/vnd.google.protobuf;proto=other;encoding=delimited,application/openmetrics-text;q=0.1"),
    ).toBe("openmetrics");
    expect(
      name('application/vnd.google.protobuf; proto="io.prometheus.client.MetricFamily"; encoding="delimited"'),
    ).toBe("protobuf");
    expect(name("application/openmetrics-text;q=0,*/*;q=0.1")).toBe("text");
    expect(name("application/openmetrics-text;q=1.5,text/plain;q=0.1")).toBe("text");
    expect(name("APPLICATION/OPENMETRICS-TEXT")).toBe("openmetrics");
    expect(name("text/*;q=0.9,application/openmetrics-text;q=0.5")).toBe("text");
  });

  it("falls back to the text format", () => {
    for (const accept of [undefined, "", "application/json", "*/*", ";;,,=", "text/plain;q"])
      expect(name(accept)).toBe("text");
    expect(negotiate("text/plain;version=0.0.4;escaping=allow-utf-8").escaping).toBe("underscores");
    expect(negotiate("text/plain;version=1.0.0;escaping=allow-utf-8").escaping).toBe("allow-utf-8");
    expect(negotiate("text/plain;version=1.0.0;escaping=dots").escaping).toBe("dots");
    expect(formatFor("protobuf").contentType).toContain("encoding=delimited");
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(["text", "openmetrics", "protobuf"]).toContain(name(text));
        acceptsGzip(text);
      }),
    );
  });
});

it("knows whether gzip is taken", () => {
  expect(acceptsGzip(undefined)).toBe(false);
  expect(acceptsGzip("deflate, gzip;q=0.5")).toBe(true);
  expect(acceptsGzip("gzip;q=0")).toBe(false);
  expect(acceptsGzip("gzip;q=0, *")).toBe(false);
  expect(acceptsGzip("*")).toBe(true);
  expect(acceptsGzip("identity")).toBe(false);
});
