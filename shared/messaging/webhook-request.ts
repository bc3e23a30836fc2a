import { type LookupAddress, type LookupAllOptions, type LookupOptions, lookup } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import type { LookupFunction } from 'node:net';
import { mayBeReached, targetProblem } from '../public-address.ts';

/** The one request of the service that goes to an address which customers choose. */

/** What came of a request. Without a status no answer came, and `error` says why. */
interface RequestOutcome {
  status?: number;
  /** The first 256 bytes of the body. */
  answer?: string;
  error?: string;
}

interface RequestOptions {
  /** This is the laptop: endpoints on it may be reached, also without TLS. */
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

const LONGEST = 15_000;
/** Bytes of the answer's body that are read. */
const SHOWN = 256;

/**
 * Posts the body. The name is resolved for this very connection, which goes to one of the addresses that were checked:
 * whoever controls the name cannot lead it anywhere else. Redirects are not followed. Never throws.
 */
export function postWebhook(
  text: string,
  headers: Record<string, string>,
  body: string,
  { loopback, most = LONGEST, resolve = lookup }: RequestOptions,
): Promise<RequestOutcome> {
  const url = new URL(text);
  // A literal address is not resolved.
  const problem = targetProblem(url, loopback);
  if (problem) return Promise.resolve({ error: `the address ${problem}` });
  return new Promise((done) => {
    const end = AbortSignal.timeout(most);
    const request = (url.protocol === 'http:' ? http : https).request(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      // A connection of its own: one that is kept may have died while the function was frozen.
      agent: false,
      signal: end,
      lookup: checkedLookup(resolve, loopback),
    });
    const failed = (error: NodeJS.ErrnoException) =>
      done({ error: end.aborted ? `no answer within ${most / 1000} s` : (error.code ?? error.message) });
    request.on('error', failed);
    request.once('response', (response) => {
      const { statusCode: status = 0 } = response;
      const chunks: Buffer[] = [];
      let bytes = 0;
      const finish = () => {
        // `stream` drops a character that the cut has left incomplete.
        const answer = new TextDecoder().decode(Buffer.concat(chunks).subarray(0, SHOWN), { stream: true });
        done({ status, ...(answer && { answer }) });
        response.destroy();
      };
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= SHOWN) finish();
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
