import type { Construct } from "constructs";
import {
  ComponentChart,
  cacheAddresses,
  configMap,
  dashboardConfigMap,
  type Endpoint,
  forTenants,
  objectStoreAccount,
  partName,
  rules,
  service,
  serviceAccount,
  serviceHost,
} from "../../lib/kubernetes/index.ts";
import { assertValid } from "../../lib/sizing/index.ts";
import { archive, archiveJob } from "./archive/jobs.ts";
import { archiveUsage } from "./bucket-usage.ts";
import { mimirConfig, mimirPorts, mimirRuntime, mimirYaml } from "./config.ts";
import { connectMimir } from "./edges.ts";
import { type ClientServices, gatewayRoute } from "./gateway-route.ts";
import { seriesLimit } from "./limits.ts";
import { aggregateGroups, longTermTenant } from "./monitoring/aggregates.ts";
import { type MimirAlertContext, mimirAlerts } from "./monitoring/alerts.ts";
import { mimirDashboard } from "./monitoring/dashboards.ts";
import { longTermDashboard } from "./monitoring/long-term-dashboard.ts";
import { frontendPart, type MimirContext, ringLabels, ringService, rulesConfigMap } from "./pod.ts";
import {
  type MimirEndpoints,
  type MimirProps,
  mimirLoad,
  type ResolvedMimirProps,
  resolveMimirProps,
} from "./props.ts";
import { mimirShape } from "./shape.ts";
import { type MimirSizing, sizeMimir } from "./sizing.ts";
import { validateMimir } from "./validate.ts";
import { microservices, monolithic } from "./workloads.ts";

/** Mimir: long-term storage of all series in object storage. From `large` on it also evaluates the stack's rules. */
export class MimirChart extends ComponentChart<MimirEndpoints> {
  /** What each of its props may be. */
  static readonly shape = mimirShape;

  readonly endpoints: MimirEndpoints;
  /** Computed replicas and resources, with the reason for each number. */
  readonly sizing: MimirSizing;
  /** Tenant that the stack writes to. */
  readonly tenant: string;
  /** Tenants whose series rules and queries of the stack read: its own first. */
  readonly readTenants: readonly string[];
  /** Tenants whose rules this Mimir evaluates. */
  readonly ruleTenants: readonly string[];

  /** @throws InvalidPropsError listing every finding of {@link validateMimir} */
  constructor(scope: Construct, id: string, props: MimirProps) {
    super(scope, id, "mimir", props);
    assertValid("MimirChart", id, validateMimir(props));
    const resolved = resolveMimirProps(props);
    const { objectStore, alertmanager, retention } = resolved;
    this.sizing = sizeMimir(mimirLoad(resolved));
    const { sizing } = this;
    this.tenant = resolved.tenant;
    this.readTenants = [resolved.tenant, ...resolved.federatedTenants];
    const aggregates = retention.aggregates > 0;
    this.ruleTenants = [this.tenant, ...(aggregates ? [longTermTenant] : [])];

    const context = this.context(resolved);
    service(this, {
      part: "gossip-ring",
      headless: true,
      // Pods become ready only after joining the ring.
      publishNotReady: true,
      ports: { gossip: mimirPorts.gossip },
      selector: ringLabels(this),
    });
    if (sizing.mode === "monolithic") monolithic(context, sizing);
    else microservices(context, sizing);
    connectMimir(this, { sizing, objectStore, ...(alertmanager && { alertmanager }) });
    if (objectStore.kind !== "filesystem") {
      this.objectStorage.push(sizing.objectStorage);
      if (retention.archive > 0) {
        archive(this, { ...resolved, objectStore, identityAccount: context.identityAccount });
        this.objectStorage.push(archiveUsage(mimirLoad(resolved)));
      }
    }
    if (props.gatewayRoute) gatewayRoute(this, props.gatewayRoute, this.clientServices());
    const alertContext = this.alertContext(resolved);
    dashboardConfigMap(this, mimirDashboard(this, alertContext));
    if (aggregates) dashboardConfigMap(this, longTermDashboard());
    rules(this, this.component, [...mimirAlerts(this, alertContext), ...(aggregates ? aggregateGroups() : [])]);
    this.endpoints = this.publish(aggregates);
  }

