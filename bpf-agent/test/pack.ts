/** Packs frames as `programRun` takes them. */
export function pack(frames: readonly Uint8Array[]): { packed: Uint8Array; stride: number } {
  const stride = 2 + frames.reduce((longest, { length }) => Math.max(longest, length), 0);
  const packed = new Uint8Array(stride * frames.length);
  frames.forEach((frame, i) => {
    packed.set([frame.length & 255, frame.length >> 8], i * stride);
    packed.set(frame, i * stride + 2);
  });
  return { packed, stride };
}
