import type { Arena } from "../memory/arena.ts";
import { cellCount, readCells } from "../read/cells.ts";
import { exemplarCells } from "../read/exemplars.ts";
import type { FamilyView } from "../read/family.ts";
import type { Reader } from "../read/reader.ts";
import type { Registry } from "../registry/registry.ts";
import type { Format } from "./negotiate.ts";
import { openMetricsLayout, openMetricsWithExemplars } from "./openmetrics.ts";
import { type Layout, Page, Sink } from "./page.ts";
import { writeProtobuf } from "./protobuf.ts";
import { textLayout } from "./text.ts";

/** Which metrics to render. */
export type Filter = (family: FamilyView) => boolean;
const ALL: Filter = () => true;

/** What is shown of what was read, always by the same objects, so that their pages are found again. */
export type Selection = (reader: Reader) => readonly FamilyView[];

interface CachedPage {
  readonly version: number;
  readonly page: Page;
}

/** Bytes added to the expected size, so that numbers that grew do not make the buffer grow. */
const SLACK = 16_384;

/**
 * Renders a registry's metrics, and remembers each metric's page in each format: see {@link Page}. The buffers it gives out are
 * not written to again.
 */
export class Renderer {
  readonly #registry: Registry;
  readonly #pages = new Map<string, WeakMap<FamilyView, CachedPage>>();
  readonly #select: Selection;
  #values = new Float64Array(1024);

  /** @param select @default every metric as it is, by name */
  constructor(registry: Registry, select: Selection = ({ families }) => families) {
    this.#registry = registry;
    this.#select = select;
  }

  /** Everything that `filter` keeps, as of now. Collectors are run before, by whoever calls: `await registry.collect()`. */
  render(format: Format, filter: Filter = ALL): Buffer {
    return this.#registry.read((reader) => {
      const { arena } = reader;
      const families = this.#select(reader).filter(filter);
      const pages = this.#pagesFor(format);
      let expected = SLACK;
      for (const family of families) expected += pages.get(family)?.page.length ?? 0;
      const sink = new Sink(expected);
      const used: Page[] = [];
      for (const family of families) this.#renderFamily(arena, family, format, pages, sink, used);
      if (format.name === "openmetrics") sink.writeLatin1("# EOF\n");
      const rendered = sink.finish();
      for (const page of used) page.settle(sink.buffer);
      return rendered;
    });
  }

  #renderFamily(
    arena: Arena,
    family: FamilyView,
    format: Format,
    pages: WeakMap<FamilyView, CachedPage>,
    sink: Sink,
    used: Page[],
  ): void {
    const { definition, series } = family;
    // A metric with labels that nobody recorded to is left out, as every client does.
    if (series.length === 0 && !family.exposedEmpty) return;
    const stride = cellCount(definition);
    const values = this.#read(arena, family, stride);
    if (format.name === "protobuf") {
      writeProtobuf(arena, family, format.escaping, values, stride, sink);
      return;
    }
    if (
      format.name === "openmetrics" &&
      (family.exemplarsOf || exemplarCells(definition).cells > 0) &&
      definition.type !== "exponential_histogram"
    ) {
      const text = Buffer.from(openMetricsWithExemplars(family, this.#layout(family, format), values, stride));
      sink.writeLatin1(text.toString("latin1"));
      return;
    }
    const known = pages.get(family);
    if (known?.version === family.version) {
      known.page.render(values, sink);
      used.push(known.page);
      return;
    }
    const page = new Page(this.#layout(family, format), series.length, stride, values, sink);
    pages.set(family, { version: family.version, page });
    used.push(page);
  }

  #layout(family: FamilyView, { name, escaping }: Format): Layout {
    const layout = name === "text" ? textLayout : openMetricsLayout;
    return family.layout?.() ?? layout(family, escaping);
  }

  #read(arena: Arena, family: FamilyView, stride: number): Float64Array {
    const { definition, series } = family;
    const cells = series.length * stride;
    if (this.#values.length < cells) this.#values = new Float64Array(Math.ceil(cells * 1.25));
    const now = this.#registry.now();
    for (let i = 0; i < series.length; i++) readCells(arena, definition, series[i]!, now, this.#values, i * stride);
    if (family.zeroForNothing && definition.type === "summary") {
      for (let i = 0; i < cells; i++) if (Number.isNaN(this.#values[i]!)) this.#values[i] = 0;
    }
    return this.#values;
  }

  #pagesFor(format: Format): WeakMap<FamilyView, CachedPage> {
    const key = `${format.name} ${format.escaping}`;
    const known = this.#pages.get(key);
    if (known) return known;
    const pages = new WeakMap<FamilyView, CachedPage>();
    this.#pages.set(key, pages);
    return pages;
  }
}
