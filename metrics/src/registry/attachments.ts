import { MessageChannel, type MessagePort, postMessageToThread, threadId, type Worker } from "node:worker_threads";
import type { Arena } from "../memory/arena.ts";
import { Header } from "../memory/layout.ts";

// How the thread that created a registry learns that another one has ended. A thread that records notes the end of those that it
// starts. What a thread starts that knows nothing of the registry is noticed by a channel: its creator and the other thread hold
// one end each, and when a thread ends, Node.js closes its end. That is not enough alone, as a thread that is terminated before the
// creator's event loop has turned never gets its end across.

const KIND = "@skopos/metrics attachment";

interface Attachment {
  readonly kind: typeof KIND;
  readonly arena: number;
  readonly region: number;
  readonly thread: number;
  readonly port: MessagePort;
}

interface RegionOwner {
  endRegion(region: number, thread: number): void;
}

/** Registries that this thread created, by their arena's number. */
const owners = new Map<number, WeakRef<RegionOwner>>();
const forget = new FinalizationRegistry<number>((arena) => owners.delete(arena));
/** Kept, so that they are not collected, and closed, before their thread ends. */
const held = new Set<MessagePort>();

function receive(message: unknown): void {
  const attachment = message as Partial<Attachment> | null;
  if (attachment?.kind !== KIND) return;
  const { arena, region, thread, port } = attachment as Attachment;
  held.add(port);
  port.on("close", () => {
    held.delete(port);
    owners.get(arena)?.deref()?.endRegion(region, thread);
  });
  port.unref();
}

let listening = false;

/** Lets other threads tell `owner` when they attach to its arena. */
export function awaitAttachments(arena: Arena, owner: RegionOwner): void {
  const number = arena.load(Header.arenaNumber);
  owners.set(number, new WeakRef(owner));
  forget.register(owner, number);
  if (listening) return;
  listening = true;
  process.on("workerMessage", receive);
}

/** What records in this thread and notes the end of the threads that it starts. */
const parents = new Set<WeakRef<Parent>>();

interface Parent {
  watch(worker: Worker): void;
}

let watching = false;

/** Lets a registry note the end of every thread that this one starts from now on. */
export function watchChildren(parent: Parent): void {
  if (!watching) {
    watching = true;
    process.on("worker", (worker: Worker) => {
      for (const reference of parents) {
        const registry = reference.deref();
        if (registry) registry.watch(worker);
        else parents.delete(reference);
      }
    });
  }
  parents.add(new WeakRef(parent));
}

/** Tells the thread that created the arena that this one records into `region`, until it ends. */
export function announceAttachment(arena: Arena, region: number): void {
  const creator = arena.load(Header.creatorThread);
  if (creator === threadId) return;
  const { port1, port2 } = new MessageChannel();
  held.add(port2);
  port2.unref();
  const number = arena.load(Header.arenaNumber);
  const attachment: Attachment = { kind: KIND, arena: number, region, thread: threadId, port: port1 };
  // The creator may have ended: then nobody reads what is recorded here.
  postMessageToThread(creator, attachment, [port1]).catch(() => held.delete(port2));
}
