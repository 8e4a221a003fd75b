import { type Context, context, propagation, type TextMapGetter, type TextMapSetter } from "@opentelemetry/api";

/** Headers of a Kafka message as clients give and take them: text, bytes, or several of either. */
export type KafkaHeaderValue = string | Buffer | readonly (string | Buffer)[] | undefined;
export type KafkaHeaders = Record<string, KafkaHeaderValue>;

const setBytes: TextMapSetter<KafkaHeaders> = {
  set: (headers, key, value) => {
    headers[key] = Buffer.from(value);
  },
};

const getText: TextMapGetter<KafkaHeaders> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, key) => {
    const value = headers[key];
    const last = Array.isArray(value)
      ? (value as readonly (string | Buffer)[]).at(-1)
      : (value as string | Buffer | undefined);
    return last?.toString();
  },
};

/**
 * Adds the trace to a message's headers, as bytes, which every client takes.
 * @param from @default the active context
 */
export function injectKafkaHeaders(headers: KafkaHeaders = {}, from: Context = context.active()): KafkaHeaders {
  const carrier = { ...headers };
  propagation.inject(from, carrier, setBytes);
  return carrier;
}

/**
 * The context that a message was sent in: run its handling `context.with(extractKafkaHeaders(message.headers), ...)`.
 * @param onto @default the active context
 */
export function extractKafkaHeaders(headers: KafkaHeaders | undefined, onto: Context = context.active()): Context {
  return headers ? propagation.extract(onto, headers, getText) : onto;
}
