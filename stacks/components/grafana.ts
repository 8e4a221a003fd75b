import { z } from "zod";
import { validateGrafana } from "../../components/grafana/index.ts";
import type { ObservabilityProps } from "../../components/observability.ts";
import type { CheckedStack } from "../checks.ts";
import { type Facts, withoutUndefined } from "../facts.ts";
import { problemsOfComponent } from "../findings.ts";
import type { Problem } from "../problem.ts";
import type { ResolvedStack } from "../resolve.ts";
import { secretKeySchema } from "../schema/secret.ts";
import { externalSchema, switchable } from "../schema/switch.ts";
import { type Prerequisite, secretPrerequisite } from "./needs.ts";

const adminSecret = z
  .strictObject({
    name: z.string().describe("Name of the Secret."),
    userKey: z.string().default("admin-user").describe("Key with the user name."),
    passwordKey: z.string().default("admin-password").describe("Key with the password."),
  })
  .prefault({ name: "grafana-admin" });

const database = z.strictObject({
  host: z.string().describe("Host and port: postgres.example.com:5432."),
  name: z.string().describe("Name of the database."),
  user: z.string().describe("Name of the user."),
  password: secretKeySchema.describe("Secret key with the password."),
});

const route = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("ingress").describe("An Ingress."),
    className: z.string().optional().describe("IngressClass. By default the cluster's."),
    tlsSecret: z.string().optional().describe("Secret with the TLS certificate. By default the controller's."),
    annotations: z.record(z.string(), z.string()).optional().describe("Annotations for the Ingress controller."),
  }),
  z.strictObject({
    kind: z.literal("gateway").describe("An HTTPRoute of the Gateway API."),
    gateway: z
      .strictObject({
        name: z.string().describe("Name of the Gateway."),
        namespace: z.string().optional().describe("Its namespace. By default the stack's."),
        listener: z.string().optional().describe("Name of the listener. By default all of them."),
      })
      .describe("The existing Gateway."),
  }),
]);

const oidc = z.strictObject({
  name: z.string().optional().describe("Name on the login button."),
  clientId: z.string().describe("Client ID at the provider."),
  clientSecret: secretKeySchema.describe("Secret key with the client secret."),
  authUrl: z.url().describe("The provider's authorization endpoint."),
  tokenUrl: z.url().describe("The provider's token endpoint."),
  apiUrl: z.url().describe("The provider's userinfo endpoint."),
  scopes: z.string().optional().describe("Scopes to request, separated by spaces."),
  roleAttributePath: z.string().optional().describe("JMESPath expression that yields the role."),
  allowedDomains: z.array(z.string()).optional().describe("E-mail domains that may log in. By default any."),
  autoLogin: z.boolean().optional().describe("Skip Grafana's login form."),
});

const ldap = z.strictObject({
  config: secretKeySchema.describe("Secret key with Grafana's ldap.toml."),
  port: z.int().optional().describe("Port of the LDAP servers, for the network policy."),
});

export const schema = switchable(
  {
    external: externalSchema
      .optional()
      .describe("An externally managed Grafana: its sidecar loads the stack's dashboards and data sources."),
    replicas: z.int().min(1).optional().describe("Number of pods. By default two with a database, and one without."),
    adminSecret: adminSecret.describe("Secret with the administrator's credentials."),
    database: database.optional().describe("PostgreSQL database; required for more than one replica."),
    host: z.string().optional().describe("Host name under which users reach Grafana: grafana.example.com."),
    route: route.optional().describe("How that host is routed to Grafana."),
    encryptionKey: secretKeySchema.optional().describe("Key with which Grafana encrypts stored secrets."),
    access: z
      .strictObject({
        oidc: oidc.optional().describe("Login with OpenID Connect."),
        ldap: ldap.optional().describe("Login with LDAP."),
      })
      .optional()
      .describe("Who may log in besides the administrator; anonymous access is always off."),
    teams: z.record(z.string(), z.string()).optional().describe("Dashboard folder by team."),
  },
  true,
).describe("Dashboards and queries.");

export function settings({ config }: Facts): Partial<ObservabilityProps> {
  const { enabled, external, route, access, ...stated } = config.components.grafana;
  if (!enabled) return {};
  if (external) return { grafana: "external" };
  return {
    grafana: withoutUndefined({
      ...stated,
      route: route && withoutUndefined(route),
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

export function prerequisites({ name: stack, config }: ResolvedStack): readonly Prerequisite[] {
  const { enabled, external, adminSecret } = config.components.grafana;
  if (!enabled || external) return [];
  if (config.grafanaAdminPassword !== undefined || stack === "dev") {
    return [
      {
        what: "password of the Grafana administrator",
        why: "`pulumi up` creates a Secret with it",
        command: "pulumi config set --secret skopos:grafanaAdminPassword",
      },
    ];
  }
  const { name, userKey, passwordKey } = adminSecret;
  return [secretPrerequisite(name, config.namespaces.stack, [userKey, passwordKey], "Grafana's administrator")];
}
