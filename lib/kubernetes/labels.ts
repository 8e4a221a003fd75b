/** Labels of a Kubernetes object. */
export type Labels = Readonly<Record<string, string>>;

/** Program, instance and part: selectors contain nothing else. */
export interface Identity {
  /** `app.kubernetes.io/name`: the program, `mimir`. */
  readonly name: string;
  /** `app.kubernetes.io/instance`: the instance, `mimir` unless the component was given a name. */
  readonly instance: string;
  /** `app.kubernetes.io/component`: the part, `ingester`. */
  readonly part: string;
}

/** The labels that select all pods of one instance of a program, whatever their part. */
export function instanceLabels({ name, instance }: Omit<Identity, "part">): Labels {
  return { "app.kubernetes.io/name": name, "app.kubernetes.io/instance": instance };
}

/** The labels that select an identity's pods. They contain no version and no hash, because selectors are immutable. */
export function selectorLabels(identity: Identity): Labels {
  return { ...instanceLabels(identity), "app.kubernetes.io/component": identity.part };
}

/** The labels of every object: those of the selector, and the manager. */
export function objectLabels(identity: Identity): Labels {
  return {
    ...selectorLabels(identity),
    "app.kubernetes.io/part-of": "observability",
    "app.kubernetes.io/managed-by": "skopos",
  };
}
