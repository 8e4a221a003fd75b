import { z } from "zod";
import { containerRule, documentRule, objectRule, podRule } from "../../engine/kinds-of-rules.ts";
import { policiesOf, rulesOf } from "../../engine/network.ts";
import type { KubernetesObject } from "../../engine/object.ts";
import { type Rule, remove, set } from "../../engine/rule.ts";
import { scrapersOf, targetsOf } from "../../engine/scraping.ts";
import { allTexts, at, fields, items, list, type Path, text, texts } from "../../engine/values.ts";
import { writtenOut } from "../collectors/pipelines.ts";

const defaultDeny = podRule(
  {
    id: "security/default-deny",
    pods: "all",
    title: "In a namespace with network policies every pod is under one",
    severity: "warning",
    why: "Policies admit; what none selects is open to everybody. One workload that was forgotten is reachable from every pod of the cluster.",
    remedy: "Add a policy that selects all pods of the namespace and admits nothing.",
  },
  function* (pod, { set: objects }) {
    if (pod.hostNetwork || !objects.ofKind("NetworkPolicy").some(({ namespace }) => namespace === pod.namespace))
      return;
    if (policiesOf(objects, pod, "Ingress").length > 0) return;
    yield {
      message: "no network policy restricts who may connect to it",
      path: [...pod.path, "metadata", "labels"],
      fix: [
        {
          create: {
            apiVersion: "networking.k8s.io/v1",
            kind: "NetworkPolicy",
            metadata: { name: "default-deny", namespace: pod.namespace },
            spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
          },
        },
      ],
    };
  },
);

const metricsEndpoint = objectRule(
  {
    id: "security/metrics-endpoint",
    kinds: ["ServiceMonitor", "PodMonitor"],
    title: "A port that serves only metrics is open to Prometheus alone",
    severity: "warning",
    why: "Metrics tell names of users, hosts and versions, and a scrape costs the process time: anyone who may ask can slow it down.",
    remedy: "Admit only the Prometheus pods to the port.",
    parameters: z.object({
      ports: z
        .array(z.string())
        .default(["metrics", "http-metrics", "prometheus", "telemetry", "monitoring"])
        .describe("Names of ports that serve nothing but metrics."),
    }),
  },
  function* (monitor, { set: objects, parameters }) {
    for (const { pod, port, endpoint } of targetsOf(objects, monitor)) {
      if (endpoint.port === undefined || !parameters.ports.includes(endpoint.port)) continue;
      const policies = policiesOf(objects, pod, "Ingress");
      if (policies.length === 0) continue;
      for (const policy of policies) {
        const open = rulesOf(policy, "Ingress").findIndex(
          ({ anyone, ports, anyPort }) =>
            anyone && (anyPort || ports.some((each) => each.port === port || each.port === endpoint.port)),
        );
        if (open < 0) continue;
        const path: Path = ["spec", "ingress", open];
        const scraper = scrapersOf(objects, monitor)[0];
        const labels = scraper ? objects.podOf(scraper)?.labels : {};
        yield {
          message: `${policy.id} admits everybody to port ${port} of ${pod.object.id}`,
          path: endpoint.path,
          fix: [
            {
              object: policy,
              path: [...path, "from"],
              value: [{ namespaceSelector: {}, podSelector: { matchLabels: labels ?? {} } }],
            },
          ],
        };
      }
    }
  },
);

const rbac = objectRule(
  {
    id: "security/rbac-wildcards",
    kinds: ["ClusterRole", "Role"],
    title: "No role grants everything",
    severity: "error",
    why: "A wildcard grants what exists today and whatever a new API brings: with `*` verbs on `*` resources the account is cluster administrator.",
    remedy: "Name the groups, resources and verbs.",
  },
  function* (role) {
    for (const [index, rule] of items(role.value.rules)) {
      for (const key of ["resources", "verbs", "apiGroups"]) {
        const place = texts(rule[key]).indexOf("*");
        if (place < 0 || texts(rule.nonResourceURLs).length > 0) continue;
        const path = ["rules", index, key];
        const wanted = key === "verbs" ? ["get", "list", "watch"] : key === "resources" ? ["<resource>"] : ["<group>"];
        yield { message: `it grants every one of ${key}`, path, fix: [set(path, wanted)] };
      }
    }
  },
);

