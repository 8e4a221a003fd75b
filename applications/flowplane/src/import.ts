import { readFileSync } from "node:fs";
import { defineMetrics, formatFor, Registry, Renderer } from "@skopos/metrics";
import { z } from "zod";
import { readConfig } from "./config.ts";
import { bodies, name, type ResourceType, resourceTypes } from "./resources.ts";

/** An import that could not be done, or not wholly. */
export class ImportError extends Error {}

const section = (type: ResourceType) => z.record(name, bodies[type]).default({});

/** The file: a team's resources by name. */
const fileSchema = z.strictObject({
  team: name,
  clusters: section("cluster"),
  routes: section("route"),
  listeners: section("listener"),
});

const importMetrics = defineMetrics({
  resources: {
    name: "flowplane_import_resources",
    type: "gauge",
    help: "Resources of the last import, by type and result.",
    labels: { resource_type: resourceTypes, result: ["stored", "failed"] },
  },
  duration: {
    name: "flowplane_import_duration_seconds",
    type: "gauge",
    unit: "seconds",
    help: "Time the last import took.",
  },
  finished: {
    name: "flowplane_import_last_success_timestamp_seconds",
    type: "gauge",
    unit: "seconds",
    help: "When an import last stored all its resources.",
  },
});

/**
 * Sends the resources of a file to a control plane, clusters before the routes and listeners that refer to them. What it counted
 * goes to the Pushgateway, if there is one: nobody could scrape a process that ends at once.
 *
 * @returns what was done, in one line
 * @throws ImportError with every problem
 */
export async function importFile(
  file: string,
  url: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const { PUSHGATEWAY_URL: gateway } = readConfig({ PUSHGATEWAY_URL: env.PUSHGATEWAY_URL });
  const token = readToken(env.FLOWPLANE_TOKEN_FILE);
  const started = performance.now();
  const { team, ...sections } = readResources(file);
  const registry = new Registry({ ownMetrics: false });
  const metrics = registry.register(importMetrics);
  const problems: string[] = [];
  let stored = 0;
  for (const type of resourceTypes) {
    for (const [resource, body] of Object.entries(sections[`${type}s`])) {
      const place = `teams/${team}/${type}s/${resource}`;
      const problem = await put(new URL(`/api/v1/${place}`, url), token, body);
      metrics.resources.inc({ resource_type: type, result: problem === undefined ? "stored" : "failed" });
      if (problem === undefined) stored++;
      else problems.push(`${place}: ${problem}`);
    }
  }
  metrics.duration.set((performance.now() - started) / 1_000);
  if (problems.length === 0) metrics.finished.set(Date.now() / 1_000);
  if (gateway !== undefined) problems.push(...(await push(registry, gateway, team)));
  if (problems.length > 0) throw new ImportError(problems.join("\n"));
  return `${stored} resources of team ${team} stored`;
}

function readToken(file: string | undefined): string {
  if (file === undefined) throw new ImportError("FLOWPLANE_TOKEN_FILE: name the file that holds your team's token");
  return readFileSync(file, "utf8").trim();
}

function readResources(file: string): z.output<typeof fileSchema> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw new ImportError(`${file}: ${error.message}`);
    throw error;
  }
  const { data, error } = fileSchema.safeParse(json);
  if (error)
    throw new ImportError(error.issues.map(({ path, message }) => `${file}: ${path.join(".")} ${message}`).join("\n"));
  return data;
}

/** @returns what is wrong, or undefined */
async function put(url: URL, token: string, body: unknown): Promise<string | undefined> {
  const response = await fetch(url, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
    redirect: "error",
  });
  if (response.ok) return undefined;
  const { problems = [] } = (await response.json()) as { problems?: { path: string; message: string; fix: string }[] };
  return problems.map(({ path, message, fix }) => `${path} ${message}. ${fix}`).join("; ") || String(response.status);
}

/** Replaces the job's group at the Pushgateway. @returns what is wrong, if anything */
async function push(registry: Registry, gateway: string, team: string): Promise<string[]> {
  const format = formatFor("text");
  const group = new URL(
    `${new URL(gateway).pathname.replace(/\/$/, "")}/metrics/job/flowplane-import/team/${team}`,
    gateway,
  );
  const response = await fetch(group, {
    method: "PUT",
    headers: { "content-type": format.contentType },
    body: new Renderer(registry).render(format),
  });
  return response.ok ? [] : [`Pushgateway: ${response.status} ${await response.text()}`];
}
