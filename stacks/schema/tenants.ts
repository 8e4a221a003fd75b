import { z } from "zod";
import {
  dnsLabel,
  expectedOfLoki,
  expectedOfMimir,
  type Format,
  line,
  lokiLimit,
  mimirLimit,
  mistakeIn,
  tenantName,
} from "../../lib/formats/index.ts";
import { wrongLimit } from "../../lib/kubernetes/index.ts";
import { removeItem, removeKey, renameKey } from "../../lib/sizing/index.ts";
import type { CheckedStack } from "../checks.ts";
import { text, unique } from "../formats.ts";
import type { Problem } from "../problem.ts";
import { configPath } from "../snippet.ts";

/** Limits by their own names. @param expected what the value of a limit would have to be; undefined if it is */
function limits(limit: Format, expected: typeof expectedOfMimir) {
  return z.record(text(limit), z.unknown()).superRefine((values, context) => {
    for (const [name, input] of Object.entries(values)) {
      const format = mistakeIn(limit, name) === undefined ? expected(name, input) : undefined;
      if (format === undefined) continue;
      context.addIssue({ code: "custom", path: [name], params: { format, mistake: wrongLimit }, input });
    }
  });
}

/** Tenants of teams. */
export const tenantsSchema = z.record(
  text(tenantName),
  z
    .strictObject({
      namespaces: unique(text(dnsLabel).describe("Name of a namespace."))
        .min(1)
        .describe("Namespaces whose metrics and logs are stored in this tenant."),
      mimir: limits(mimirLimit, expectedOfMimir)
        .optional()
        .describe(
          "Limits by Mimir's own names: {max_global_series_per_user: 200000}. By default those of all tenants.",
        ),
      loki: limits(lokiLimit, expectedOfLoki)
        .optional()
        .describe("Limits by Loki's own names: {ingestion_rate_mb: 8}. By default those of all tenants."),
      folder: text(line)
        .optional()
        .describe(
          "Folder of the team's dashboards in Grafana, whose ConfigMaps have the annotation grafana_folder with the name of the tenant.",
        ),
    })
    .describe("A team's tenant in Mimir and Loki."),
);

/** Names and namespaces that belong to another tenant already, and rules that could not read the tenants. */
export function checkTenants({ config, props }: CheckedStack): readonly Problem[] {
  const owners = new Map<string, string>();
  const { mimir, loki } = config.components;
  const tenants = Object.entries(config.tenants);
  const unread: readonly Problem[] =
    tenants.length > 0 && props.evaluator === "mimir"
      ? [
          {
            code: "SKP1317",
            path: "skopos:tenants",
            message:
              "Mimir's ruler evaluates the rules of teams, and a PrometheusRule cannot name the tenants it reads",
            fix: removeKey("tenants"),
          },
        ]
      : [];
  return tenants.reduce(
    (found, [tenant, { namespaces }]) => {
      if (tenant === mimir.tenant || tenant === loki.tenant) {
        found.push(sharedTenant([tenant], "is the stack's own tenant", renameKey(tenant, `${tenant}-team`)));
      }
      for (const [index, namespace] of namespaces.entries()) {
        const owner = owners.get(namespace);
        if (owner === undefined) owners.set(namespace, tenant);
        else {
          const message = `${namespace} belongs to tenant ${owner}`;
          found.push(sharedTenant([tenant, "namespaces", index], message, removeItem(index)));
        }
      }
      return found;
    },
    [...unread],
  );
}

function sharedTenant(path: readonly PropertyKey[], message: string, fix: string): Problem {
  return { code: "SKP1316", path: configPath(["tenants", ...path]), message, fix };
}
