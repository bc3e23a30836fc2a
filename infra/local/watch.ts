/** Tells when source files change. */
import { existsSync, watch } from 'node:fs';

/** Milliseconds without a change after which a change is told: an editor saves several files, and some of them twice. */
const QUIET = 200;

/**
 * Calls `onChange` after files in these folders, or these files, have changed. While it runs, further changes wait, and
 * are told together afterwards.
 */
export function watchSources(paths: readonly string[], onChange: () => Promise<void>): { close(): void } {
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let again = false;
  let closed = false;
  const tell = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      await onChange();
    } while (again && !closed);
    running = false;
  };
  const watchers = paths.filter(existsSync).map((path) =>
    watch(path, { recursive: true }, () => {
      clearTimeout(timer);
      timer = setTimeout(tell, QUIET);
    }),
  );
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}
