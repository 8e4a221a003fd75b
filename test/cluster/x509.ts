import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate says: who, and what for. */
export interface Subject {
  /** Kubernetes reads it as the user name. */
  readonly commonName: string;
  /** Kubernetes reads it as the group. */
  readonly organization?: string;
  /** Names and IPv4 addresses the certificate serves; leave it out for a client certificate. */
  readonly serves?: readonly string[];
}

/** A certificate authority that lives as long as the cluster of one test. */
export interface Authority extends KeyPair {
  /** Issues a certificate: for a server when `serves` is given, and always for a client. */
  issue(subject: Subject): KeyPair;
}

// node:crypto reads X.509 but does not write it. These are the few DER forms (ITU-T X.690) a certificate
// (RFC 5280) is made of; every value is built from its parts, so nothing here parses.
const tlv = (tag: number, ...content: Buffer[]): Buffer => {
  const body = Buffer.concat(content);
  const length =
    body.length < 0x80
      ? [body.length]
      : body.length < 0x100
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const sequence = (...items: Buffer[]) => tlv(0x30, ...items);
const set = (...items: Buffer[]) => tlv(0x31, ...items);
const explicit = (n: number, ...items: Buffer[]) => tlv(0xa0 | n, ...items);
const utf8 = (text: string) => tlv(0x0c, Buffer.from(text));
const octets = (bytes: Buffer) => tlv(0x04, bytes);
const bits = (bytes: Buffer, unused = 0) => tlv(0x03, Buffer.from([unused]), bytes);
const boolean = (value: boolean) => tlv(0x01, Buffer.from([value ? 0xff : 0]));
const time = (at: Date) => tlv(0x18, Buffer.from(at.toISOString().replace(/[-:T]|\.\d+/g, "")));

const oid = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const base128 = (n: number): number[] => (n < 0x80 ? [n] : [...base128(n >> 7).map((b) => b | 0x80), n & 0x7f]);
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
};

const ecdsaWithSha256 = sequence(oid("1.2.840.10045.4.3.2"));
const day = 86_400_000;

const name = ({ commonName, organization }: Subject): Buffer => {
  const attribute = (type: string, value: string) => set(sequence(oid(type), utf8(value)));
  return sequence(
    ...(organization === undefined ? [] : [attribute("2.5.4.10", organization)]),
    attribute("2.5.4.3", commonName),
  );
};

/** Extensions: basicConstraints, keyUsage, and for a leaf extKeyUsage and subjectAltName (RFC 5280, section 4.2.1). */
const extensions = (isAuthority: boolean, serves: readonly string[]): Buffer => {
  const extension = (type: string, critical: boolean, value: Buffer) =>
    sequence(oid(type), ...(critical ? [boolean(true)] : []), octets(value));
  const alternative = (host: string) =>
    /^[\d.]+$/.test(host) ? tlv(0x87, Buffer.from(host.split(".").map(Number))) : tlv(0x82, Buffer.from(host));
  // Bit 0 digitalSignature; bits 5 and 6 keyCertSign and cRLSign.
  const keyUsage = isAuthority ? bits(Buffer.from([0x06]), 1) : bits(Buffer.from([0x80]), 7);
  const clientAuth = oid("1.3.6.1.5.5.7.3.2");
  const serverAuth = oid("1.3.6.1.5.5.7.3.1");
  const list = [
    extension("2.5.29.19", true, isAuthority ? sequence(boolean(true)) : sequence()),
    extension("2.5.29.15", true, keyUsage),
  ];
  if (!isAuthority)
    list.push(extension("2.5.29.37", false, sequence(clientAuth, ...(serves.length > 0 ? [serverAuth] : []))));
  if (serves.length > 0) list.push(extension("2.5.29.17", false, sequence(...serves.map(alternative))));
  return explicit(3, sequence(...list));
};

/** Lines of 64 characters (RFC 7468); an empty one at the end would not be read. */
const pem = (der: Buffer) => {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
};

const certificate = (
  subject: Subject,
  publicKey: KeyObject,
  issuer: { subject: Subject; key: KeyObject },
  isAuthority: boolean,
): string => {
  const now = Date.now();
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  const toBeSigned = sequence(
    explicit(0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, serial),
    ecdsaWithSha256,
    name(issuer.subject),
    // A day back, for clocks that differ; a year on, for a cluster that a developer keeps open.
    sequence(time(new Date(now - day)), time(new Date(now + 365 * day))),
    name(subject),
    publicKey.export({ type: "spki", format: "der" }),
    extensions(isAuthority, subject.serves ?? []),
  );
  return pem(sequence(toBeSigned, ecdsaWithSha256, bits(sign("sha256", toBeSigned, issuer.key))));
};

const newKey = () => generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;
const keyPem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }).toString();

/** Makes a self-signed authority with a fresh P-256 key. */
export function newAuthority(commonName: string): Authority {
  const key = newKey();
  const self = { subject: { commonName }, key };
  return {
    certificate: certificate(self.subject, createPublicKey(key), self, true),
    key: keyPem(key),
    issue(subject) {
      const leaf = newKey();
      return { certificate: certificate(subject, createPublicKey(leaf), self, false), key: keyPem(leaf) };
    },
  };
}

/** A fresh RSA key pair, PEM: what signs service account tokens. */
export function newSigningKey(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    privateKey: keyPem(privateKey),
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}
