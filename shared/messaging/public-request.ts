import { type LookupAddress, type LookupAllOptions, type LookupOptions, lookup } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import type { LookupFunction } from 'node:net';
import { mayBeReached, targetProblem } from '../public-address.ts';

/** Requests of the service to addresses that customers and operators choose. */

interface PublicRequest {
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: string;
}

export interface RequestOptions {
  /** This is the laptop: servers on it may be reached, also without TLS. */
  loopback: boolean;
  /** Milliseconds for the whole request. */
  most?: number;
  /** Resolves a name to all of its addresses. */
  resolve?: Resolve;
}
type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** What came of a request. Without a status no answer came, and `error` says why. */
interface PublicAnswer {
  status?: number;
  /** The body, or so much of it as was asked for. */
  body: Buffer;
  /** Whether that is the whole body. */
  whole: boolean;
  error?: string;
}

/**
 * Sends one request. The name is resolved for this very connection, which goes to one of the addresses that were checked:
 * whoever controls the name cannot lead it anywhere else. Redirects are not followed. Never throws.
 * @param bytes of the answer's body that are read
 */
export function requestPublic(
  text: string,
  { method, headers, body }: PublicRequest,
  bytes: number,
  { loopback, most = 15_000, resolve = lookup }: RequestOptions,
): Promise<PublicAnswer> {
  const url = new URL(text);
  const nothing = { body: Buffer.alloc(0), whole: false };
  // A literal address is not resolved.
  const problem = targetProblem(url, loopback);
  if (problem) return Promise.resolve({ ...nothing, error: `the address ${problem}` });
  return new Promise((done) => {
    const end = AbortSignal.timeout(most);
    const request = (url.protocol === 'http:' ? http : https).request(url, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
      // A connection of its own: one that is kept may have died while the function was frozen.
      agent: false,
      signal: end,
      lookup: checkedLookup(resolve, loopback),
    });
    const failed = (error: NodeJS.ErrnoException) =>
      done({ ...nothing, error: end.aborted ? `no answer within ${most / 1000} s` : (error.code ?? error.message) });
    request.on('error', failed);
    request.once('response', (response) => {
      const { statusCode: status = 0 } = response;
      const chunks: Buffer[] = [];
      let read = 0;
      const finish = () => {
        const whole = response.complete && read <= bytes;
        done({ status, body: Buffer.concat(chunks).subarray(0, bytes), whole });
        response.destroy();
      };
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        read += chunk.length;
        if (read >= bytes) finish();
      });
      response.once('end', finish);
      // The status has come, whatever becomes of the body.
      request.off('error', failed).on('error', finish);
      response.once('error', finish);
      response.once('close', finish);
    });
    request.end(body);
  });
}

/** Resolves a name, and refuses it if any of its addresses may not be reached. */
function checkedLookup(resolve: Resolve, loopback: boolean): LookupFunction {
  return (hostname: string, options: LookupOptions, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const strange = addresses.find(({ address }) => !mayBeReached(address, loopback));
      if (strange || addresses.length === 0)
        return callback(new Error(`the address ${strange?.address ?? 'of the name'} is not public`), []);
      if (options.all) return callback(null, addresses);
      const [{ address, family }] = addresses as [LookupAddress];
      callback(null, address, family);
    });
  };
}
