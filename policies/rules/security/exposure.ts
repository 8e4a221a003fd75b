import { z } from "zod";
import { objectRule, podRule } from "../../engine/kinds-of-rules.ts";
import { policiesOf, policyKinds, rulesOf } from "../../engine/network.ts";
import { type Rule, set } from "../../engine/rule.ts";
import { scrapersOf, targetsOf } from "../../engine/scraping.ts";
import { at, items, list, text } from "../../engine/values.ts";

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
    if (pod.hostNetwork || !policyKinds.some((kind) => objects.inNamespace(kind, pod.namespace).length > 0)) return;
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

/** Without it, a selector of a CiliumNetworkPolicy means pods of the policy's namespace. */
const anyNamespace = { matchExpressions: [{ key: "k8s:io.kubernetes.pod.namespace", operator: "Exists" }] };

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
        const open = rulesOf(policy, "Ingress").find(
          ({ anyone, ports, anyPort }) =>
            anyone &&
            (anyPort || ports.some((each) => String(each.port) === String(port) || each.port === endpoint.port)),
        );
        if (!open) continue;
        const { path } = open;
        const scraper = scrapersOf(objects, monitor)[0];
        const labels = (scraper && objects.podOf(scraper)?.labels) ?? {};
        yield {
          message: `${policy.id} admits everybody to port ${port} of ${pod.object.id}`,
          path: endpoint.path,
          fix: [
            policy.kind === "CiliumNetworkPolicy"
              ? {
                  object: policy,
                  path,
                  value: {
                    fromEndpoints: [{ matchLabels: labels, ...anyNamespace }],
                    toPorts: at(policy.value, ...path, "toPorts"),
                  },
                }
              : {
                  object: policy,
                  path: [...path, "from"],
                  value: [{ namespaceSelector: {}, podSelector: { matchLabels: labels } }],
                },
          ],
        };
      }
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

/** Rules about who may reach what. */
export const exposureRules: readonly Rule[] = [defaultDeny, metricsEndpoint, ingress, exposedService];
