import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import type { LaptopDescription } from '../../infra/laptop/roster.ts';

/** Waits for the run's laptop stack, which starts beside the first tests (see laptop-stack.ts). */
export async function laptopStack(): Promise<LaptopDescription> {
  const file = inject('stackFile');
  while (!existsSync(file)) await sleep(50);
  const { failure, ...description } = JSON.parse(readFileSync(file, 'utf8'));
  if (failure) throw new Error(failure);
  return description;
}
