/** Names of settings whose values are secret; pull secrets and TLS secrets are names of Secrets. */
const secretName =
  /pass(word|phrase)|(?<!pull|tls)secret|token|credential|kubeconfig|private|routingkey|webhookurl|encryptionkey|accountkey|accesskey|deadmansswitch/i;

/** Texts that are secret wherever they stand: keys and tokens of well-known services, URLs with a password. */
const secretText =
  /\b(AKIA|ASIA)[A-Z0-9]{12,}|\bxox[abeprs]-|\bgh[opsu]_\w{20,}|\bgl(sa|c|pat)[_-]\w{10,}|\beyJ[\w-]{10,}\.|-----BEGIN|hooks\.slack\.com|(:\/\/|^)[^/\s:@]*:[^/\s@]+@/;

/** Long enough to be a key, and no word. */
const random = /^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[\w+/=-]{20,}$/;

/** Whether a value must not be repeated in a message. @param path where it stands */
export function looksSecret(path: readonly PropertyKey[], value: unknown): boolean {
  if (value !== null && typeof value === "object") {
    return Object.entries(value).some(([key, item]) => looksSecret([...path, key], item));
  }
  if (typeof value !== "string") return false;
  return path.some((key) => secretName.test(String(key))) || secretText.test(value) || random.test(value);
}
