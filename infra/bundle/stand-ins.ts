import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** A module of the SDK that no function needs, and its replacement in every bundle. */
interface StandIn {
  /** Path below `node_modules`. */
  file: string;
  /** The replacement, or a function that derives it from the original. */
  source: string | ((original: string) => string);
}

/**
 * Parts of the SDK for other environments than Lambda and for other services. Every cold start would read, compile and
 * run them. A test checks that the SDK still has each of these files.
 */
export const STAND_INS: readonly StandIn[] = [
  {
    // No function streams events. The dynamic import would prevent tree-shaking of half of the SDK.
    file: '@smithy/core/dist-es/submodules/event-streams/index.js',
    source: `export const EventStreamSerde = undefined, eventStreamSerdeProvider = () => undefined;
      export const resolveEventStreamSerdeConfig = (config) => config;`,
  },
  {
    // Lambda has no home folder with profiles. Settings come from the environment and the code.
    file: '@smithy/core/dist-es/submodules/config/shared-ini-file-loader/loadSharedConfigFiles.js',
    source: `export const CONFIG_PREFIX_SEPARATOR = '.';
      const none = { configFile: {}, credentialsFile: {} };
      export const loadSharedConfigFiles = async () => none;`,
  },
  {
    // Queries the instance metadata for the region, only in the defaults mode "auto", which is not used.
    file: '@smithy/core/dist-es/submodules/config/config-resolver/regionConfig/getInstanceMetadataRegion.js',
    source: 'export const getInstanceMetadataRegion = async () => undefined;',
  },
  {
    // Node has its own SHA-256.
    file: '@smithy/core/dist-es/submodules/checksum/sha256/Sha256Js.js',
    source: 'export class Sha256Js {}',
  },
  {
    // Responses are Node streams. A check for web streams makes Node load them.
    file: '@smithy/core/dist-es/submodules/serde/util-stream/stream-type-check.js',
    source: 'export const isReadableStream = () => false, isBlob = () => false;',
  },
  {
    // Endpoint discovery, which DynamoDB no longer uses; off by default.
    file: '@aws-sdk/middleware-endpoint-discovery/dist-es/resolveEndpointDiscoveryConfig.js',
    source: 'export const resolveEndpointDiscoveryConfig = (config) => config;',
  },
  // The client uses shared/data/protocol.ts.
  {
    file: '@aws-sdk/core/dist-es/submodules/protocols/json/AwsJson1_0Protocol.js',
    source: `export class AwsJson1_0Protocol {
      constructor() { throw new Error('a DynamoDB client needs the protocol of shared/data/protocol.ts'); }
    }`,
  },
  { file: '@aws-sdk/dynamodb-codec/dist-es/index.js', source: 'export class DynamoDBJsonCodec2 {}' },
  {
    // That protocol needs only the name of an operation's schema. Errors have names, not classes.
    file: '@aws-sdk/client-dynamodb/dist-es/schemas/schemas_0.js',
    source: (original) =>
      [...original.matchAll(/^export var (\w+)\$ = \[9,/gm)]
        .map(([, name]) => `export const ${name}$ = [9, 'com.amazonaws.dynamodb', '${name}'];`)
        .concat('export const errorTypeRegistries = [];')
        .join('\n'),
  },
  {
    // The user agent needs only its version.
    file: '@aws-sdk/client-dynamodb/package.json',
    source: (original) => `export default { version: ${JSON.stringify(JSON.parse(original).version)} };`,
  },
  {
    // A rule engine for FIPS, dual-stack and account endpoints, which are not used.
    file: '@aws-sdk/client-dynamodb/dist-es/endpoint/endpointResolver.js',
    source: `export const defaultEndpointResolver = ({ Endpoint, Region }) => ({
        url: new URL(Endpoint ?? \`https://dynamodb.\${Region}.amazonaws.com\${Region.startsWith('cn-') ? '.cn' : ''}\`),
        headers: {},
        properties: {},
      });`,
  },
];

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** Replaces the modules. */
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
