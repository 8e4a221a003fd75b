// @peculiar/x509 needs the metadata API of decorators, from a module that is evaluated before it.
import "reflect-metadata";
import { generateKeyPairSync, randomBytes, webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

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

/** A certificate authority that lives as long as one test. */
export interface Authority extends KeyPair {
  /** Issues a certificate: for a server when `serves` is given, and always for a client. */
  issue(subject: Subject): Promise<KeyPair>;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const day = 86_400_000;

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);

const keyPem = async (key: webcrypto.CryptoKey): Promise<string> =>
  `${PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;

/** A name as the library takes it; a string would need escaping. */
const nameOf = ({ commonName, organization }: Subject): Record<string, string[]>[] => [
  ...(organization === undefined ? [] : [{ O: [organization] }]),
  { CN: [commonName] },
];

/** What all certificates have in common. A day back, for clocks that differ; a year on, for a cluster that stays open. */
const common = () => ({
  serialNumber: `01${randomBytes(15).toString("hex")}`,
  notBefore: new Date(Date.now() - day),
  notAfter: new Date(Date.now() + 365 * day),
  signingAlgorithm: algorithm,
});

/** Extensions of a certificate that is no authority (RFC 5280, section 4.2.1). */
function leafExtensions(serves: readonly string[]): Extension[] {
  const usages = [ExtendedKeyUsage.clientAuth, ...(serves.length > 0 ? [ExtendedKeyUsage.serverAuth] : [])];
  const names = serves.map((value) => ({ type: /^[\d.]+$/.test(value) ? ("ip" as const) : ("dns" as const), value }));
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension(usages),
    ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
  ];
}

/** Makes a self-signed authority with a fresh P-256 key. */
export async function newAuthority(commonName: string): Promise<Authority> {
  const keys = await newKeys();
  const root = await X509CertificateGenerator.createSelfSigned({
    ...common(),
    name: nameOf({ commonName }),
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    certificate: `${root.toString("pem")}\n`,
    key: await keyPem(keys.privateKey),
    async issue(subject) {
      const leaf = await newKeys();
      const issued = await X509CertificateGenerator.create({
        ...common(),
        subject: nameOf(subject),
        issuer: root.subjectName,
        publicKey: leaf.publicKey,
        signingKey: keys.privateKey,
        extensions: leafExtensions(subject.serves ?? []),
      });
      return { certificate: `${issued.toString("pem")}\n`, key: await keyPem(leaf.privateKey) };
    },
  };
}

/** A fresh RSA key pair, PEM: what signs service account tokens. */
export function newSigningKey(): { readonly privateKey: string; readonly publicKey: string } {
  return generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
}
