import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Construct } from "constructs";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { isSecret } from "../../cli/engine/embedded.ts";
import { plain, runUnderMocks } from "../../test/support/pulumi-mocks.ts";
import {
  ComponentChart,
  type ComponentProps,
  configHash,
  configMap,
  configVolume,
  deployment,
  type Endpoint,
  service,
  serviceHost,
} from "../kubernetes/index.ts";
import { MiB, sized } from "../sizing/index.ts";
import { endpointUrl, type Inputs, SkoposComponent } from "./index.ts";

interface PrinterProps extends ComponentProps {
  readonly greeting: string;
  readonly setting?: string;
  readonly words?: readonly string[];
  readonly replicas?: number;
  readonly level?: "low" | "high";
  readonly password?: string;
  readonly upstream?: Endpoint;
}

/** A small component that puts a text into every place that a real one has. */
class PrinterChart extends ComponentChart<{ http: Endpoint }> {
  readonly endpoints: { http: Endpoint };

  constructor(scope: Construct, id: string, props: PrinterProps) {
    super(scope, id, "printer", props);
    const config = configMap(this, "printer", "printer", {
      "config.yaml": stringify({ text: `say ${props.greeting}`, list: props.words ?? [], port: 80 }, { lineWidth: 0 }),
      "config.json": JSON.stringify({ text: props.greeting }),
      "config.alloy": `text = "${props.greeting}"`,
      "config.ini": `text = ${props.setting ?? ""}`,
      "plain.txt": props.greeting,
    });
    if (props.password) {
      const stringData = { password: props.password };
      this.add({ apiVersion: "v1", kind: "Secret", metadata: this.metadata("printer", "printer"), stringData });
    }
    this.add({ apiVersion: "example.com/v1", kind: "Printer", metadata: this.metadata("printer", "printer") });
    service(this, { part: "printer", ports: { http: 80 } });
    deployment(this, {
      part: "printer",
      user: 1000,
      sized: sized({ replicas: props.replicas ?? 1, cpuCores: 0.1, memoryBytes: 64 * MiB }, {}),
      containers: [
        {
          name: "printer",
          image: "grafana",
          args: [`--greeting=${props.greeting}`, `--upstream=${props.upstream?.host ?? ""}`],
          ports: { http: 80 },
          mounts: [{ volume: configVolume(config), path: "/etc/printer" }],
        },
      ],
    });
    this.endpoints = { http: { scheme: "http", host: serviceHost(this, "printer"), port: 80 } };
  }
}

class Printer extends SkoposComponent<PrinterProps, { http: Endpoint }> {
  constructor(name: string, args: Inputs<PrinterProps>, opts?: pulumi.ComponentResourceOptions) {
    super("Printer", name, PrinterChart, args, opts);
  }
}

/** A value that breaks every format that does not escape it. */
const awkward = 'a: "b" # c\nd: \\e\tf';
const later = (value: string): pulumi.Output<string> =>
  pulumi.output(new Promise<string>((done) => setTimeout(() => done(value), 5)));

