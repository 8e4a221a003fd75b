// What a loopback registry cannot show: Docker Hub's names, and the forms of challenges.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseChallenge } from "./authorization.ts";
import { findCredentials } from "./credentials.ts";
import { parseReference } from "./reference.ts";

test.each([
  ["docker.io/grafana/mimir:3.2.0", "registry-1.docker.io", "grafana/mimir", "3.2.0"],
  ["docker.io/memcached:1.6.39-alpine", "registry-1.docker.io", "library/memcached", "1.6.39-alpine"],
  ["mirror/grafana/mimir:3.2.0", "registry-1.docker.io", "mirror/grafana/mimir", "3.2.0"],
  ["mirror.example.com:5000/docker/grafana/mimir:3.2.0", "mirror.example.com:5000", "docker/grafana/mimir", "3.2.0"],
  ["localhost/mimir:3.2.0", "localhost", "mimir", "3.2.0"],
  ["quay.io/prometheus/prometheus", "quay.io", "prometheus/prometheus", "latest"],
])("%s is pulled from %s", (reference, host, repository, tag) => {
  expect(parseReference(reference)).toMatchObject({ host, repository, tag });
});

test.each([
  ['Basic realm="test"', { scheme: "basic" }],
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull"',
    {
      scheme: "bearer",
      realm: "https://auth.docker.io/token",
      service: "registry.docker.io",
      scope: "repository:a/b:pull",
    },
  ],
  ['Negotiate, bearer Realm="https://t/" , error="x", Basic realm="y"', { scheme: "bearer", realm: "https://t/" }],
  ["Negotiate", undefined],
  ["", undefined],
])("the challenge %j", (header, challenge) => {
  expect(parseChallenge(header)).toEqual(challenge);
});

test("Docker Hub's credentials are found under the key that docker login writes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "skopos-registry-"));
  const auth = Buffer.from("alice:a:b").toString("base64");
  const file = join(folder, "config.json");
  writeFileSync(file, JSON.stringify({ auths: { "https://index.docker.io/v1/": { auth } } }));
  const image = parseReference("docker.io/grafana/mimir:3.2.0");
  expect(await findCredentials(image, { DOCKER_CONFIG: folder, HOME: folder })).toEqual({
    credentials: { username: "alice", password: "a:b" },
    source: file,
  });
  expect(await findCredentials(image, { HOME: folder })).toEqual({});
  rmSync(folder, { recursive: true });
});
