/**
 * `npm run bench:decisions`: whether decisions come in time. Centrifugo waits one second for an answer, so the first one of
 * a cold function must come within it at the memory that the function is deployed with; a warm one may take 0.3 ms of a
 * processor.
 */
import { routes } from '../shared/routes/index.ts';
import { processorTimes } from './cold.ts';
import { closeLaboratory } from './laboratory.ts';
import { measureWarmCalls } from './warm.ts';

/** MiB with which Lambda gives a function one whole processor. */
const WHOLE_PROCESSOR = 1769;
/** Time until Lambda has a place for a new instance, and until the first round trip of a new connection (ms). */
const [PLACE, FIRST_TRIP] = [150, 40];
/** The decisions. */
const rows = routes.filter(({ area }) => area === 'access');

try {
  const cold = await processorTimes(rows, 5);
  const warm = await measureWarmCalls(15, rows);
  console.table(
    rows.map(({ id, memory = 512 }) => {
      const cpu = cold.get(id)!;
      return {
        id,
        memory,
        'cold cpu (ms)': Math.round(cpu),
        'first answer, modelled (ms)': Math.round((cpu * WHOLE_PROCESSOR) / memory + PLACE + FIRST_TRIP),
        'warm cpu of our code (ms)': warm[id]!.ownCpu,
      };
    }),
  );
} finally {
  await closeLaboratory();
}
process.exit(0);
