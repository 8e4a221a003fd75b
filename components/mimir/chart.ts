import type { Construct } from "constructs";
import {
  ComponentChart,
  configMap,
  dashboardConfigMap,
  type Endpoint,
  type ObjectStore,
  objectStoreIdentity,
  partName,
  rules,
  service,
  serviceAccount,
  serviceHost,
} from "../../lib/kubernetes/index.ts";
import { retentionProfiles, type Workload, workloads } from "../../lib/sizing/index.ts";
import { mimirStorage } from "./bucket-usage.ts";
import { cacheHosts, caches } from "./caches.ts";
import { compactors } from "./compactor.ts";
import { mimirConfig, mimirPorts, mimirRuntime, mimirYaml } from "./config.ts";
import { distributors } from "./distributor.ts";
import { connectMimir } from "./edges.ts";
import { type ClientParts, gatewayRoute } from "./gateway-route.ts";
import { defaultHaClusterLabel, defaultPromoted, seriesLimit } from "./limits.ts";
import type { MimirLoad } from "./load.ts";
import { aggregateGroups, longTermTenant } from "./monitoring/aggregates.ts";
import { type MimirAlertContext, mimirAlerts } from "./monitoring/alerts.ts";
import { mimirDashboard } from "./monitoring/dashboards.ts";
import { longTermDashboard } from "./monitoring/long-term-dashboard.ts";
import { monolithic } from "./monolithic.ts";
import { overridesExporter } from "./overrides-exporter.ts";
import { gossipLabels, gossipService, type MimirSetup } from "./pod.ts";
import type { MimirEndpoints, MimirProps } from "./props.ts";
import { queriers } from "./querier.ts";
import { queryFrontends } from "./query-frontend.ts";
import { querySchedulers } from "./query-scheduler.ts";
import { rulers } from "./ruler.ts";
import { type MicroservicesSizing, type MimirSizing, sizeMimir } from "./sizing.ts";
import { storeGateways } from "./store-gateway.ts";
import { checkMimir } from "./validate.ts";
import { ingesters } from "./workloads.ts";

/** Mimir: every series for as long as it is kept, in object storage; from `large` on it evaluates the stack's rules. */
export class MimirChart extends ComponentChart<MimirEndpoints> {
  readonly endpoints: MimirEndpoints;
  readonly sizing: MimirSizing;
  /** Whose series it holds. */
  readonly tenant: string;
  /** Tenants whose rules it evaluates. */
  readonly ruleTenants: readonly string[];

  /** @throws RangeError with every {@link checkMimir} finding */
  constructor(scope: Construct, id: string, props: MimirProps) {
    super(scope, id, "mimir", props);
    const { workload = workloads.small, retention = retentionProfiles.standard } = props;
    const objectStore = props.objectStore ?? { kind: "filesystem" };
    const load: MimirLoad = {
      workload,
      retention,
      availability: props.availability ?? (objectStore.kind === "filesystem" ? "single" : "redundant"),
      evaluator: this.evaluator,
      filesystem: objectStore.kind === "filesystem",
      ...(props.mode && { mode: props.mode }),
    };
    this.sizing = props.sizing ?? sizeMimir(load);
    this.tenant = props.tenant ?? "anonymous";
    const aggregates = retention.aggregates > 0;
    this.ruleTenants = [this.tenant, ...(aggregates ? [longTermTenant] : [])];
    this.refuse(props, load, objectStore);

    const setup = this.setup(props, load, objectStore);
    service(this, {
      part: "gossip-ring",
      headless: true,
      // A ring forms before its members are ready: they become so only in it.
      publishNotReady: true,
      ports: { gossip: mimirPorts.gossip },
      selector: gossipLabels(this),
    });
    if (this.sizing.mode === "monolithic") monolithic(setup, this.sizing);
    else microservices(setup, this.sizing);
    connectMimir(this, { sizing: this.sizing, objectStore, ...alertmanagerOf(props) });
    if (objectStore.kind !== "filesystem") this.objectStorage.push(mimirStorage(load, this.sizing));
    if (props.gatewayRoute) gatewayRoute(this, props.gatewayRoute, this.clientParts());
    const known = this.alertContext(props, workload);
    dashboardConfigMap(this, mimirDashboard(this, known));
    if (aggregates) dashboardConfigMap(this, longTermDashboard());
    rules(this, this.component, [...mimirAlerts(this, known), ...(aggregates ? aggregateGroups() : [])]);
    this.endpoints = this.publish(aggregates);
  }

