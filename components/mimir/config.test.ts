import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import { retentionProfiles, workloads } from "../../lib/sizing/index.ts";
import { configOf, fileOf, render } from "../../test/support/mimir.ts";
import { MimirChart, type MimirProps } from "./index.ts";

describe("the configuration", () => {
  const config = configOf(render("large", { retention: retentionProfiles.extended, evaluator: "mimir" }));

  test("uses the classic architecture: no Kafka, no Alertmanager, no usage statistics", () => {
    expect(config.ingest_storage).toEqual({ enabled: false });
    expect(config.usage_stats).toEqual({ enabled: false });
    expect(config.alertmanager).toBeUndefined();
    expect(config.multitenancy_enabled).toBe(true);
  });

  test("derives limits from the workload", () => {
    expect(config.limits).toMatchObject({
      // Twice the rate, at the third of the distributors that one sender may reach.
      ingestion_rate: 2_000_001,
      max_global_series_per_user: 20_000_000,
      compactor_blocks_retention_period: "365d",
      compactor_split_and_merge_shards: 2,
      ruler_alertmanager_client_config: { alertmanager_url: "dns+http://alertmanager-operated.obs.svc:9093" },
    });
  });

  test("queries may exceed the retention by a day and reach samples that only ingesters hold", () => {
    expect(config.limits.max_total_query_length).toBe("366d");
    expect(config.limits.query_ingesters_within).toBe("13h");
    expect(config.querier.query_store_after).toBe("12h");
  });

  test("directories do not overlap, since Mimir would not start", () => {
    const { tsdb, bucket_store } = config.blocks_storage;
    const folders = [tsdb.dir, bucket_store.sync_dir, config.compactor.data_dir, config.ruler.rule_path];
    expect(new Set(folders).size).toBe(folders.length);
    for (const folder of folders)
      expect(folders.filter((other) => `${other}/`.startsWith(`${folder}/`))).toEqual([folder]);
  });

  test("aggregates have a tenant with its own retention, written by the ruler from the main tenant", () => {
    const chart = render("large", { retention: retentionProfiles.extended, evaluator: "mimir" });
    const { overrides } = fileOf(chart, "mimir-runtime", "runtime.yaml");
    expect(overrides["long-term"]).toMatchObject({
      compactor_blocks_retention_period: "730d",
      max_total_query_length: "731d",
    });
    expect(config.ruler.tenant_federation).toEqual({ enabled: true });
    expect(config.tenant_federation).toEqual({ enabled: true });
    expect(chart.endpoints.longTerm?.headers).toEqual({ "X-Scope-OrgID": "long-term" });
  });

  test("a monolithic Mimir has one copy and no scheduler address, which would make queries hang", () => {
    const alone = configOf(new MimirChart(new App(), "mimir", { namespace: "obs" }));
    expect(alone.frontend.scheduler_address).toBeUndefined();
    expect(alone.frontend_worker).toBeUndefined();
    expect(alone.ingester.ring).toMatchObject({ replication_factor: 1, zone_awareness_enabled: false });
    expect(alone.store_gateway.sharding_ring.replication_factor).toBe(1);
  });

  test("a label that identifies shards is dropped; `cluster` is stored", () => {
    const of = (props: Partial<MimirProps>) => configOf(render("medium", props)).limits;
    expect(of({})).toMatchObject({ ha_cluster_label: "cluster", ha_replica_label: "__replica__", drop_labels: [] });
    expect(of({ haClusterLabel: "prometheus_shard" }).drop_labels).toEqual(["prometheus_shard"]);
  });

  test("in-process caches take a small fraction of small pods", () => {
    const alone = configOf(new MimirChart(new App(), "mimir", { namespace: "obs", workload: workloads.small }));
    const { index_cache, series_hash_cache_max_size_bytes } = alone.blocks_storage.bucket_store;
    const pod = new MimirChart(new App(), "mimir", { namespace: "obs" }).sizing;
    if (pod.mode !== "monolithic") throw new Error("microservices");
    expect(index_cache.inmemory.max_size_bytes + series_hash_cache_max_size_bytes).toBeLessThan(
      pod.mimir.memoryBytes / 5,
    );
  });
});
