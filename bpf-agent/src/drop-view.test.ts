import { expect, test } from "vitest";
import { DropView, reasonName } from "./drop-view.ts";

const names = { 3: "SKB_DROP_REASON_NO_SOCKET", 1: "SKB_CONSUMED" };

test.each([
  [3, "no_socket"],
  [1, "consumed"],
  [0x20001, "131073"],
])("reason %i is %s", (code, name) => {
  expect(reasonName(names, code)).toBe(name);
});

test("a flow without drops has no reason", () => {
  const view = new DropView(new Uint8Array(48), names);
  expect([view.length, view.packets(1), view.reason(1)]).toEqual([2, 0, ""]);
});
