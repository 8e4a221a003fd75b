import { createHash, randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { RequestError } from "./problem.ts";
import { type Body, type Resource, type ResourceType, references, resourceTypes } from "./resources.ts";

export type Role = "admin" | "team";

/** Who a token belongs to. */
export interface Owner {
  readonly team: string;
  readonly role: Role;
}

/** All that a store holds, for followers. */
export interface Snapshot {
  readonly version: number;
  readonly teams: readonly { readonly name: string; readonly tokenHash: string; readonly role: Role }[];
  readonly resources: readonly Resource[];
}

/** Told of each type of resource of a team that changed; no type: the team itself. */
export type ChangeListener = (team: string, type?: ResourceType) => void;

const schema = `
  CREATE TABLE IF NOT EXISTS teams (name TEXT PRIMARY KEY, tokenHash TEXT NOT NULL UNIQUE, role TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS resources (
    team TEXT NOT NULL REFERENCES teams ON DELETE CASCADE, type TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (team, type, name)) STRICT;
  CREATE TABLE IF NOT EXISTS version (value INTEGER NOT NULL) STRICT;
  INSERT INTO version SELECT 0 WHERE NOT EXISTS (SELECT * FROM version);`;

/** Tokens are random, so that a hash without salt tells nothing about them. */
const hashed = (token: string) => createHash("sha256").update(token).digest("hex");

const conflict = (path: string, message: string, fix: string) =>
  new RequestError(409, { code: "CONFLICT", path, message, fix });

/** Teams and their resources, in SQLite. */
export class Store implements Disposable {
  readonly #db: DatabaseSync;
  readonly #listeners = new Set<ChangeListener>();

  /** @param file the database; `:memory:` for none */
  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    this.#db.exec("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;");
    this.#db.exec(schema);
  }

  /** @returns the function that ends it */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Number of changes so far. */
  get version(): number {
    return (this.#db.prepare("SELECT value FROM version").get() as { value: number }).value;
  }

  /** Creates a team. @returns its token, which is not stored. @throws RequestError 409 if it exists */
  addTeam(name: string, role: Role = "team", token: string = randomBytes(24).toString("base64url")): string {
    if (this.#db.prepare("SELECT 1 FROM teams WHERE name = ?").get(name))
      throw conflict("body.name", `team ${name} exists`, "Choose another name.");
    this.#db.prepare("INSERT INTO teams VALUES (?, ?, ?)").run(name, hashed(token), role);
    this.#changed([[name]]);
    return token;
  }

  /** Deletes a team with all its resources. */
  deleteTeam(name: string): boolean {
    const { changes } = this.#db.prepare("DELETE FROM teams WHERE name = ?").run(name);
    if (changes > 0) this.#changed(resourceTypes.map((type) => [name, type]));
    return changes > 0;
  }

  /** Whether a team exists. Administrators are none: they own no resources. */
  hasTeam(name: string): boolean {
    return this.#db.prepare("SELECT 1 FROM teams WHERE role = 'team' AND name = ?").get(name) !== undefined;
  }

  teams(): string[] {
    return this.#db
      .prepare("SELECT name FROM teams WHERE role = 'team' ORDER BY name")
      .all()
      .map((row) => row.name as string);
  }

  ownerOf(token: string): Owner | undefined {
    const row = this.#db.prepare("SELECT name, role FROM teams WHERE tokenHash = ?").get(hashed(token));
    return row && { team: row.name as string, role: row.role as Role };
  }

  list(team: string, type: ResourceType): Resource[] {
    const rows = this.#db.prepare("SELECT * FROM resources WHERE team = ? AND type = ? ORDER BY name").all(team, type);
    return rows.map(toResource);
  }

  get(team: string, type: ResourceType, name: string): Resource | undefined {
    const row = this.#db
      .prepare("SELECT * FROM resources WHERE team = ? AND type = ? AND name = ?")
      .get(team, type, name);
    return row && toResource(row);
  }

  /** Creates or replaces a resource. @throws RequestError 409 if it refers to one that does not exist */
  put({ team, type, name, body }: Resource): void {
    const missing = references(type, body).filter(([of, target]) => !this.get(team, of, target));
    if (missing.length > 0) {
      const problems = missing.map(([of, target]) =>
        conflict(`body.${of}`, `${target} does not exist`, `Create ${of} ${target} first.`),
      );
      throw new RequestError(409, ...problems.flatMap((error) => error.problems));
    }
    this.#db
      .prepare("INSERT OR REPLACE INTO resources VALUES (?, ?, ?, ?)")
      .run(team, type, name, JSON.stringify(body));
    this.#changed([[team, type]]);
  }

  /** @throws RequestError 409 if another resource refers to it */
  delete(team: string, type: ResourceType, name: string): boolean {
    const users = resourceTypes
      .flatMap((each) => this.list(team, each))
      .filter((other) => references(other.type, other.body).some(([of, target]) => of === type && target === name));
    if (users[0]) throw conflict(name, `is used by ${users[0].type} ${users[0].name}`, "Change or delete that first.");
    const { changes } = this.#db
      .prepare("DELETE FROM resources WHERE team = ? AND type = ? AND name = ?")
      .run(team, type, name);
    if (changes > 0) this.#changed([[team, type]]);
    return changes > 0;
  }

  snapshot(): Snapshot {
    const teams = this.#db.prepare("SELECT * FROM teams ORDER BY name").all() as unknown as Snapshot["teams"];
    const rows = this.#db.prepare("SELECT * FROM resources ORDER BY team, type, name").all();
    return { version: this.version, teams, resources: rows.map(toResource) };
  }

  /** Takes over what another store holds, in one transaction. */
  replace({ version, teams, resources }: Snapshot): void {
    const before = fingerprints(this.snapshot().resources);
    this.#db.exec("BEGIN IMMEDIATE; DELETE FROM resources; DELETE FROM teams;");
    try {
      for (const { name, tokenHash, role } of teams)
        this.#db.prepare("INSERT INTO teams VALUES (?, ?, ?)").run(name, tokenHash, role);
      for (const { team, type, name, body } of resources)
        this.#db.prepare("INSERT INTO resources VALUES (?, ?, ?, ?)").run(team, type, name, JSON.stringify(body));
      this.#db.prepare("UPDATE version SET value = ?").run(version);
      this.#db.exec("COMMIT");
    } catch (error) {
      this.#db.exec("ROLLBACK");
      throw error;
    }
    const after = fingerprints(resources);
    for (const key of new Set([...before.keys(), ...after.keys()]))
      if (before.get(key) !== after.get(key)) this.#tell(...(key.split("/") as [string, ResourceType]));
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #changed(what: readonly Parameters<ChangeListener>[]): void {
    this.#db.prepare("UPDATE version SET value = value + 1").run();
    for (const [team, type] of what) this.#tell(team, type);
  }

  #tell(...what: Parameters<ChangeListener>): void {
    for (const listener of this.#listeners) listener(...what);
  }
}

const toResource = (row: Record<string, unknown>): Resource => ({
  team: row.team as string,
  type: row.type as ResourceType,
  name: row.name as string,
  body: JSON.parse(row.body as string) as Body,
});

/** The content of each team's resources of a type, by `team/type`. */
function fingerprints(resources: readonly Resource[]): Map<string, string> {
  const groups = Map.groupBy(resources, ({ team, type }) => `${team}/${type}`);
  return new Map([...groups].map(([key, all]) => [key, JSON.stringify(all)]));
}
