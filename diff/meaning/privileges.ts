import type { ObjectChange } from "../model/changes.ts";
import { compareText, type Fields, fields, items, list, type Manifest, nameOf } from "../model/object.ts";
import type { Meaning, Reader } from "./meaning.ts";

/** Rights of pods and service accounts that are gained or given up. */
export const privilegeMeaning: Reader = function* (changes) {
  for (const change of changes) {
    const { id } = change;
    const [old, now] = rightsOf(change);
    const say = (severity: Meaning["severity"], words: string): Meaning => ({
      area: "privileges",
      severity,
      text: `${nameOf(id)} ${words}`,
      object: id,
    });
    const gained = [...now].filter((right) => !old.has(right)).sort(compareText);
    const lost = [...old].filter((right) => !now.has(right)).sort(compareText);
    for (const right of gained)
      yield say(change.kind === "added" && !isDangerous(right) ? "info" : "danger", `gains ${right}`);
    if (change.kind !== "removed") for (const right of lost) yield say("info", `gives up ${right}`);
  }
};

const isDangerous = (right: string): boolean =>
  !right.startsWith("the right to") || right.includes("*") || right.includes("secrets");

function rightsOf({ before, after, id }: ObjectChange): [ReadonlySet<string>, ReadonlySet<string>] {
  const read = /^(?:Cluster)?Role$/.test(id.kind)
    ? ruleRights
    : /^(?:Cluster)?RoleBinding$/.test(id.kind)
      ? bindingRights
      : podRights;
  return [new Set(before ? read(before) : []), new Set(after ? read(after) : [])];
}

function* ruleRights(role: Manifest): Generator<string> {
  for (const rule of items(role.rules)) {
    const named = list(rule.resourceNames).length > 0 ? ` named ${list(rule.resourceNames).join(", ")}` : "";
    for (const verb of list(rule.verbs)) {
      for (const group of list(rule.apiGroups).length > 0 ? list(rule.apiGroups) : [""]) {
        for (const resource of list(rule.resources))
          yield `the right to ${verb} ${resource}${group === "" ? "" : `.${group}`}${named}`;
      }
      for (const url of list(rule.nonResourceURLs)) yield `the right to ${verb} ${url}`;
    }
  }
}

function* bindingRights(binding: Manifest): Generator<string> {
  const role = fields(binding.roleRef);
  for (const { kind, namespace, name } of items(binding.subjects)) {
    yield `the rights of ${role.kind} ${role.name} for ${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
  }
}

function* podRights({ kind, spec, metadata }: Manifest): Generator<string> {
  if (kind === "Namespace") {
    const level = metadata.labels?.["pod-security.kubernetes.io/enforce"];
    if (level === undefined || level === "privileged") yield "pods without any Pod Security restriction";
    return;
  }
  const pod =
    kind === "Pod"
      ? fields(spec)
      : fields(fields(fields(kind === "CronJob" ? fields(fields(spec).jobTemplate).spec : spec).template).spec);
  for (const field of ["hostNetwork", "hostPID", "hostIPC"]) if (pod[field] === true) yield field;
  for (const volume of items(pod.volumes)) {
    const path = fields(volume.hostPath).path;
    if (path !== undefined) yield `the host path ${path}`;
  }
  for (const container of [...items(pod.initContainers), ...items(pod.containers)]) {
    yield* containerRights(container, fields(pod.securityContext));
  }
}

function* containerRights(container: Fields, podContext: Fields): Generator<string> {
  const context = { ...podContext, ...fields(container.securityContext) };
  const of = `in container ${container.name}`;
  if (context.privileged === true) yield `privileged mode ${of}`;
  if (context.allowPrivilegeEscalation !== false) yield `privilege escalation ${of}`;
  if (context.runAsUser === 0 || context.runAsNonRoot !== true) yield `the right to run as root ${of}`;
  if (context.readOnlyRootFilesystem !== true) yield `a writable root file system ${of}`;
  for (const capability of list(fields(context.capabilities).add)) yield `the capability ${capability} ${of}`;
  if (!list(fields(context.capabilities).drop).includes("ALL")) yield `the default capabilities ${of}`;
}
