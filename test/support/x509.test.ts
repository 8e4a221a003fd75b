import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createSecureContext, createServer } from "node:tls";
import { describe, expect, it } from "vitest";
import { newAuthority } from "./x509.ts";

describe("certificates", async () => {
  const authority = await newAuthority("test-ca");

  it("are read back by node:crypto: subject, names, authority", async () => {
    const root = new X509Certificate(authority.certificate);
    const leaf = new X509Certificate(
      (
        await authority.issue({
          commonName: "system:node:a",
          organization: "system:nodes",
          serves: ["a.example", "10.0.0.1"],
        })
      ).certificate,
    );
    expect(root.ca).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.subject).toBe("O=system:nodes\nCN=system:node:a");
    expect(leaf.subjectAltName).toBe("DNS:a.example, IP Address:10.0.0.1");
    expect(leaf.checkIssued(root) && leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.verify(new X509Certificate((await newAuthority("other")).certificate).publicKey)).toBe(false);
  });

  it("are PEM that OpenSSL accepts, whatever the length", async () => {
    const issued = Array.from({ length: 48 }, (_, n) => authority.issue({ commonName: "x".repeat(n + 1) }));
    for (const { certificate } of await Promise.all(issued)) {
      expect(certificate).not.toMatch(/\n\n/);
      expect(() => createSecureContext({ cert: certificate })).not.toThrow();
    }
  });

  it("authenticate both ends of a TLS connection", async () => {
    const serving = await authority.issue({ commonName: "server", serves: ["localhost"] });
    const client = await authority.issue({ commonName: "client" });
    const server = createServer({
      cert: serving.certificate,
      key: serving.key,
      ca: authority.certificate,
      requestCert: true,
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const accepted = once(server, "secureConnection");
    const { port } = server.address() as AddressInfo;
    const socket = connect({
      host: "127.0.0.1",
      servername: "localhost",
      port,
      ca: authority.certificate,
      cert: client.certificate,
      key: client.key,
    });
    await once(socket, "secureConnect");
    const [peer] = await accepted;
    expect(socket.authorized).toBe(true);
    expect(peer.getPeerCertificate().subject.CN).toBe("client");
    socket.destroy();
    server.close();
  });
});