describe("Outputs", () => {
  test("arrive at every text: namespace, inside longer texts, arrays", async () => {
    const run = await runUnderMocks(() => {
      const namespace = new kubernetes.core.v1.Namespace("ns", { metadata: { name: "telemetry" } });
      new Printer("p", {
        namespace: namespace.metadata.name,
        greeting: later("hello"),
        words: [later("one"), "two"],
      });
    });
    const { metadata, spec } = run.one("Deployment").inputs as never as {
      metadata: { namespace: string };
      spec: { template: { spec: { containers: [{ args: string[] }] } } };
    };
    expect(metadata.namespace).toBe("telemetry");
    expect(spec.template.spec.containers[0].args[0]).toBe("--greeting=hello");
    const { data } = run.one("ConfigMap").inputs as { data: Record<string, string> };
    expect(parse(data["config.yaml"] ?? "")).toEqual({ text: "say hello", list: ["one", "two"], port: 80 });
  });

  test("with quotes, colons, newlines and hashes arrive intact in YAML, JSON and Alloy", async () => {
    const run = await runUnderMocks(
      () => new Printer("p", { namespace: "n", greeting: later(awkward), words: [later("123")] }).endpoints,
    );
    const { data } = run.one("ConfigMap").inputs as { data: Record<string, string> };
    expect(parse(data["config.yaml"] ?? "")).toEqual({ text: `say ${awkward}`, list: ["123"], port: 80 });
    expect(JSON.parse(data["config.json"] ?? "")).toEqual({ text: awkward });
    expect(JSON.parse((data["config.alloy"] ?? "").slice("text = ".length))).toBe(awkward);
    expect(data["plain.txt"]).toBe(awkward);
  });

  test("with a comment character are quoted in INI files, and rejected with a line break", async () => {
    const printer = (setting: string) => () =>
      new Printer("p", { namespace: "n", greeting: "", setting: later(setting) });
    const run = await runUnderMocks(printer("a;b#c"));
    expect((run.one("ConfigMap").inputs as { data: Record<string, string> }).data["config.ini"]).toBe("text = `a;b#c`");
    await expect(runUnderMocks(printer("a\nb"))).rejects.toThrow("cannot hold a line break");
  });

  test("render the same bytes as the text they hold", async () => {
    const of = async (greeting: pulumi.Input<string>) =>
      (await runUnderMocks(() => new Printer("p", { namespace: "n", greeting, words: [greeting] }))).resources
        .map(({ name, inputs }) => [name, plain(inputs)] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1));
    expect(await of(later("some: text"))).toEqual(await of("some: text"));
  });

  test("change the config hash that rolls the pods", async () => {
    const run = await runUnderMocks(() => new Printer("p", { namespace: "n", greeting: later("hello") }));
    const { data } = run.one("ConfigMap").inputs as { data: Record<string, string> };
    const deployed = run.one("Deployment").inputs as never as {
      spec: { template: { metadata: { annotations: Record<string, string> } } };
    };
    expect(deployed.spec.template.metadata.annotations).toEqual({ "checksum/printer": configHash(data) });
  });

  test("that are unknown in a preview leave the rest known", async () => {
    const run = await runUnderMocks(
      () => {
        const unknown = new kubernetes.core.v1.Namespace("ns", {}).metadata.uid;
        new Printer("p", { namespace: "n", greeting: unknown });
      },
      { preview: true },
    );
    expect((run.one("Deployment").inputs as { metadata: unknown }).metadata).toMatchObject({ namespace: "n" });
  });

  test("cannot be a name", async () => {
    await expect(
      runUnderMocks(() => new Printer("p", { namespace: "n", name: later("x"), greeting: "" })),
    ).rejects.toThrow(/name of a Service cannot be an Output|name of a \w+ cannot be an Output/);
  });

  test("do not compile where the structure depends on them", () => {
    const program = () => {
      // @ts-expect-error a number of replicas decides which objects there are
      new Printer("p", { namespace: "n", greeting: "", replicas: pulumi.output(2) });
      // @ts-expect-error so does an enum
      new Printer("p", { namespace: "n", greeting: "", level: pulumi.output("low" as const) });
    };
    expect(program).toBeTypeOf("function");
  });

  test("of one component's endpoints feed another", async () => {
    const run = await runUnderMocks(() => {
      const first = new Printer("first", { namespace: later("a"), greeting: "" });
      new Printer("second", { namespace: "b", greeting: "", upstream: first.endpoints.http });
    });
    const second = run.resources.find(({ name }) => name === "second-deployment-printer");
    expect(JSON.stringify(second?.inputs)).toContain("--upstream=printer.a.svc.cluster.local");
  });
});

