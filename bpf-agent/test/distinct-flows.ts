import * as p from "./packets.ts";

const frame = (i: number) => {
  const source = `10.${(i >> 24) & 255}.${(i >> 16) & 255}.${1 + ((i >> 8) & 127)}`;
  return p.ethernet(
    p.ipv4({ source, destination: "192.168.0.2", protocol: 17 }, p.udp(1 + (i & 255), 1 + (i >> 15), p.zeros(8))),
  );
};

/** `count` frames, each of another flow, from flow number `start` on. */
export const distinct = (count: number, start = 0) => Array.from({ length: count }, (_, i) => frame(start + i));
