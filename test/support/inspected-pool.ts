/** A process as `npm start -- --inspect` is one, with a single function: it answers each line of its input by a call. */
import inspector from 'node:inspector';
import { createInterface } from 'node:readline';
import { createFunctionPool } from '../../infra/local/function-pool.ts';

const pool = createFunctionPool({ inspect: true });
inspector.open(0, '127.0.0.1');
console.log(JSON.stringify({ address: inspector.url() }));
const definition = JSON.parse(process.argv[2]!);
for await (const event of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(await pool.invoke(definition, JSON.parse(event))));
await pool.close();
process.exit();
