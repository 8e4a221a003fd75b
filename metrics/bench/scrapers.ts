// Scrapers at once against a port, `scrapers.ts PORT SCRAPERS SCRAPES_EACH`; sends the 95th percentile of their waiting, in milliseconds.
// They read the socket into one buffer and count bytes: what a scraper does with them is not the server's matter.
import { connect, type Socket } from "node:net";
import { percentile } from "./stats.ts";

const REQUEST = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n";
const [port = 0, count = 0, scrapesEach = 0] = process.argv.slice(2).map(Number);

class Scraper {
  readonly #socket: Socket;
  #missing = 0;
  #done: () => void = () => {};

  constructor() {
    const onread = {
      buffer: Buffer.alloc(1 << 20),
      callback: (length: number, buffer: Uint8Array) => this.#read(length, buffer),
    };
    this.#socket = connect({ port, host: "127.0.0.1", onread });
  }

  /** Milliseconds from the request to the response's last byte. */
  async scrape(): Promise<number> {
    const start = performance.now();
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      this.#socket.write(REQUEST);
    });
    return performance.now() - start;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(length: number, buffer: Uint8Array): boolean {
    if (this.#missing === 0) {
      const head = Buffer.from(buffer.buffer, buffer.byteOffset, Math.min(length, 4096)).toString("latin1");
      const size = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (!head.startsWith("HTTP/1.1 200 ") || size < 100_000)
        throw new Error(`unexpected response: ${head.slice(0, 200)}`);
      this.#missing = head.indexOf("\r\n\r\n") + 4 + size;
    }
    this.#missing -= length;
    if (this.#missing === 0) this.#done();
    return true;
  }
}

const scrapers = Array.from({ length: count }, () => new Scraper());
for (let i = 0; i < 5; i++) await scrapers[0]!.scrape();
const times = await Promise.all(
  scrapers.map(async (scraper) => {
    const own: number[] = [];
    for (let i = 0; i < scrapesEach; i++) own.push(await scraper.scrape());
    scraper.close();
    return own;
  }),
);
process.send!(percentile(times.flat(), 0.95), () => process.disconnect());
