import { createServer, type RequestListener, type Server } from 'node:http';
import { closeServer, listen } from '../../infra/local/listen.ts';

/** A server of a test. */
export interface Served {
  /** Its address on this machine: `http://127.0.0.1:…`. */
  origin: string;
  server: Server;
  /** Ends all connections, too. */
  close(): Promise<void>;
}

/** Answers requests on a free port. */
export async function serve(answer: RequestListener): Promise<Served> {
  const server = createServer(answer);
  const origin = await listen(server);
  return { origin, server, close: () => closeServer(server) };
}

/** An address at which nobody listens. */
export async function nowhere(): Promise<string> {
  const { origin, close } = await serve(() => {});
  await close();
  return origin;
}
