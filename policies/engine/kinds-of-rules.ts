import type { z } from "zod";
import type { EmbeddedDocument, Format } from "./documents.ts";
import type { KubernetesObject } from "./object.ts";
import type { Container, Pod } from "./pods.ts";
import { OperatedPod } from "./pods.ts";
import { type Context, decided, type Problem, type Rule, type RuleFacts, rule, type Undecided } from "./rule.ts";
import { type ServiceAddress, serviceAddresses } from "./urls.ts";

type Check<S, P extends z.ZodObject> = (subject: S, context: Context<z.output<P>>) => Iterable<Problem | Undecided>;

/** A rule over each object of some kinds. */
export function objectRule<P extends z.ZodObject>(
  facts: RuleFacts<P> & { readonly kinds: readonly string[] },
  check: Check<KubernetesObject, P>,
): Rule {
  const { kinds, ...rest } = facts;
  return rule<P>(rest, (context) =>
    kinds
      .flatMap((kind) => context.set.ofKind(kind))
      .map((object) => ({ object, check: () => decided(() => check(object, context)) })),
  );
}

/** Which pods a rule looks at: those whose template is written out, or also those that operators make. */
export type Pods = "written" | "all";

/** A rule over the pods of each workload. */
export function podRule<P extends z.ZodObject>(
  facts: RuleFacts<P> & { readonly pods: Pods },
  check: Check<Pod, P>,
): Rule {
  const { pods, ...rest } = facts;
  return rule<P>(rest, (context) =>
    podsFor(context, pods).map((pod) => ({ object: pod.object, check: () => decided(() => check(pod, context)) })),
  );
}

/** A rule over each container. What cannot be decided about one does not hide the findings about another. */
export function containerRule<P extends z.ZodObject>(
  facts: RuleFacts<P> & { readonly pods: Pods },
  check: Check<Container, P>,
): Rule {
  const { pods, ...rest } = facts;
  return rule<P>(rest, (context) =>
    podsFor(context, pods).map((pod) => ({
      object: pod.object,
      check: () =>
        decided(function* () {
          for (const container of pod.containers) {
            for (const found of decided(() => check(container, context))) {
              yield { ...found, container: container.name };
            }
          }
        }),
    })),
  );
}

const podsFor = (context: Pick<Context, "set">, pods: Pods): readonly Pod[] =>
  pods === "all" ? context.set.workloads : context.set.workloads.filter((pod) => !(pod instanceof OperatedPod));

/** A rule over each embedded document of some formats. */
export function documentRule<P extends z.ZodObject>(
  facts: RuleFacts<P> & { readonly formats: readonly Format[] },
  check: Check<EmbeddedDocument, P>,
): Rule {
  const { formats, ...rest } = facts;
  return rule<P>(rest, (context) =>
    documentObjects(context).map((object) => ({
      object,
      check: () =>
        decided(function* () {
          for (const document of context.set.documents(object)) {
            if (formats.includes(document.format)) yield* decided(() => check(document, context));
          }
        }),
    })),
  );
}

/** The objects that may hold documents. */
export function documentObjects({ set }: Pick<Context, "set">): readonly KubernetesObject[] {
  return ["ConfigMap", "Secret", "OpenTelemetryCollector", "PrometheusRule"].flatMap((kind) => set.ofKind(kind));
}

/** A rule over each address of a Service that a configuration names. */
export function addressRule<P extends z.ZodObject>(facts: RuleFacts<P>, check: Check<ServiceAddress, P>): Rule {
  return rule<P>(facts, (context) =>
    [...Map.groupBy(serviceAddresses(context.set), ({ object }) => object)].map(([object, addresses]) => ({
      object,
      check: () =>
        decided(function* () {
          for (const address of addresses) yield* decided(() => check(address, context));
        }),
    })),
  );
}