describe("endpoints", () => {
  test("are Outputs for everything but enums and numbers, with and without Outputs in the props", async () => {
    let urls: pulumi.Output<string>[] = [];
    await runUnderMocks(() => {
      urls = ["a", later("b")].map((namespace, index) => {
        const { http } = new Printer(`p${index}`, { namespace, greeting: "" }).endpoints;
        expect([http.scheme, http.port]).toEqual(["http", 80]);
        expect(pulumi.Output.isInstance(http.host)).toBe(true);
        return endpointUrl(http, "/print");
      });
    });
    const texts = await Promise.all(urls.map((url) => new Promise((done) => url.apply(done))));
    expect(texts).toEqual(["a", "b"].map((namespace) => `http://printer.${namespace}.svc.cluster.local:80/print`));
  });

  test("of plain props reach another component as plain text", () => {
    const seen: PrinterProps[] = [];
    class Watched extends PrinterChart {
      constructor(scope: Construct, id: string, props: PrinterProps) {
        super(scope, id, props);
        seen.push(props);
      }
    }
    class Watching extends SkoposComponent<PrinterProps, { http: Endpoint }> {
      constructor(name: string, args: Inputs<PrinterProps>) {
        super("Printer", name, Watched, args);
      }
    }
    return runUnderMocks(() => {
      const { http } = new Printer("first", { namespace: "a", greeting: "" }).endpoints;
      new Watching("second", { namespace: "b", greeting: "", upstream: http });
      expect(seen[0]?.upstream?.host).toBe("printer.a.svc.cluster.local");
    });
  });
});

describe("secrets", () => {
  test("stay secret in a Secret", async () => {
    const run = await runUnderMocks(
      () => new Printer("p", { namespace: "n", greeting: "", password: pulumi.secret("hush") }),
    );
    const { stringData } = run.one("Secret").inputs as { stringData: unknown };
    expect(JSON.stringify(stringData)).toContain("hush");
    expect(isSecret(stringData) || isSecret((stringData as { password: unknown }).password)).toBe(true);
  });

  test("are rejected in a ConfigMap, with a fix", async () => {
    await expect(
      runUnderMocks(() => new Printer("p", { namespace: "n", greeting: pulumi.secret("hush") })),
    ).rejects.toThrow(
      /ConfigMap printer: \S+ holds a secret Output. Put it into a Secret and refer to it by name and key./,
    );
  });
});

describe("children", () => {
  test("are typed resources, and custom resources where the SDK has no class", async () => {
    const run = await runUnderMocks(() => new Printer("p", { namespace: "n", greeting: "" }));
    expect(run.resources.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
      "kubernetes:apps/v1:Deployment p-deployment-printer",
      "kubernetes:core/v1:ConfigMap p-configmap-printer",
      "kubernetes:core/v1:Service p-service-printer",
      "kubernetes:example.com/v1:Printer p-printer-printer",
      "skopos:index:Printer p",
    ]);
  });

  test("of a component that stands twice, on two clusters, are apart", async () => {
    const run = await runUnderMocks(() => {
      for (const name of ["east", "west"]) {
        const provider = new kubernetes.Provider(name, { context: name });
        new Printer(name, { namespace: "n", greeting: "" }, { provider });
      }
    });
    const deployments = run.resources.filter(({ type }) => type.endsWith(":Deployment"));
    expect(deployments.map(({ name }) => name).sort()).toEqual(["east-deployment-printer", "west-deployment-printer"]);
    expect(deployments.every(({ name, provider }) => provider?.includes(name.split("-")[0] as string))).toBe(true);
  });

  test("get transforms, protect, retainOnDelete, aliases and dependencies of the component", async () => {
    const seen: pulumi.ResourceTransformationArgs[] = [];
    await runUnderMocks(() => {
      const first = new kubernetes.core.v1.Namespace("first", {});
      new Printer(
        "p",
        { namespace: "n", greeting: "" },
        {
          protect: true,
          retainOnDelete: true,
          aliases: [{ name: "old" }],
          dependsOn: [first],
          transformations: [
            (args) => {
              seen.push(args);
              return undefined;
            },
          ],
        },
      );
    });
    const of = (kind: string) =>
      seen.find(({ type }) => type.endsWith(`:${kind}`)) as pulumi.ResourceTransformationArgs;
    const [child, config] = [of("Deployment"), of("ConfigMap")];
    expect(child.opts).toMatchObject({ retainOnDelete: true, protect: true });
    expect(config.opts.dependsOn).toHaveLength(1);
    // What the component waits for, and what the Deployment itself mounts.
    expect(child.opts.dependsOn).toEqual([...(config.opts.dependsOn as pulumi.Resource[]), config.resource]);
    // The engine gives a parent's aliases to its children, whose names start with the parent's.
    expect(child.opts.parent).toBeInstanceOf(Printer);
    expect(child.name).toBe("p-deployment-printer");
  });
});
