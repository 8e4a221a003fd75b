import { containerRule } from "../../engine/kinds-of-rules.ts";
import type { Container, Pod } from "../../engine/pods.ts";
import { type Rule, remove, set } from "../../engine/rule.ts";
import { at, fields, text, texts } from "../../engine/values.ts";

export const standard = "Pod Security Standard, https://kubernetes.io/docs/concepts/security/pod-security-standards/";

const windows = (pod: Pod): boolean => at(pod.spec, "os", "name") === "windows";

/** A field of a container's security context, or of the pod's where the container does not say. */
function effective(container: Container, ...path: string[]): unknown {
  return at(container.fields, "securityContext", ...path) ?? at(container.pod.spec, "securityContext", ...path);
}

export const contextPath = (container: Container, ...path: string[]) => [...container.path, "securityContext", ...path];

const addedCapabilities = containerRule(
  {
    id: "pods/added-capabilities",
    pods: "written",
    title: "No container adds a capability",
    severity: "error",
    why: `Each capability is a part of root's power. Only NET_BIND_SERVICE may be added under the restricted ${standard}.`,
    remedy: "Remove the capability, or waive it by name for the one container that needs it.",
  },
  function* (container) {
    const path = contextPath(container, "capabilities", "add");
    const added = texts(at(container.fields, "securityContext", "capabilities", "add")).filter(
      (each) => each !== "NET_BIND_SERVICE",
    );
    if (added.length === 0) return;
    yield {
      message: `the container adds ${added.join(", ")}`,
      path,
      fix: [remove(path)],
      detail: { capabilities: [...added].sort() },
    };
  },
);

const droppedCapabilities = containerRule(
  {
    id: "pods/dropped-capabilities",
    pods: "written",
    title: "Every container drops all capabilities",
    severity: "error",
    why: `The runtime's default set includes NET_RAW and DAC_OVERRIDE, which programs rarely need. ${standard}, restricted.`,
    remedy: "Drop `ALL`.",
  },
  function* (container) {
    if (windows(container.pod)) return;
    const drop = texts(at(container.fields, "securityContext", "capabilities", "drop"));
    if (drop.some((each) => each.toUpperCase() === "ALL")) return;
    const path = contextPath(container, "capabilities", "drop");
    yield { message: "the container keeps the runtime's default capabilities", path, fix: [set(path, ["ALL"])] };
  },
);

const runAsNonRoot = containerRule(
  {
    id: "pods/run-as-non-root",
    pods: "written",
    title: "Every container states that it does not run as root",
    severity: "error",
    why: `Without runAsNonRoot the image decides who the process is, and most images say root. ${standard}, restricted.`,
    remedy: "Set `runAsNonRoot: true` for the pod or the container.",
  },
  function* (container) {
    if (windows(container.pod) || effective(container, "runAsNonRoot") === true) return;
    const path = contextPath(container, "runAsNonRoot");
    yield { message: "the container may run as root", path, fix: [set(path, true)] };
  },
);

const runAsRootUser = containerRule(
  {
    id: "pods/root-user",
    pods: "written",
    title: "No container runs as user 0",
    severity: "error",
    why: `Root in a container is root on the node once it escapes, and may write every file of a mounted host path. ${standard}, restricted.`,
    remedy: "Set `runAsUser` to the image's own user, or to any id above 0.",
  },
  function* (container) {
    if (effective(container, "runAsUser") !== 0) return;
    const path = contextPath(container, "runAsUser");
    yield { message: "the container runs as user 0", path, fix: [set(path, 65_534)] };
  },
);

const seccomp = containerRule(
  {
    id: "pods/seccomp",
    pods: "written",
    title: "Every container has a seccomp profile",
    severity: "error",
    why: `Without a profile every system call of the kernel is open to the container. ${standard}, restricted.`,
    remedy: "Set `seccompProfile: {type: RuntimeDefault}` for the pod.",
  },
  function* (container) {
    if (windows(container.pod)) return;
    const type = effective(container, "seccompProfile", "type");
    if (type === "RuntimeDefault" || type === "Localhost") return;
    const path = contextPath(container, "seccompProfile");
    const message =
      type === undefined ? "the container has no seccomp profile" : `its seccomp profile is ${String(type)}`;
    yield { message, path, fix: [set(path, { type: "RuntimeDefault" })] };
  },
);