/** Verbs and resources by which an account takes more rights than it has. */
const escalating = [
  { verbs: ["escalate", "bind", "impersonate"], resources: undefined },
  { verbs: ["create"], resources: ["pods/exec", "pods/attach", "serviceaccounts/token"] },
] as const;

const secretsAccess = objectRule(
  {
    id: "security/rbac-secrets",
    kinds: ["ClusterRole"],
    title: "No account reads the secrets of the whole cluster, or can raise its own rights",
    severity: "error",
    why: "Who reads every Secret is every account: tokens, database passwords and certificates are among them. escalate, bind, impersonate and pods/exec give the same in one step.",
    remedy: "Grant it by a Role in the namespaces where it is needed, or for named Secrets.",
  },
  function* (role, { set: objects }) {
    // A ClusterRole that only RoleBindings refer to is one of the namespace.
    const bound = ["RoleBinding", "ClusterRoleBinding"]
      .flatMap((kind) => objects.ofKind(kind))
      .filter((binding) => refersTo(binding, role));
    if (bound.length > 0 && bound.every(({ kind }) => kind === "RoleBinding")) return;
    for (const [index, rule] of items(role.value.rules)) {
      const verbs = texts(rule.verbs);
      const resources = texts(rule.resources);
      const path = ["rules", index];
      const reads = verbs.some((verb) => ["get", "list", "watch", "*"].includes(verb));
      const core =
        list(rule.apiGroups).length === 0 || texts(rule.apiGroups).some((group) => group === "" || group === "*");
      if (core && reads && resources.includes("secrets") && list(rule.resourceNames).length === 0) {
        yield {
          message: "it reads every Secret of the cluster",
          path,
          fix: [
            set(
              [...path, "resources"],
              resources.filter((each) => each !== "secrets"),
            ),
          ],
        };
      }
      for (const { verbs: dangerous, resources: on } of escalating) {
        const verb = verbs.find((each) => (dangerous as readonly string[]).includes(each));
        const resource =
          on === undefined ? resources[0] : resources.find((each) => (on as readonly string[]).includes(each));
        if (verb === undefined || resource === undefined) continue;
        yield {
          message: `it may ${verb} ${resource}: with that it takes any right`,
          path,
          fix: [
            on === undefined
              ? set(
                  [...path, "verbs"],
                  verbs.filter((each) => each !== verb),
                )
              : set(
                  [...path, "resources"],
                  resources.filter((each) => each !== resource),
                ),
          ],
        };
      }
    }
  },
);

const refersTo = (binding: KubernetesObject, role: KubernetesObject): boolean => {
  const { kind, name } = fields(binding.value.roleRef);
  return kind === role.kind && name === role.name;
};

const adminBinding = objectRule(
  {
    id: "security/admin-binding",
    kinds: ["ClusterRoleBinding", "RoleBinding"],
    title: "No account is bound to an administrator's role, and no role to everybody",
    severity: "error",
    why: "cluster-admin may do everything. A binding of system:authenticated or of the group of all service accounts gives a right to every pod.",
    remedy: "Bind a role with the rights that are needed to the one account.",
  },
  function* (binding) {
    const role = text(fields(binding.value.roleRef).name) ?? "";
    if (role === "cluster-admin" || (role === "admin" && binding.kind === "ClusterRoleBinding")) {
      yield { message: `it binds ${role}`, path: ["roleRef", "name"], fix: [set(["roleRef", "name"], "<role>")] };
    }
    for (const [index, subject] of items(binding.value.subjects)) {
      const name = text(subject.name) ?? "";
      if (!/^system:(authenticated|unauthenticated|serviceaccounts|anonymous)$/.test(name)) continue;
      yield { message: `it binds ${name}`, path: ["subjects", index], fix: [remove(["subjects", index])] };
    }
  },
);

