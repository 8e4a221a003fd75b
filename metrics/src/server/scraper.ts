import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Format } from "../exposition/negotiate.ts";
import { type Filter, Renderer } from "../exposition/renderer.ts";
import type { Registry } from "../registry/registry.ts";
import { within } from "./health.ts";

const compress = promisify(gzip);
/** Fast and good enough: label texts repeat so much that higher levels gain a few percent for several times the work. */
const GZIP_LEVEL = 1;

/** What a scrape asks for. */
export interface ScrapeRequest {
  readonly format: Format;
  /** Names equal requests, so that those that wait at the same time share one rendering. */
  readonly key: string;
  readonly filter?: Filter;
}

/**
 * Answers scrapes. Those that arrive before a rendering starts share it, and its compressed form; a later one gets its own, so that
 * nobody is told what was true before they asked.
 */
export class Scraper {
  readonly #registry: Registry;
  readonly #renderer: Renderer;
  readonly #collectTimeoutMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #waiting = new Map<string, Promise<Buffer>>();
  readonly #compressed = new WeakMap<Buffer, Promise<Buffer>>();

  constructor(registry: Registry, collectTimeoutMs: number, onError: (error: unknown) => void) {
    this.#registry = registry;
    this.#renderer = new Renderer(registry);
    this.#collectTimeoutMs = collectTimeoutMs;
    this.#onError = onError;
  }

  /** The rendered metrics. */
  scrape({ format, key, filter }: ScrapeRequest): Promise<Buffer> {
    const shared = `${format.contentType}\n${key}`;
    let rendering = this.#waiting.get(shared);
    if (rendering === undefined) {
      rendering = this.#render(shared, format, filter);
      this.#waiting.set(shared, rendering);
    }
    return rendering;
  }

  /** A rendering in gzip, made once however many asked for it. */
  compress(body: Buffer): Promise<Buffer> {
    let compressed = this.#compressed.get(body);
    if (compressed === undefined) {
      compressed = compress(body, { level: GZIP_LEVEL });
      this.#compressed.set(body, compressed);
    }
    return compressed;
  }

  async #render(shared: string, format: Format, filter: Filter | undefined): Promise<Buffer> {
    try {
      await within(this.#collectTimeoutMs, "collecting metrics", () => this.#registry.collect());
    } catch (error) {
      // A collector that fails or hangs costs its own metrics' freshness, not the scrape.
      this.#onError(error);
    }
    // Requests that are readable by now belong to this rendering.
    await new Promise((resolve) => setImmediate(resolve));
    this.#waiting.delete(shared);
    return this.#renderer.render(format, filter);
  }
}
