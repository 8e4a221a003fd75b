import type { Construct } from "constructs";
import { yamlText } from "../../lib/formats/yaml.ts";
import {
  ComponentChart,
  cacheAddresses,
  configMap,
  dashboardConfigMap,
  forTenants,
  objectStoreAccount,
  partName,
  rules,
  serviceHost,
} from "../../lib/kubernetes/index.ts";
import { assertValid } from "../../lib/sizing/index.ts";
import { lokiConfig, lokiPorts, lokiRuntime } from "./config.ts";
import { connectLoki } from "./edges.ts";
import { lokiAlerts } from "./monitoring/alerts.ts";
import { lokiDashboard } from "./monitoring/dashboards.ts";
import { logRules } from "./monitoring/log-rules.ts";
import { type LokiContext, ringService } from "./pod.ts";
import { type LokiEndpoints, type LokiProps, lokiLoad, type ResolvedLokiProps, resolveLokiProps } from "./props.ts";
import { lokiShape } from "./shape.ts";
import { type LokiSizing, sizeLoki } from "./sizing.ts";
import { validateLoki } from "./validate.ts";
import { microservices, monolithic } from "./workloads.ts";

/** Loki: logs in object storage, indexed by their labels. */
export class LokiChart extends ComponentChart<LokiEndpoints> {
  /** What each of its props may be. */
  static readonly shape = lokiShape;

  readonly endpoints: LokiEndpoints;
  /** Computed replicas and resources, with the reason for each number. */
  readonly sizing: LokiSizing;
  /** Tenant that the stack writes to. */
  readonly tenant: string;
  /** Tenants whose logs queries of the stack read: its own first. */
  readonly readTenants: readonly string[];

  /** @throws InvalidPropsError listing every finding of {@link validateLoki} */
  constructor(scope: Construct, id: string, props: LokiProps) {
    super(scope, id, "loki", props);
    assertValid("LokiChart", id, validateLoki(props));
    const resolved = resolveLokiProps(props);
    const { objectStore, alertmanager } = resolved;
    this.sizing = sizeLoki(lokiLoad(resolved));
    const { sizing } = this;
    this.tenant = resolved.tenant;
    this.readTenants = [resolved.tenant, ...resolved.federatedTenants];

    const context = this.context(resolved);
    if (sizing.mode === "monolithic") monolithic(context, sizing.loki);
    else microservices(context, sizing);
    connectLoki(this, { mode: sizing.mode, objectStore, ...(alertmanager && { alertmanager }) });
    if (objectStore.kind !== "filesystem") this.objectStorage.push(sizing.objectStorage);
    rules(this, this.component, lokiAlerts(this, sizing, resolved.tenants));
    dashboardConfigMap(this, lokiDashboard(this, sizing, resolved.tenants));
    this.endpoints = this.publish();
  }

  /** Configuration file, rules and identity that all workloads share. */
  private context(props: ResolvedLokiProps): LokiContext {
    const { objectStore, alertmanager } = props;
    const at = (part: string, port: keyof typeof lokiPorts) =>
      `${serviceHost(this, partName(this, part))}:${lokiPorts[port]}`;
    const config = lokiConfig({
      sizing: this.sizing,
      retentionSeconds: props.retention.loki,
      streamRetention: props.streamRetention,
      federation: props.federatedTenants.length > 0,
      objectStore,
      bucket: props.bucket,
      gossipLabel: `${this.name}.${this.home}`,
      hosts: {
        memberlist: `${serviceHost(this, ringService(this))}:${lokiPorts.gossip}`,
        compactor: at("compactor", "grpc"),
        indexGateway: at("index-gateway", "grpc"),
        queryScheduler: at("query-scheduler", "grpc"),
        querier: `http://${at("querier", "http")}`,
        caches: {
          "chunks-cache": cacheAddresses(this, "chunks-cache"),
          "results-cache": cacheAddresses(this, "results-cache"),
        },
      },
      ...(alertmanager && { alertmanager }),
    });
    const identityAccount = objectStoreAccount(this, objectStore);
    return {
      chart: this,
      config: configMap(this, this.component, this.name, { "loki.yaml": yamlText(config) }),
      // Reloaded every ten seconds: changing a tenant's limit restarts no pod.
      runtime: configMap(
        this,
        this.component,
        `${this.name}-runtime`,
        { "runtime.yaml": yamlText(lokiRuntime(props.tenants)) },
        { reloads: true },
      ),
      objectStore,
      ...(identityAccount && { identityAccount }),
      ...(alertmanager && {
        rules: {
          tenants: this.readTenants,
          // Reloaded every minute: changing a rule restarts no pod.
          configMap: configMap(
            this,
            this.component,
            `${this.name}-rules`,
            { "rules.yaml": logRules(this, props.logAlerts, props.additionalAlerts) },
            { reloads: true },
          ),
        },
      }),
    };
  }

  private publish(): LokiEndpoints {
    const at = (service: "distributor" | "query-frontend") => {
      const part = this.sizing.mode === "monolithic" ? this.component : service;
      return {
        scheme: "http",
        host: serviceHost(this, partName(this, part)),
        port: lokiPorts.http,
        headers: { "X-Scope-OrgID": this.tenant },
        pods: this.pods(part),
      } as const;
    };
    const write = at("distributor");
    return {
      push: { ...write, path: "/loki/api/v1/push" },
      otlp: { ...write, path: "/otlp" },
      query: forTenants(at("query-frontend"), this.readTenants),
    };
  }
}
