import { z } from "zod";
import { containerRule } from "../../engine/kinds-of-rules.ts";
import { OperatedPod } from "../../engine/pods.ts";
import { bytes, mebibytes, quantity } from "../../engine/quantities.ts";
import { type Rule, set } from "../../engine/rule.ts";
import { at, items, text } from "../../engine/values.ts";

const requests = containerRule(
  {
    id: "pods/requests",
    pods: "all",
    title: "Every container requests CPU and memory",
    severity: "error",
    why: "The scheduler places pods by their requests. Without them it packs a node with pods that do not fit, and they are the first to be killed when it runs short.",
    remedy: "State what the container uses when it is busy.",
  },
  function* (container) {
    // An init container runs before the others and borrows their requests.
    if (container.kind === "init") return;
    const path = [...container.path, "resources", "requests"];
    const resources = at(container.fields, "resources");
    for (const [resource, example] of [
      ["cpu", "100m"],
      ["memory", "128Mi"],
    ] as const) {
      // The API server takes a limit for the request where there is none.
      const stated = at(resources, "requests", resource) ?? at(resources, "limits", resource);
      if (quantity(stated) !== undefined) continue;
      yield {
        message: `the container requests no ${resource}`,
        path: [...path, resource],
        fix: [set([...path, resource], example)],
      };
    }
  },
);

const memoryLimit = containerRule(
  {
    id: "pods/memory-limit",
    pods: "all",
    title: "Every container has a memory limit",
    severity: "error",
    why: "Without a limit a leak takes the node's memory and the kernel kills whatever it finds, also other teams' pods.",
    remedy: "Set a limit with room above what the container uses when it is busy.",
  },
  function* (container) {
    const path = [...container.path, "resources", "limits", "memory"];
    const request = quantity(at(container.fields, "resources", "requests", "memory"));
    const limit = at(container.fields, "resources", "limits", "memory");
    if (quantity(limit) === undefined) {
      const wanted = request === undefined ? "256Mi" : mebibytes(request * 2);
      yield { message: "the container has no memory limit", path, fix: [set(path, wanted)] };
    } else if (request !== undefined && request > (quantity(limit) as number)) {
      yield {
        message: `the container requests more memory than its limit of ${String(limit)}: the API server rejects it`,
        path,
        fix: [set(path, mebibytes(Math.ceil(request / 1024 ** 2) * 1024 ** 2))],
      };
    }
  },
);

const goMemoryLimit = containerRule(
  {
    id: "pods/gomemlimit",
    pods: "all",
    title: "GOMEMLIMIT stays below the container's memory limit",
    severity: "error",
    why: "The Go runtime collects garbage harder as it nears GOMEMLIMIT. At or above the container's limit the kernel kills the process before it does. Stacks, mapped files and cgo are not counted, so some room is needed. https://go.dev/doc/gc-guide#Memory_limit",
    remedy: "Set it to between 50 % and 95 % of the container's limit.",
    parameters: z.object({
      mostPercent: z.number().default(95).describe("Highest share of the container's limit, in percent."),
      leastPercent: z
        .number()
        .default(20)
        .describe("Lowest share: below it the program collects garbage all the time."),
    }),
  },
  function* (container, { parameters }) {
    const limit = quantity(at(container.fields, "resources", "limits", "memory"));
    const found = items(container.fields.env).find(([, each]) => each.name === "GOMEMLIMIT");
    if (limit === undefined || !found) return;
    const [index, variable] = found;
    const value = bytes(text(variable.value) ?? "");
    if (value === undefined) return;
    const share = (value / limit) * 100;
    if (share <= parameters.mostPercent && share >= parameters.leastPercent) return;
    const path = [...container.path, "env", index, "value"];
    yield {
      message: `GOMEMLIMIT is ${Math.round(share)} % of the container's memory limit`,
      path,
      fix: [set(path, `${Math.floor((limit * 0.8) / 1024 ** 2)}MiB`)],
    };
  },
);

/** How an image is named. */
function imageOf(
  value: unknown,
): { readonly name: string; readonly tag?: string; readonly digest?: string } | undefined {
  const image = text(value);
  if (!image) return undefined;
  const [reference = "", digest] = image.split("@");
  const [, name, tag] = /^(.*?)(?::([^:/]+))?$/.exec(reference) ?? [];
  return { name: name ?? image, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

const imageTag = containerRule(
  {
    id: "pods/image-tag",
    pods: "all",
    title: "Images name their version",
    severity: "error",
    why: "`latest`, or no tag, is another program tomorrow: replicas differ, and going back is impossible.",
    remedy: "Name the version, better with its digest.",
  },
  function* (container) {
    const image = imageOf(container.fields.image);
    const missing = !(container.pod instanceof OperatedPod) && !image;
    if (missing) {
      yield {
        message: "the container names no image",
        path: [...container.path, "image"],
        fix: [set([...container.path, "image"], "<registry>/<name>:<version>")],
      };
    }
    if (!image || image.digest || (image.tag !== undefined && image.tag !== "latest")) return;
    yield {
      message: `the image ${text(container.fields.image)} names no version`,
      path: [...container.path, "image"],
      fix: [set([...container.path, "image"], `${image.name}:<version>`)],
    };
  },
);

const imageDigest = containerRule(
  {
    id: "pods/image-digest",
    pods: "all",
    title: "Images name their digest",
    severity: "info",
    why: "A tag can be moved to another image. Only a digest names one image for good.",
    remedy: "Pin the image by its digest: `skopos images --pin` does so for every image of a stack.",
  },
  function* (container) {
    const image = imageOf(container.fields.image);
    if (!image || /^sha256:[0-9a-f]{64}$/.test(image.digest ?? "")) return;
    const tag = image.tag === undefined ? "" : `:${image.tag}`;
    const path = [...container.path, "image"];
    yield {
      message: `${image.name}${tag} is not pinned by a digest`,
      path,
      fix: [set(path, `${image.name}${tag}@<digest>`)],
    };
  },
);

/** What containers ask for and what they run. */
export const resourceRules: readonly Rule[] = [requests, memoryLimit, goMemoryLimit, imageTag, imageDigest];
