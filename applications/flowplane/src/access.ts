import type { IncomingMessage } from "node:http";
import { UNKNOWN_TEAM } from "./catalogue.ts";
import type { Metrics } from "./metrics.ts";
import { forbidden, unauthorized } from "./problem.ts";
import type { ResourceType } from "./resources.ts";
import type { Owner, Store } from "./store.ts";

/** The authentication middleware: who asks, and whether the team's resources are theirs. */
export class Access {
  readonly #store: Store;
  readonly #metrics: Metrics;

  constructor(store: Store, metrics: Metrics) {
    this.#store = store;
    this.#metrics = metrics;
  }

  /** @throws RequestError 401 without a valid bearer token */
  owner({ headers: { authorization = "" } }: Pick<IncomingMessage, "headers">): Owner {
    const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    const owner = token === undefined ? undefined : this.#store.ownerOf(token);
    if (!owner) throw unauthorized();
    return owner;
  }

  /**
   * Lets a team reach its own resources, and an administrator all. Every other attempt is counted, by the names of teams that
   * exist.
   *
   * @throws RequestError 403
   */
  check(owner: Owner, team: string, type: ResourceType): void {
    if (owner.role === "admin" || owner.team === team) return;
    this.#metrics.crossTeam.inc({
      from_team: owner.team,
      to_team: this.#store.hasTeam(team) ? team : UNKNOWN_TEAM,
      resource_type: type,
    });
    throw forbidden(`teams/${team}`, `does not belong to team ${owner.team}`);
  }

  /** @throws RequestError 403 */
  admin(owner: Owner): void {
    if (owner.role !== "admin") throw forbidden("authorization", "is no administrator's token");
  }
}
