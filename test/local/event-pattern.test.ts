import { describe, expect, it } from 'vitest';
import { parsePattern } from '../../infra/local/event-pattern.ts';

const matches = (pattern: unknown, event: unknown) => parsePattern(JSON.stringify(pattern))(event);

/** Items with a stamp, of partitions with one of two prefixes. */
const TOLD = {
  dynamodb: {
    Keys: { pk: { S: [{ prefix: 'U#' }, { prefix: 'G#' }] } },
    NewImage: { stamp: { S: [{ exists: true }] } },
  },
};

describe('event patterns', () => {
  it.each([
    [{ eventName: ['INSERT', 'MODIFY'] }, { eventName: 'MODIFY' }, true],
    [{ eventName: ['INSERT'] }, { eventName: 'REMOVE' }, false],
    [{ eventName: ['INSERT'] }, {}, false],
    [{ a: ['x'], b: ['y'] }, { a: 'x', b: 'z' }, false],
    [{ Keys: { pk: { S: [{ prefix: 'J#' }] } } }, { Keys: { pk: { S: 'J#1' } } }, true],
    [{ Keys: { pk: { S: [{ prefix: 'J#' }] } } }, { Keys: { pk: { S: 'G#1' } } }, false],
    [{ Keys: { pk: { S: [{ prefix: 'J#' }] } } }, { Keys: { pk: { N: '1' } } }, false],
    [{ key: [{ suffix: '.png' }] }, { key: 'a.png' }, true],
    [{ key: [{ 'equals-ignore-case': 'ab' }] }, { key: 'aB' }, true],
    [TOLD, { dynamodb: { Keys: { pk: { S: 'U#1' } }, NewImage: { stamp: { S: 'x' } } } }, true],
    [TOLD, { dynamodb: { Keys: { pk: { S: 'V#1' } }, NewImage: { stamp: { S: 'x' } } } }, false],
    [TOLD, { dynamodb: { Keys: { pk: { S: 'G#1' } }, NewImage: {} } }, false],
    [TOLD, { dynamodb: { Keys: { pk: { S: 'G#1' } }, OldImage: { stamp: { S: 'x' } } } }, false],
    [{ a: { b: [{ exists: false }] } }, { a: {} }, true],
    [{ a: { b: [{ exists: false }] } }, {}, true],
    [{ a: { b: [{ exists: true }] } }, { a: { b: null } }, true],
    [{ a: [{ 'anything-but': ['x', 'y'] }] }, { a: 'z' }, true],
    [{ a: [{ 'anything-but': 'x' }] }, { a: 'x' }, false],
    [{ a: [{ 'anything-but': { prefix: 'x' } }] }, { a: 'xy' }, false],
    [{ a: [{ numeric: ['>', 1, '<=', 5] }] }, { a: 5 }, true],
    [{ a: [{ numeric: ['>', 1, '<=', 5] }] }, { a: 6 }, false],
    [{ a: [null] }, { a: null }, true],
    [{ tags: ['x'] }, { tags: ['w', 'x'] }, true],
    [{ $or: [{ a: [1] }, { b: [1] }] }, { b: 1 }, true],
    [{ $or: [{ a: [1] }, { b: [1] }] }, { b: 2 }, false],
  ])('whether the pattern %j matches %j: %s', (pattern, event, expected) => {
    expect(matches(pattern, event)).toBe(expected);
  });

  it('a pattern with an unknown operator is refused', () => {
    expect(() => matches({ ip: [{ cidr: '10.0.0.0/8' }] }, {})).toThrow('does not know the filter {"cidr"');
  });
});
