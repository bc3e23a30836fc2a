import { syncBuiltinESMExports } from 'node:module';
import { afterAll } from 'vitest';

/** Replaces a function of an object, or of one of Node's modules, until the end of the test file. */
export function replace<O extends object, K extends keyof O>(object: O, name: K, make: (real: O[K]) => O[K]): void {
  const real = object[name];
  const set = (value: O[K]) => {
    object[name] = value;
    syncBuiltinESMExports();
  };
  set(make(real));
  afterAll(() => set(real));
}
