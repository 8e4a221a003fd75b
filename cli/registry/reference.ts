/** An image as its registry names it. */
export interface RegistryImage {
  /** Host, with a port where one is stated: `quay.io`. Credentials are stored under it. */
  readonly registry: string;
  /** Host that answers the API of the registry. */
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
}

/** Docker Hub's API has a host of its own. @see https://distribution.github.io/distribution/spec/api/ */
const dockerHub = { registry: "docker.io", host: "registry-1.docker.io" } as const;

/**
 * Reads a reference with a tag as container runtimes do: the first part is a host if it looks like one.
 * @see https://github.com/distribution/reference/blob/v0.6.0/normalize.go
 */
export function parseReference(reference: string): RegistryImage {
  const [, name = reference, tag = "latest"] = /^(.*?)(?::([^:/]+))?$/.exec(reference) ?? [];
  const [first = "", ...rest] = name.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  if (isHost && first !== dockerHub.registry) return { registry: first, host: first, repository: rest.join("/"), tag };
  const repository = isHost ? rest.join("/") : name;
  return { ...dockerHub, repository: repository.includes("/") ? repository : `library/${repository}`, tag };
}
