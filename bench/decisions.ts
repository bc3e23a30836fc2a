/**
 * `npm run bench:decisions`: whether decisions come in time. Centrifugo waits one second for an answer, so the first one of
 * a cold function must come within it at the memory that the function is deployed with; a warm one may take 0.3 ms of a
 * processor.
 */
import { routes } from '../shared/routes/index.ts';
import { measureFunctions } from './cold.ts';
import { closeLaboratory } from './laboratory.ts';
import { ASSUMED_PLACE } from './prices.ts';
import { measureWarmCalls } from './warm.ts';

/** The decisions. */
const rows = routes.filter(({ area }) => area === 'access');

try {
  const cold = await measureFunctions(rows, 5);
  const warm = await measureWarmCalls(15, rows);
  console.table(
    rows.map(({ id }) => {
      const { memory, load, call, modelled } = cold[id]!;
      return {
        id,
        memory,
        'cold cpu (ms)': Math.round(load.median + call.median),
        'first answer, modelled (ms)': Math.round(ASSUMED_PLACE + modelled),
        'warm cpu of our code (ms)': warm[id]!.ownCpu,
      };
    }),
  );
} finally {
  await closeLaboratory();
}
process.exit(0);
