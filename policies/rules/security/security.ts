import { containerRule, documentRule, objectRule } from "../../engine/kinds-of-rules.ts";
import { type Rule, remove, set } from "../../engine/rule.ts";
import { allTexts, items, list, type Path, text } from "../../engine/values.ts";
import { writtenOut } from "../collectors/pipelines.ts";

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
export const securityRules: readonly Rule[] = [plainSecrets, tls, objectTls, namespaces, grafana];
