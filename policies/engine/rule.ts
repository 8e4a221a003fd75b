import type { z } from "zod";
import type { KubernetesObject } from "./object.ts";
import type { ObjectSet } from "./object-set.ts";
import type { Facts, Severity } from "./settings.ts";
import { UnknownValueError } from "./unknown.ts";
import type { Fields, Path } from "./values.ts";

/** Areas that rules belong to, in the order of the reports. */
export const categories = [
  "pods",
  "availability",
  "wiring",
  "metrics",
  "collectors",
  "stores",
  "cardinality",
  "security",
  "alerts",
  "waivers",
] as const;
export type Category = (typeof categories)[number];

/** A change that removes a finding. */
export type Edit =
  /** Sets a value of an object, of the offending one unless another is named; `undefined` removes it. */
  | { readonly object?: KubernetesObject; readonly path: Path; readonly value: unknown }
  /** Adds an object. */
  | { readonly create: Fields };

/** What a finding is about beside its object, for waivers to name exactly. */
export interface Detail {
  readonly capabilities?: readonly string[];
  readonly hostPaths?: readonly string[];
}

/** One thing that is wrong with a subject. */
export interface Problem {
  /** What is wrong, with the values found. No secret is ever quoted. */
  readonly message: string;
  /** From the object's root; it may continue into an embedded document. */
  readonly path: Path;
  readonly fix: readonly Edit[];
  readonly container?: string;
  /** Lower than the rule's own. */
  readonly severity?: Severity;
  readonly detail?: Detail;
}

/** A value that decides about a subject is not known yet. */
export interface Undecided {
  readonly undecided: UnknownValueError;
  readonly container?: string;
}

/** What a rule may look at beside its subject. */
export interface Context<P = unknown> {
  readonly set: ObjectSet;
  readonly parameters: P;
  /** The objects before the change, where they are known. */
  readonly previous?: readonly KubernetesObject[];
  /** Day of the check, `2026-11-30`. */
  readonly today: string;
}

/** The part of a check that one object is answerable for. */
export interface Subject {
  readonly object: KubernetesObject;
  readonly check: () => Iterable<Problem | Undecided>;
}

/** A rule over Kubernetes objects. */
export interface Rule {
  /** `<category>/<name>`, stable. */
  readonly id: string;
  readonly category: Category;
  /** What holds where the rule is kept: "Containers have a memory limit". */
  readonly title: string;
  readonly severity: Severity;
  /** What happens where it is broken, and the source of any number. */
  readonly why: string;
  /** What to do, for the docs page. */
  readonly remedy: string;
  readonly parameters?: z.ZodObject;
  /** Facts without which the rule cannot be evaluated. */
  readonly needs?: readonly (keyof Facts)[];
  /** Whether it compares with the objects before a change: only `skopos diff` knows them. @default false */
  readonly comparesStates?: boolean;
  readonly subjects: (context: Context) => Iterable<Subject>;
}

/** What every kind of rule states about itself. */
export interface RuleFacts<P extends z.ZodObject = z.ZodObject> {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly why: string;
  readonly remedy: string;
  readonly parameters?: P;
  readonly needs?: readonly (keyof Facts)[];
  /** Whether it compares with the objects before a change: only `skopos diff` knows them. @default false */
  readonly comparesStates?: boolean;
}

/** Makes a rule of its facts and of what it looks at. */
export function rule<P extends z.ZodObject>(
  facts: RuleFacts<P>,
  subjects: (context: Context<z.output<P>>) => Iterable<Subject>,
): Rule {
  return {
    ...facts,
    category: facts.id.split("/")[0] as Category,
    subjects: subjects as (context: Context) => Iterable<Subject>,
  };
}

/** What a generator finds until it reads something unknown; then that it is undecided. */
export function* decided(
  work: () => Iterable<Problem | Undecided>,
  container?: string,
): Generator<Problem | Undecided> {
  try {
    yield* work();
  } catch (error) {
    if (!(error instanceof UnknownValueError)) throw error;
    yield { undecided: error, ...(container !== undefined && { container }) };
  }
}

/** Sets a value of the offending object. */
export const set = (path: Path, value: unknown): Edit => ({ path, value });

/** Removes a value of the offending object. */
export const remove = (path: Path): Edit => ({ path, value: undefined });

/** Sets a value of another object. */
export const setIn = (object: KubernetesObject, path: Path, value: unknown): Edit => ({ object, path, value });
