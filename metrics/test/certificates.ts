import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A certificate that lives for the length of a test, and its key; PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

interface Issuer {
  readonly name: string;
  readonly privateKey: KeyObject;
}

/** A certificate authority for one test. */
export class TestAuthority {
  readonly cert: string;
  readonly #issuer: Issuer;

  constructor(name: string) {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#issuer = { name, privateKey };
    const isAuthority = extension("2.5.29.19", sequence(Buffer.from([0x01, 0x01, 0xff])));
    this.cert = certificate(name, publicKey, this.#issuer, [isAuthority]);
  }

  /** A certificate for 127.0.0.1, for either end of a connection. */
  issue(name: string): TestCertificate {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const address = extension("2.5.29.17", sequence(tlv(0x87, Buffer.from([127, 0, 0, 1]))));
    const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    return { cert: certificate(name, publicKey, this.#issuer, [address]), key };
  }
}

// X.509 (RFC 5280) in DER, as much of it as these certificates need.

function tlv(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...parts: Buffer[]): Buffer => tlv(0x30, ...parts);
const integer = (value: number): Buffer => tlv(0x02, Buffer.from([value]));
const bits = (body: Buffer): Buffer => tlv(0x03, Buffer.from([0]), body);

function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = rest.flatMap((part) => {
    const digits = [part & 0x7f];
    for (let high = part >> 7; high > 0; high >>= 7) digits.unshift((high & 0x7f) | 0x80);
    return digits;
  });
  return tlv(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

const extension = (id: string, value: Buffer): Buffer => sequence(identifier(id), tlv(0x04, value));
const commonName = (name: string): Buffer =>
  sequence(tlv(0x31, sequence(identifier("2.5.4.3"), tlv(0x0c, Buffer.from(name)))));
const time = (offsetMs: number): Buffer => {
  const text = new Date(Date.now() + offsetMs).toISOString().replace(/[-:T]/g, "").slice(2, 14);
  return tlv(0x17, Buffer.from(`${text}Z`));
};

const HOUR_MS = 3_600_000;
const ECDSA_SHA256 = sequence(identifier("1.2.840.10045.4.3.2"));

function certificate(name: string, publicKey: KeyObject, issuer: Issuer, extensions: Buffer[]): string {
  const body = sequence(
    tlv(0xa0, integer(2)),
    integer(1 + Math.floor(Math.random() * 100)),
    ECDSA_SHA256,
    commonName(issuer.name),
    sequence(time(-HOUR_MS), time(HOUR_MS)),
    commonName(name),
    publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, sequence(...extensions)),
  );
  const der = sequence(body, ECDSA_SHA256, bits(sign("sha256", body, issuer.privateKey)));
  const lines = der.toString("base64").replace(/.{64}/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
