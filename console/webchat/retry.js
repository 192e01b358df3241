// When to try again.

const FIRST = 500;
const LONGEST = 15000;

/** Give how long to wait after so many failures, in milliseconds; spread, so that a server that comes back is not stormed. */
export function backoff(failures) {
  return Math.min(LONGEST, FIRST * 2 ** failures) * (0.75 + Math.random() / 2);
}

/** Wait, but not longer than until the network or the customer is back. */
export function pause(milliseconds) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      document.removeEventListener("visibilitychange", seen);
      resolve();
    };
    const seen = () => document.visibilityState === "visible" && done();
    const timer = setTimeout(done, milliseconds);
    addEventListener("online", done);
    document.addEventListener("visibilitychange", seen);
  });
}