const privilegeEscalation = containerRule(
  {
    id: "pods/privilege-escalation",
    pods: "written",
    title: "No process may gain privileges",
    severity: "error",
    why: `Unless it is forbidden, a setuid file in the image makes its caller root. ${standard}, restricted.`,
    remedy: "Set `allowPrivilegeEscalation: false`.",
  },
  function* (container) {
    if (windows(container.pod)) return;
    if (at(container.fields, "securityContext", "allowPrivilegeEscalation") === false) return;
    const path = contextPath(container, "allowPrivilegeEscalation");
    yield { message: "a process of the container may gain privileges", path, fix: [set(path, false)] };
  },
);

const seLinuxTypes = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

const confinement = containerRule(
  {
    id: "pods/confinement",
    pods: "written",
    title: "Containers keep the runtime's AppArmor, SELinux and /proc confinement",
    severity: "error",
    why: `An unconfined profile, a custom SELinux user, role or type, and an unmasked /proc each undo a layer of isolation. ${standard}, baseline.`,
    remedy: "Remove the setting: the runtime's default confines the container.",
  },
  function* (container) {
    const own = fields(container.fields.securityContext);
    const settings = [
      ["appArmorProfile", at(effective(container, "appArmorProfile"), "type") === "Unconfined"],
      ["procMount", own.procMount !== undefined && own.procMount !== null && own.procMount !== "Default"],
      ["seLinuxOptions", odd(effective(container, "seLinuxOptions"))],
    ] as const;
    for (const [key, wrong] of settings) {
      if (!wrong) continue;
      const inPod = own[key] === undefined || own[key] === null;
      const path = inPod ? [...container.pod.specPath, "securityContext", key] : contextPath(container, key);
      yield { message: `${key} weakens the container's confinement`, path, fix: [remove(path)] };
    }
  },
);

function odd(options: unknown): boolean {
  const { type, user, role } = fields(options);
  return !seLinuxTypes.includes(text(type) ?? "") || Boolean(text(user)) || Boolean(text(role));
}

const ineffectiveCapabilities = containerRule(
  {
    id: "pods/ineffective-capabilities",
    pods: "written",
    title: "Capabilities are added only where they have an effect",
    severity: "error",
    why: "Kubernetes has no ambient capabilities: those added to a container whose user is not 0 are in the bounding set only and the process does not get them. The program then fails at run time with a permission error. https://github.com/kubernetes/enhancements/issues/2763",
    remedy: "Run the container as user 0 with every other capability dropped, or remove the capability.",
  },
  function* (container) {
    const added = texts(at(container.fields, "securityContext", "capabilities", "add"));
    const user = effective(container, "runAsUser");
    const root = user === 0 || (user === undefined && effective(container, "runAsNonRoot") !== true);
    if (added.length === 0 || root) return;
    const path = contextPath(container, "capabilities", "add");
    yield {
      message: `${added.join(", ")} ${added.length === 1 ? "has" : "have"} no effect: the container does not run as user 0`,
      path,
      fix: [remove(path)],
    };
  },
);

const readOnlyRoot = containerRule(
  {
    id: "pods/read-only-root",
    pods: "written",
    title: "Containers cannot write to their own image",
    severity: "warning",
    why: "A writable root lets an intruder add programs, and lets a program fill the node's disk outside any volume's limit.",
    remedy: "Set `readOnlyRootFilesystem: true` and mount an emptyDir wherever the program writes.",
  },
  function* (container) {
    if (at(container.fields, "securityContext", "readOnlyRootFilesystem") === true || windows(container.pod)) return;
    const path = contextPath(container, "readOnlyRootFilesystem");
    yield { message: "the container's root is writable", path, fix: [set(path, true)] };
  },
);

/** The restricted Pod Security Standard, rule by rule, and what it leaves out. */
export const securityContextRules: readonly Rule[] = [
  addedCapabilities,
  droppedCapabilities,
  ineffectiveCapabilities,
  runAsNonRoot,
  runAsRootUser,
  seccomp,
  privilegeEscalation,
  confinement,
  readOnlyRoot,
];
