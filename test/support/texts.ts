/** Generators of texts. */
import fc from 'fast-check';

/**
 * Any character of Unicode. fast-check's unit `binary` is the same, but first makes a table of all million characters,
 * which takes a second in each process.
 */
const character = fc.nat({ max: 0x10_ffff - 0x800 }).map(
  (place) => String.fromCodePoint(place < 0xd800 ? place : place + 0x800),
  (text) => {
    const point = (text as string).codePointAt(0)!;
    if (String.fromCodePoint(point) !== text) throw new Error('not one character');
    return point < 0xd800 ? point : point - 0x800;
  },
);

/** Texts of any characters, and sometimes names that every object has. */
export const anyText = (maxLength: number): fc.Arbitrary<string> => fc.string({ unit: character, maxLength });
