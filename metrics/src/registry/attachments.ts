import { MessageChannel, type MessagePort, postMessageToThread, threadId } from "node:worker_threads";
import type { Arena } from "../memory/arena.ts";
import { Header } from "../memory/layout.ts";

// How the thread that created a registry learns that another one has ended, however it was started and however it ended: the two
// hold the ends of a channel, and when a thread ends, Node.js closes its end. An "exit" event reaches only the parent.

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
