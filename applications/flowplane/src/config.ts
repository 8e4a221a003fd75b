import { readFileSync } from "node:fs";
import { z } from "zod";

const port = (standard: number) => z.coerce.number().int().min(0).max(65_535).default(standard);
const flag = z
  .enum(["true", "false"])
  .default("false")
  .transform((text) => text === "true");
const url = z.url({ protocol: /^https?$/, error: "must be a URL, such as http://flowplane-0.flowplane:8080" });

/** All settings, by the name of their environment variable. */
export const settings = {
  FLOWPLANE_HOST: z.string().default("127.0.0.1").describe("Address of the API. In a pod: the pod's."),
  FLOWPLANE_PORT: port(8080).describe("Port of the API; 0 takes any free one."),
  FLOWPLANE_DATABASE: z.string().min(1).default("flowplane.db").describe("SQLite file; `:memory:` for none."),
  FLOWPLANE_ADMIN_TOKEN_FILE: z.string().min(1).optional().describe("File with the administrator's token."),
  FLOWPLANE_LEADER: url.optional().describe("Instance to follow: this one serves what that one holds, and only reads."),
  FLOWPLANE_HASH_TEAMS: flag.describe("Export teams as keyed hashes. The key comes from `FLOWPLANE_HASH_KEY_FILE`."),
  FLOWPLANE_HASH_KEY_FILE: z.string().min(1).optional().describe("File with the key of the hashes."),
  METRICS_HOST: z.string().default("127.0.0.1").describe("Address of the metrics. In a pod: the pod's."),
  METRICS_PORT: port(9090).describe("Port of the metrics; 0 takes any free one."),
  METRICS_MAX_SERIES: z.coerce.number().int().min(1).max(1_000_000).default(10_000).describe("Limit of the series."),
  METRICS_USERNAME: z.string().min(1).optional().describe("User of basic authentication of the metrics."),
  METRICS_PASSWORD_FILE: z.string().min(1).optional().describe("File with the password of that user."),
  PUSHGATEWAY_URL: url.optional().describe("Pushgateway that short jobs push to."),
} as const;

const schema = z.object(settings);

/** The settings, with the contents of the files that they name. */
export interface Config extends z.output<typeof schema> {
  readonly adminToken?: string;
  readonly hashKey?: string;
  readonly metricsPassword?: string;
}

/** Settings that cannot be used, all of them. */
export class ConfigError extends Error {}

/**
 * The settings of an environment; variables with other names are ignored. `POD_IP` replaces the defaults of both hosts.
 *
 * @throws ConfigError with every mistake, a line for each
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const own = env.POD_IP ? { FLOWPLANE_HOST: env.POD_IP, METRICS_HOST: env.POD_IP } : {};
  const { data, error } = schema.safeParse({ ...own, ...env });
  const problems = error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
  const content = (key: "FLOWPLANE_ADMIN_TOKEN_FILE" | "FLOWPLANE_HASH_KEY_FILE" | "METRICS_PASSWORD_FILE") => {
    const file = env[key];
    if (file === undefined) return undefined;
    try {
      const text = readFileSync(file, "utf8").trim();
      if (text === "") problems.push(`${key}: ${file} is empty`);
      return text;
    } catch (cause) {
      problems.push(`${key}: ${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`);
      return undefined;
    }
  };
  const adminToken = content("FLOWPLANE_ADMIN_TOKEN_FILE");
  const hashKey = content("FLOWPLANE_HASH_KEY_FILE");
  const metricsPassword = content("METRICS_PASSWORD_FILE");
  if (data?.FLOWPLANE_LEADER && env.FLOWPLANE_ADMIN_TOKEN_FILE === undefined)
    problems.push("FLOWPLANE_LEADER: needs FLOWPLANE_ADMIN_TOKEN_FILE, with the leader's token");
  if (data?.FLOWPLANE_HASH_TEAMS && env.FLOWPLANE_HASH_KEY_FILE === undefined)
    problems.push("FLOWPLANE_HASH_TEAMS: needs FLOWPLANE_HASH_KEY_FILE, or hashes change at each start");
  if ((data?.METRICS_USERNAME === undefined) !== (env.METRICS_PASSWORD_FILE === undefined))
    problems.push("METRICS_USERNAME and METRICS_PASSWORD_FILE: set both, or none");
  if (!data || problems.length > 0) throw new ConfigError(problems.join("\n"));
  return {
    ...data,
    ...(adminToken && { adminToken }),
    ...(hashKey && { hashKey }),
    ...(metricsPassword && { metricsPassword }),
  };
}
