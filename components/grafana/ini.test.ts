import { expect, test } from "vitest";
import { ini } from "./ini.ts";

const line = (value: string) => ini({ s: { key: value } }).split("\n")[1];

test("writes sections and keys in order, and omits keys without a value", () => {
  expect(ini({ server: { http_port: 3000, root_url: undefined }, "auth.ldap": { enabled: false } })).toBe(
    "[server]\nhttp_port = 3000\n\n[auth.ldap]\nenabled = false\n",
  );
});

test("quotes what the reader would truncate or strip", () => {
  expect(line("plain words")).toBe("key = plain words");
  expect(line("https://grafana.example.com/")).toBe("key = https://grafana.example.com/");
  expect(line("${POD_IP}:9094")).toBe("key = ${POD_IP}:9094");
  expect(line("a#b")).toBe("key = `a#b`");
  expect(line("a;b")).toBe("key = `a;b`");
  expect(line("contains(groups[*], 'sre') && 'Admin' || 'Viewer'")).toBe(
    "key = `contains(groups[*], 'sre') && 'Admin' || 'Viewer'`",
  );
  expect(line(" ends with a space ")).toBe("key = ` ends with a space `");
  expect(line("back`tick")).toBe('key = """back`tick"""');
  expect(line("continued\\")).toBe("key = `continued\\`");
});

test("rejects what cannot be quoted", () => {
  expect(() => line("two\nlines")).toThrow(RangeError);
  expect(() => line('both ` and """')).toThrow(RangeError);
});