/** Annotations by which ingress controllers ask for a login. */
const authAnnotations =
  /auth-(url|type|secret|signin)|\.auth\b|oauth|authn|auth-tls|oidc|middlewares|forward-?auth|whitelist|allowlist|inbound-cidrs|scheme/i;

const ingress = objectRule(
  {
    id: "security/ingress",
    kinds: ["Ingress"],
    title: "What is reachable from outside has TLS and a login",
    severity: "error",
    why: "Prometheus, Alertmanager, Mimir, Loki and Tempo have no login of their own: whoever reaches them reads everything and may delete silences and data. Without TLS passwords and sessions cross the network in the clear.",
    remedy: "Add `tls`, and an authenticating proxy in front of all but Grafana.",
    parameters: z.object({
      login: z
        .array(z.string())
        .default(["grafana"])
        .describe("Names of Services whose programs ask for a login themselves, as parts of their name."),
    }),
  },
  function* (object, { parameters }) {
    if (list(object.spec.tls).length === 0) {
      const hosts = items(object.spec.rules).flatMap(([, rule]) => text(rule.host) ?? []);
      yield {
        message: "it has no TLS",
        path: ["spec", "tls"],
        fix: [set(["spec", "tls"], [{ hosts, secretName: `${object.name}-tls` }])],
      };
    }
    if (
      Object.keys(object.annotations).some(
        (key) => authAnnotations.test(key) && !/internet-facing/.test(object.annotations[key] ?? ""),
      )
    )
      return;
    for (const [rule, each] of items(object.spec.rules)) {
      for (const [index, path] of items(at(each, "http", "paths"))) {
        const name = text(at(path, "backend", "service", "name")) ?? "";
        if (parameters.login.some((part) => name.includes(part))) continue;
        yield {
          message: `it exposes ${name}, which asks nobody for a login`,
          path: ["spec", "rules", rule, "http", "paths", index, "backend"],
          fix: [
            set(["metadata", "annotations", "nginx.ingress.kubernetes.io/auth-url"], "https://<login>/oauth2/auth"),
          ],
        };
      }
    }
  },
);

const exposedService = objectRule(
  {
    id: "security/exposed-service",
    kinds: ["Service"],
    title: "No Service is open to the outside without saying so",
    severity: "warning",
    why: "A NodePort is open on every address of every node, a LoadBalancer most often on the internet, and neither asks for a login.",
    remedy: "Use ClusterIP and an Ingress or Gateway in front.",
  },
  function* (object) {
    const { type } = object.spec;
    const internal = Object.entries(object.annotations).some(
      ([key, value]) => /internal|scheme/.test(key) && /true|internal|Internal/.test(value),
    );
    if ((type !== "NodePort" && type !== "LoadBalancer") || internal) return;
    yield { message: `the Service is a ${type}`, path: ["spec", "type"], fix: [set(["spec", "type"], "ClusterIP")] };
  },
);

const plainSecrets = containerRule(
  {
    id: "security/plain-secrets",
    pods: "all",
    title: "No credential stands in an environment or an argument",
    severity: "error",
    why: "It is in the object, which more people read than Secrets, in `kubectl describe`, and in the arguments every process of the node may list.",
    remedy: "Take it from a Secret with `valueFrom.secretKeyRef`, or from a mounted file.",
  },
  function* ({ fields: container, path }) {
    for (const [index, variable] of items(container.env)) {
      const [name, value] = [text(variable.name) ?? "", text(variable.value) ?? ""];
      if (!writtenOut(name, value)) continue;
      const place = [...path, "env", index];
      yield {
        message: `${name} is written out`,
        path: place,
        fix: [set(place, { name, valueFrom: { secretKeyRef: { name: "<secret>", key: name.toLowerCase() } } })],
      };
    }
    for (const [index, argument] of list(container.args).entries()) {
      const [, key, value] = /^--?([\w.-]+)=(.+)$/.exec(text(argument) ?? "") ?? [];
      if (key === undefined || value === undefined || !writtenOut(key.replaceAll(/[.-]/g, "_"), value)) continue;
      const place = [...path, "args", index];
      yield {
        message: `--${key} is written out`,
        path: place,
        fix: [set(place, `--${key}=$(${key.replaceAll(/\W/g, "_").toUpperCase()})`)],
      };
    }
  },
);

