import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { BuildOptions } from './cached-build.ts';
import type { Json } from './template.ts';

/** What the laptop stack needs to know of an application beside its templates. `Facts` are of the application's own. */
export interface Application<Facts extends object> {
  /** Names temporary folders. */
  name: string;
  /** Folder of `stack.json`, `functions.log` and `dlq.ndjson`. */
  folder: string;
  /** The folder of a cloud assembly, made from the sources as they are. It stays for an hour at least. */
  assembly(options: BuildOptions): Promise<string>;
  /** Folders and files from which the assembly is made: what `--watch` watches. */
  sources?: string[];
  /**
   * Called before the API is served, with the first table of the templates. The result becomes a part of the stack's
   * description.
   * @param data folder that is kept between runs together with the table; undefined if nothing is kept
   */
  prepare(client: DynamoDBClient, tableName: string, data: string | undefined): Promise<Facts>;
  /** JSON documents by path, which the gateway serves to this machine only. */
  documents?(facts: Facts): Record<string, object>;
  /** The application's error code in the body of a response, for the console; undefined for a success. */
  errorCode?(body: Buffer): string | undefined;
  /** What the console shows of a JSON line that a function logs; undefined for nothing. */
  consoleLine?(line: Json): string | undefined;
}
