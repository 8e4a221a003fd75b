import { z } from "zod";
import { pluginId, pluginVersion, validateGrafana } from "../../components/grafana/index.ts";
import type { ObservabilityProps } from "../../components/observability.ts";
import {
  dnsSubdomain,
  host,
  hostPort,
  httpUrl,
  iniLine,
  line,
  mailAddresses,
  secretKeyName,
  team,
} from "../../lib/formats/index.ts";
import type { CheckedStack } from "../checks.ts";
import { type Facts, withoutUndefined } from "../facts.ts";
import { problemsOfComponent } from "../findings.ts";
import { mapping, port, text, unique } from "../formats.ts";
import type { Problem } from "../problem.ts";
import type { ResolvedStack } from "../resolve.ts";
import { optionsIn, workloadOptions } from "../schema/options.ts";
import { routeSchema } from "../schema/route.ts";
import { secretKeySchema } from "../schema/secret.ts";
import { switchable } from "../schema/switch.ts";
import { type Prerequisite, routePrerequisites, secretPrerequisite } from "./needs.ts";

const adminSecret = z.strictObject({
  name: text(dnsSubdomain).describe("Name of the Secret."),
  userKey: text(secretKeyName).default("admin-user").describe("Key with the user name."),
  passwordKey: text(secretKeyName).default("admin-password").describe("Key with the password."),
});

/** The Secret with the administrator's credentials where the stack does not name one. */
export const defaultAdminSecret = adminSecret.parse({ name: "grafana-admin" });

const database = z.strictObject({
  host: text(hostPort).describe("Host and port: postgres.example.com:5432."),
  name: text(iniLine).describe("Name of the database."),
  user: text(iniLine).describe("Name of the user."),
  password: secretKeySchema.describe("Secret key with the password."),
});

const oidc = z.strictObject({
  name: text(iniLine).optional().describe("Name on the login button."),
  clientId: text(iniLine).describe("Client ID at the provider."),
  clientSecret: secretKeySchema.describe("Secret key with the client secret."),
  authUrl: text(httpUrl).describe("The provider's authorization endpoint."),
  tokenUrl: text(httpUrl).describe("The provider's token endpoint."),
  apiUrl: text(httpUrl).describe("The provider's userinfo endpoint."),
  scopes: text(iniLine).optional().describe("Scopes to request, separated by spaces."),
  roleAttributePath: text(iniLine).optional().describe("JMESPath expression that yields the role."),
  allowedDomains: unique(text(host).describe("Domain of an e-mail address."))
    .optional()
    .describe("E-mail domains that may log in. By default any."),
  autoLogin: z.boolean().optional().describe("Skip Grafana's login form."),
});

const ldap = z.strictObject({
  config: secretKeySchema.describe("Secret key with Grafana's ldap.toml."),
  port: port.optional().describe("Port of the LDAP servers, for the network policy."),
});

export const schema = switchable(
  {
    ...workloadOptions,
    external: z
      .strictObject({ url: text(httpUrl).describe("URL at which users reach it, for links in alerts.") })
      .optional()
      .describe("An externally managed Grafana: its sidecar loads the stack's dashboards and data sources."),
    replicas: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe("Number of pods. By default two with a database, and one without."),
    adminSecret: adminSecret
      .optional()
      .describe(
        "Existing Secret with the administrator's credentials. By default grafana-admin, which `pulumi up` creates from grafanaAdminPassword.",
      ),
    database: database.optional().describe("PostgreSQL database; required for more than one replica."),
    host: text(host).optional().describe("Host name under which users reach Grafana: grafana.example.com."),
    route: routeSchema.optional().describe("How that host is routed to Grafana."),
    encryptionKey: secretKeySchema.optional().describe("Key with which Grafana encrypts stored secrets."),
    access: z
      .strictObject({
        oidc: oidc.optional().describe("Login with OpenID Connect."),
        ldap: ldap.optional().describe("Login with LDAP."),
      })
      .optional()
      .describe("Who may log in besides the administrator; anonymous access is always off."),
    smtp: z
      .strictObject({
        host: text(hostPort).describe("Host and port: smtp.example.com:587."),
        from: text(mailAddresses).describe("Address of the sender."),
        fromName: text(iniLine).optional().describe('Name of the sender. By default "Grafana".'),
        auth: z
          .strictObject({
            username: text(iniLine).describe("User name."),
            password: secretKeySchema.describe("Secret key with the password."),
          })
          .optional()
          .describe("Authentication. By default none."),
      })
      .optional()
      .describe("Mail server for invitations and password resets. By default Grafana sends no mail."),
    plugins: z
      .array(
        z
          .strictObject({
            id: text(pluginId).describe("ID in the catalog."),
            version: text(pluginVersion).describe("Version."),
          })
          .describe("A plugin."),
      )
      .optional()
      .describe("Plugins that Grafana downloads from grafana.com when it starts. By default those of its image."),
    teams: mapping(team, line).optional().describe("Dashboard folder by team."),
  },
  true,
).describe("Dashboards and queries.");

export function settings({ config }: Facts): Partial<ObservabilityProps> {
  const { enabled, external, route, access, teams, ...stated } = config.components.grafana;
  const folders = Object.entries(config.tenants).flatMap(([name, { folder }]) =>
    folder ? [[name, folder] as const] : [],
  );
  if (!enabled) return {};
  if (external) return { grafana: "external" };
  return {
    grafana: withoutUndefined({
      ...stated,
      ...optionsIn(stated),
      teams: teams || folders.length > 0 ? { ...Object.fromEntries(folders), ...teams } : undefined,
      route: route && withoutUndefined(route),
      smtp: stated.smtp && withoutUndefined(stated.smtp),
      access: access && withoutUndefined({ oidc: access.oidc && withoutUndefined(access.oidc), ldap: access.ldap }),
    }),
  };
}

export function checks({ props }: CheckedStack): readonly Problem[] {
  const { grafana, namespaces, workload, availability } = props;
  if (grafana === "external" || !grafana) return [];
  return problemsOfComponent(
    "grafana",
    validateGrafana({ namespace: namespaces.stack, workload, availability, ...grafana }),
  );
}

export function prerequisites({ config }: ResolvedStack): readonly Prerequisite[] {
  const { enabled, external, adminSecret, route } = config.components.grafana;
  if (!enabled || external) return [];
  const namespace = config.namespaces.stack;
  const { name, userKey, passwordKey } = adminSecret ?? defaultAdminSecret;
  const secret = secretPrerequisite(name, namespace, [userKey, passwordKey], "Grafana's administrator");
  return [
    adminSecret
      ? secret
      : {
          what: "password of the Grafana administrator",
          why: `\`pulumi up\` creates Secret ${name} with it; for rendered files, create it`,
          command: `pulumi config set --secret skopos:grafanaAdminPassword\n${secret.command}`,
        },
    ...(route ? routePrerequisites(route, namespace, "Grafana") : []),
  ];
}
