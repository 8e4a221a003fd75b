import { objectRule } from "../../engine/kinds-of-rules.ts";
import type { KubernetesObject } from "../../engine/object.ts";
import { type Rule, remove, set } from "../../engine/rule.ts";
import { fields, items, list, text, texts } from "../../engine/values.ts";

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

/** Rules about rights at the API server. */
export const accessRules: readonly Rule[] = [rbac, secretsAccess, adminBinding];
