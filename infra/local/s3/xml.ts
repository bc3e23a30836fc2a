import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import { S3Error } from './error.ts';

/** Elements by name, in order. A list repeats its element; `undefined` leaves it out. */
export interface XmlContent {
  [element: string]: string | number | boolean | undefined | XmlContent | XmlContent[];
}

const builder = new XMLBuilder();
const parser = new XMLParser({
  // Keys stay as they are: `007` is no number, and a space at the end counts.
  parseTagValue: false,
  trimValues: false,
  // Decodes references by number (`&#xA;`) too.
  htmlEntities: true,
  isArray: (name) => name === 'Object',
});

export const toXml = (root: string, content: XmlContent): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ [root]: content })}`;

/** Reads the body of DeleteObjects. @throws S3Error unless it names 1 to 1000 keys */
export function readDelete(body: string): { keys: string[]; quiet: boolean } {
  const { Object: objects, Quiet: quiet } = parse(body).Delete ?? {};
  const keys = (objects ?? []).map(({ Key }) => Key);
  if (keys.length === 0 || keys.length > 1000 || !keys.every((key) => typeof key === 'string'))
    throw malformed('The request must name 1 to 1000 keys.');
  return { keys, quiet: quiet === 'true' };
}

function parse(body: string): { Delete?: { Object?: { Key: string }[]; Quiet?: string } } {
  try {
    return parser.parse(body, true);
  } catch {
    throw malformed('The XML you provided was not well-formed.');
  }
}

const malformed = (message: string) => new S3Error(400, 'MalformedXML', message);
