/** Lets one loop sleep until it is woken or its time is up. */
export interface Wakeup {
  /** Ends the sleep, or the next one if nobody sleeps. */
  wake(): void;
  /** @param milliseconds at most this long */
  sleep(milliseconds: number): Promise<void>;
}

/**
 * @example
 * const wakeup = createWakeup();
 * setTimeout(() => wakeup.wake(), 10);
 * await wakeup.sleep(1_000);
 */
export function createWakeup(): Wakeup {
  let isWoken = false;
  let end: (() => void) | undefined;
  return {
    wake() {
      isWoken = true;
      end?.();
    },
    async sleep(milliseconds) {
      if (!isWoken) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, milliseconds);
          end = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        end = undefined;
      }
      isWoken = false;
    },
  };
}
