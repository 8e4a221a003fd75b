/** Measures until the function it returns is called, and gives `record` the seconds and what that was called with. */
export function secondsTimer<A extends unknown[]>(
  record: (seconds: number, ...given: A) => void,
): (...given: A) => number {
  const start = process.hrtime();
  return (...given) => {
    const [whole, nano] = process.hrtime(start);
    const seconds = whole + nano / 1e9;
    record(seconds, ...given);
    return seconds;
  };
}
