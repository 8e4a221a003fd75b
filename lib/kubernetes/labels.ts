/** Labels as Kubernetes holds them. */
export type Labels = Readonly<Record<string, string>>;

/** Which program, which instance of it, which part: all that a selector of ours ever holds. */
export interface Identity {
  /** `app.kubernetes.io/name`: the program, `mimir`. */
  readonly name: string;
  /** `app.kubernetes.io/instance`: this one of it, `mimir` unless the component was given a name. */
  readonly instance: string;
  /** `app.kubernetes.io/component`: the part, `ingester`. */
  readonly part: string;
}

/** The labels that select all pods of one instance of a program, whatever their part. */
export function instanceLabels({ name, instance }: Omit<Identity, "part">): Labels {
  return { "app.kubernetes.io/name": name, "app.kubernetes.io/instance": instance };
}

/** The labels that select an identity's pods. Never a version, never a hash: a selector can not be changed. */
export function selectorLabels(identity: Identity): Labels {
  return { ...instanceLabels(identity), "app.kubernetes.io/component": identity.part };
}

/** The labels of every object: the selector's, and who manages it. */
export function objectLabels(identity: Identity): Labels {
  return {
    ...selectorLabels(identity),
    "app.kubernetes.io/part-of": "observability",
    "app.kubernetes.io/managed-by": "skopos",
  };
}
