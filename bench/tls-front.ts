/** DynamoDB Local behind TLS, as AWS has it: the first connection is a large part of a first call. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';

export interface TlsFront {
  /** `https://localhost:…` */
  endpoint: string;
  /** For `NODE_EXTRA_CA_CERTS`. */
  certificate: string;
  close(): void;
}

/** Needs `openssl`. Its key has the kind that AWS uses most, RSA with 2,048 bits. */
export async function startTlsFront(behind: string): Promise<TlsFront> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-tls-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  const files = ['-nodes', '-keyout', key, '-out', certificate];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...files, ...named], { stdio: 'pipe' });
  const { hostname, port } = new URL(behind);
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (socket) => {
    const inner = connect(Number(port), hostname);
    socket.on('error', () => inner.destroy()).pipe(inner);
    inner.on('error', () => socket.destroy()).pipe(socket);
  });
  await new Promise<void>((listening) => server.listen(0, listening));
  const close = () => {
    server.close();
    rmSync(folder, { recursive: true });
  };
  return { endpoint: `https://localhost:${(server.address() as AddressInfo).port}`, certificate, close };
}