const tls = documentRule(
  {
    id: "security/tls-verification",
    formats: ["collector", "prometheus", "mimir", "loki", "tempo", "alertmanager", "data-sources"],
    title: "TLS certificates are verified",
    severity: "warning",
    why: "Without verification anyone on the way can answer in the other's place and read or change what is sent.",
    remedy: "Remove the setting and name the authority's certificate with `ca_file`.",
  },
  function* ({ value, path }) {
    for (const place of skipsVerification(value)) {
      yield {
        message: `${place.join(".")} accepts any certificate`,
        path: [...path, ...place],
        fix: [set([...path, ...place], false)],
      };
    }
  },
);

const objectTls = objectRule(
  {
    id: "security/scrape-tls",
    kinds: ["ServiceMonitor", "PodMonitor", "Prometheus", "PrometheusAgent", "Probe"],
    title: "Scrapes and remote writes verify TLS certificates",
    severity: "warning",
    why: "Without verification anyone on the way can answer in the target's place, and gets the bearer token that is sent along.",
    remedy: "Remove `insecureSkipVerify` and name the authority's certificate.",
  },
  function* (object) {
    for (const place of skipsVerification(object.spec)) {
      yield {
        message: `${place.join(".")} accepts any certificate`,
        path: ["spec", ...place],
        fix: [remove(["spec", ...place])],
      };
    }
  },
);

/** Places where a configuration switches the verification of certificates off. */
function skipsVerification(value: unknown, path: Path = [], depth = 0): Path[] {
  if (typeof value !== "object" || value === null || depth > 40) return [];
  return Object.entries(value).flatMap(([key, each]) => {
    const place = [...path, Array.isArray(value) ? Number(key) : key];
    if (each === true && /^(insecure_?skip_?verify|tls_insecure_skip_verify|tlsSkipVerify|tls_skip_verify)$/i.test(key))
      return [place];
    return skipsVerification(each, place, depth + 1);
  });
}

const namespaces = objectRule(
  {
    id: "security/pod-security-level",
    kinds: ["Namespace"],
    title: "Namespaces enforce a Pod Security level",
    severity: "warning",
    why: "Without the label the API server admits any pod, also a privileged one. https://kubernetes.io/docs/concepts/security/pod-security-admission/",
    remedy: "Label the namespace with `pod-security.kubernetes.io/enforce`.",
  },
  function* (object, { set: objects }) {
    const key = "pod-security.kubernetes.io/enforce";
    if (object.labels[key] !== undefined || !objects.pods.some(({ namespace }) => namespace === object.name)) return;
    yield {
      message: `it has no label ${key}`,
      path: ["metadata", "labels"],
      fix: [set(["metadata", "labels", key], "restricted")],
    };
  },
);

const grafana = objectRule(
  {
    id: "security/anonymous-grafana",
    kinds: ["ConfigMap"],
    title: "Grafana asks for a login",
    severity: "error",
    why: "With anonymous access everybody who reaches Grafana queries every data source with its credentials.",
    remedy: "Set `enabled = false` under `[auth.anonymous]`.",
  },
  function* (object) {
    for (const [place, content] of allTexts(object.value.data, ["data"])) {
      const section = /\[auth\.anonymous\]([^[]*)/.exec(content)?.[1];
      if (section === undefined || !/^\s*enabled\s*=\s*true/m.test(section)) continue;
      yield {
        message: "anonymous access is on",
        path: place,
        fix: [set(place, content.replace(section, section.replace(/enabled\s*=\s*true/, "enabled = false")))],
      };
    }
  },
);

/** Rules about who may reach and do what. */
export const securityRules: readonly Rule[] = [
  defaultDeny,
  metricsEndpoint,
  rbac,
  secretsAccess,
  adminBinding,
  ingress,
  exposedService,
  plainSecrets,
  tls,
  objectTls,
  namespaces,
  grafana,
];
