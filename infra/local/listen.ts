import { once } from 'node:events';
import type { Server } from 'node:http';

/** Starts the server on a port of this machine, by default any free one. @returns its address */
export async function listen(server: Server, port = 0): Promise<string> {
  // Closing a connection that its client is about to use again would cost the client a retry.
  server.keepAliveTimeout = 0;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
}

/** Ends all connections of a server that listens, also those that wait for an answer. */
export async function closeServer(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
