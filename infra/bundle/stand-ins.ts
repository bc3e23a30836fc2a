import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** A module of the SDK that no function needs, and what every bundle holds in its place. */
interface StandIn {
  /** End of the path below `node_modules`. */
  file: string;
  /** As it is, or made from what the SDK has there. */
  source: string | ((original: string) => string);
}

/**
 * What the SDK brings for other places than a Lambda function, and for other services than ours. It would be read,
 * compiled and run at every cold start. A test proves that each of these files is still where the SDK keeps it.
 */
export const STAND_INS: readonly StandIn[] = [
  {
    // Nothing here streams events; imported dynamically, it would keep half of the SDK from being shaken.
    file: '@smithy/core/dist-es/submodules/event-streams/index.js',
    source: `export const EventStreamSerde = undefined, eventStreamSerdeProvider = () => undefined;
      export const resolveEventStreamSerdeConfig = (config) => config;`,
  },
  {
    // Lambda has no home folder with profiles: settings come from the environment and from the code.
    file: '@smithy/core/dist-es/submodules/config/shared-ini-file-loader/loadSharedConfigFiles.js',
    source: `export const CONFIG_PREFIX_SEPARATOR = '.';
      const none = { configFile: {}, credentialsFile: {} };
      export const loadSharedConfigFiles = async () => none;`,
  },
  {
    // Asks the machine that the code runs on for its region: only in the defaults mode "auto", which is not ours.
    file: '@smithy/core/dist-es/submodules/config/config-resolver/regionConfig/getInstanceMetadataRegion.js',
    source: 'export const getInstanceMetadataRegion = async () => undefined;',
  },
  {
    // Node always has its own SHA-256.
    file: '@smithy/core/dist-es/submodules/checksum/sha256/Sha256Js.js',
    source: 'export class Sha256Js {}',
  },
  {
    // Answers are Node's streams. To ask for the web's makes Node load them.
    file: '@smithy/core/dist-es/submodules/serde/util-stream/stream-type-check.js',
    source: 'export const isReadableStream = () => false, isBlob = () => false;',
  },
  {
    // For endpoints that DynamoDB does not ask anybody to discover any more; off by default.
    file: '@aws-sdk/middleware-endpoint-discovery/dist-es/resolveEndpointDiscoveryConfig.js',
    source: 'export const resolveEndpointDiscoveryConfig = (config) => config;',
  },
  // The client speaks by shared/data/protocol.ts.
  {
    file: '@aws-sdk/core/dist-es/submodules/protocols/json/AwsJson1_0Protocol.js',
    source: `export class AwsJson1_0Protocol {
      constructor() { throw new Error('a DynamoDB client needs the protocol of shared/data/protocol.ts'); }
    }`,
  },
  { file: '@aws-sdk/dynamodb-codec/dist-es/index.js', source: 'export class DynamoDBJsonCodec2 {}' },
  {
    // Of an operation's schema that protocol wants the name alone; of errors there are names, not classes.
    file: '@aws-sdk/client-dynamodb/dist-es/schemas/schemas_0.js',
    source: (original) =>
      [...original.matchAll(/^export var (\w+)\$ = \[9,/gm)]
        .map(([, name]) => `export const ${name}$ = [9, 'com.amazonaws.dynamodb', '${name}'];`)
        .concat('export const errorTypeRegistries = [];')
        .join('\n'),
  },
  {
    // A set of rules with a machine to run it, for FIPS, dual stack and accounts' own addresses, which are not used here.
    file: '@aws-sdk/client-dynamodb/dist-es/endpoint/endpointResolver.js',
    source: `export const defaultEndpointResolver = ({ Endpoint, Region }) => ({
        url: new URL(Endpoint ?? \`https://dynamodb.\${Region}.amazonaws.com\${Region.startsWith('cn-') ? '.cn' : ''}\`),
        headers: {},
        properties: {},
      });`,
  },
];

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** Puts the stand-ins in their places. */
export const standIns: Plugin = {
  name: 'stand-ins',
  setup({ onLoad }) {
    for (const { file, source } of STAND_INS) {
      const filter = new RegExp(`[\\\\/]node_modules[\\\\/]${escaped(file).replaceAll('\\/', '[\\\\/]')}$`);
      onLoad({ filter }, async ({ path }) => ({
        contents: typeof source === 'string' ? source : source(await readFile(path, 'utf8')),
        loader: 'js',
      }));
    }
  },
};
