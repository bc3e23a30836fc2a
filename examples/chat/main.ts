/** `npm run chat`: the chat beside `npm start`, until Ctrl-C. PORT is the port of its page, 8090 unless it is set. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { startChat } from './chat.ts';

const folder = resolve(import.meta.dirname, '../../.local');
const stackFile = resolve(folder, 'stack.json');
if (!existsSync(stackFile)) {
  console.error('No stack is running here: start one with `npm start`, and wait until it serves.');
  process.exit(1);
}
const { api_endpoint: endpoint, app_id: app, admin_token: token } = JSON.parse(readFileSync(stackFile, 'utf8'));
const port = Number(process.env.PORT ?? 8090);
const file = resolve(folder, `chat-${app}.json`);
const chat = await startChat({ endpoint, app, token, file, port, log: console.log });
console.log(`\n  Chat  ${chat.url}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => chat.close());