  /** Configuration files and identity that all workloads share. */
  private context(props: ResolvedMimirProps): MimirContext {
    const { sizing } = this;
    const { objectStore, alertmanager } = props;
    const config = mimirConfig({
      ...props,
      sizing,
      gossipLabel: `${this.name}.${this.home}`,
      hosts: {
        gossipRing: serviceHost(this, ringService(this)),
        ...(sizing.mode === "microservices" && {
          queryScheduler: `${serviceHost(this, partName(this, "query-scheduler"))}:${mimirPorts.grpc}`,
          queryFrontend: `${serviceHost(this, partName(this, frontendPart))}:${mimirPorts.grpc}`,
          ...(sizing.caches && {
            caches: {
              "chunks-cache": cacheAddresses(this, "chunks-cache"),
              "index-cache": cacheAddresses(this, "index-cache"),
              "metadata-cache": cacheAddresses(this, "metadata-cache"),
              "results-cache": cacheAddresses(this, "results-cache"),
            },
          }),
        }),
      },
      ...(alertmanager && { alertmanager }),
    });
    const runtime = mimirRuntime({ ...props, sizing }, longTermTenant, props.tenants);
    return {
      chart: this,
      objectStore,
      ruleFiles: Object.fromEntries(
        this.ruleTenants.map((tenant) => [
          tenant,
          [rulesConfigMap(this, tenant), ...(tenant === this.tenant ? (props.ruleConfigMaps ?? []) : [])],
        ]),
      ),
      config: configMap(this, this.component, this.name, { "mimir.yaml": mimirYaml(config) }),
      // Reloaded every ten seconds: changing a limit restarts no pod.
      runtime: configMap(
        this,
        this.component,
        `${this.name}-runtime`,
        { "runtime.yaml": mimirYaml(runtime) },
        { reloads: true },
      ),
      identityAccount: objectStoreAccount(this, objectStore) ?? serviceAccount(this, { part: this.component }),
    };
  }

  private alertContext({ tenants, workload, retention, objectStore }: ResolvedMimirProps): MimirAlertContext {
    const limit = tenants[this.tenant]?.max_global_series_per_user;
    return {
      sizing: this.sizing,
      tenant: this.tenant,
      seriesLimit: typeof limit === "number" && limit > 0 ? limit : seriesLimit(workload.activeSeries),
      ...(retention.archive > 0 && objectStore.kind !== "filesystem" && { archiveJob: archiveJob(this) }),
      evaluates: this.evaluator === "mimir" || this.ruleTenants.length > 1,
    };
  }

  private clientServices(): ClientServices {
    if (this.sizing.mode === "monolithic") {
      return { writes: this.component, reads: this.component, rules: this.component };
    }
    return { writes: "distributor", reads: "query-frontend", ...(this.sizing.services.ruler && { rules: "ruler" }) };
  }

  /** Clients use the Services of distributors and query-frontends directly, without a reverse proxy in between. */
  private publish(aggregates: boolean): MimirEndpoints {
    const { writes, reads, rules: ruler } = this.clientServices();
    const at = (part: string, path: string, tenant = this.tenant): Endpoint => ({
      scheme: "http",
      host: serviceHost(this, partName(this, part)),
      port: mimirPorts.http,
      path,
      headers: { "X-Scope-OrgID": tenant },
      pods: this.pods(part),
    });
    return {
      push: at(writes, "/api/v1/push"),
      otlp: at(writes, "/otlp"),
      query: forTenants(at(reads, "/prometheus"), this.readTenants),
      remoteRead: forTenants(at(reads, "/prometheus/api/v1/read"), this.readTenants),
      ...(aggregates && { longTerm: at(reads, "/prometheus", longTermTenant) }),
      ...(ruler && { ruler: at(ruler, "/prometheus") }),
    };
  }
}