  private refuse(props: MimirProps, { workload, retention }: MimirLoad, objectStore: ObjectStore): void {
    const findings = checkMimir({
      sizing: this.sizing,
      workload,
      retention,
      objectStore,
      bucket: props.bucket ?? defaultBucket,
      cluster: this.cluster,
      tenant: this.tenant,
      ...(props.tenants && { tenants: props.tenants }),
    });
    if (findings.length > 0) {
      throw new RangeError(
        findings.map(({ code, at, message, fix }) => `${code} ${at}: ${message} (${fix})`).join("\n"),
      );
    }
  }

  /** What the parts share: their config files and their identity. */
  private setup(props: MimirProps, { workload, retention }: MimirLoad, objectStore: ObjectStore): MimirSetup {
    const { sizing } = this;
    const config = mimirConfig({
      sizing,
      workload,
      retention,
      objectStore,
      promotedResourceAttributes: props.promotedResourceAttributes ?? defaultPromoted,
      haClusterLabel: props.haClusterLabel ?? defaultHaClusterLabel,
      bucket: props.bucket ?? defaultBucket,
      gossipLabel: `${this.name}.${this.home}`,
      hosts: {
        gossipRing: serviceHost(this, gossipService(this)),
        ...(sizing.mode === "microservices" && {
          queryScheduler: `${serviceHost(this, partName(this, "query-scheduler"))}:${mimirPorts.grpc}`,
          ...(sizing.caches && { caches: cacheHosts(this) }),
        }),
      },
      ...alertmanagerOf(props),
    });
    const runtime = mimirRuntime({ workload, retention }, longTermTenant, props.tenants ?? {});
    const annotations = objectStoreIdentity(objectStore);
    return {
      chart: this,
      objectStore,
      ruleTenants: this.ruleTenants,
      config: configMap(this, this.component, this.name, { "mimir.yaml": mimirYaml(config) }),
      // Reloaded every ten seconds: a changed limit rolls no pod.
      runtime: configMap(
        this,
        this.component,
        `${this.name}-runtime`,
        { "runtime.yaml": mimirYaml(runtime) },
        { reloads: true },
      ),
      account: serviceAccount(this, { part: this.component, ...(annotations && { annotations }) }),
    };
  }

  private alertContext({ tenants }: MimirProps, workload: Workload): MimirAlertContext {
    const stated = tenants?.[this.tenant]?.max_global_series_per_user;
    return {
      sizing: this.sizing,
      tenant: this.tenant,
      seriesLimit: typeof stated === "number" && stated > 0 ? stated : seriesLimit(workload.activeSeries),
      evaluates: this.evaluator === "mimir" || this.ruleTenants.length > 1,
    };
  }

  private clientParts(): ClientParts {
    if (this.sizing.mode === "monolithic") {
      return { writes: this.component, reads: this.component, rules: this.component };
    }
    return { writes: "distributor", reads: "query-frontend", ...(this.sizing.ruler && { rules: "ruler" }) };
  }

  /** Clients go to the parts by their own Services: a proxy in front would only add a hop, an image and a failure. */
  private publish(aggregates: boolean): MimirEndpoints {
    const { writes, reads, rules: ruler } = this.clientParts();
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
      query: at(reads, "/prometheus"),
      remoteRead: at(reads, "/prometheus/api/v1/read"),
      ...(aggregates && { longTerm: at(reads, "/prometheus", longTermTenant) }),
      ...(ruler && { ruler: at(ruler, "/prometheus") }),
    };
  }
}

const defaultBucket = "mimir-blocks";

const alertmanagerOf = ({ alertmanager }: MimirProps) => (alertmanager ? { alertmanager } : {});

function microservices(setup: MimirSetup, sizing: MicroservicesSizing): void {
  distributors(setup, sizing);
  ingesters(setup, sizing);
  queriers(setup, sizing);
  queryFrontends(setup, sizing);
  querySchedulers(setup, sizing);
  storeGateways(setup, sizing);
  compactors(setup, sizing);
  rulers(setup, sizing);
  overridesExporter(setup, sizing);
  if (sizing.caches) caches(setup.chart, sizing.caches);
}
