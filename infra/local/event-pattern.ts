/** Event patterns of filter criteria: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html */
import { StartUpError } from './start-up.ts';
import type { Json } from './template.ts';

/** True if the event matches. */
export type Pattern = (event: Json) => boolean;

/**
 * Compiles a pattern as templates contain it, a JSON text.
 * @throws StartUpError for an operator that is unknown here: to ignore it would match too much or too little
 */
export function parsePattern(text: string): Pattern {
  return compile(JSON.parse(text));
}

function compile(node: Json): Pattern {
  const fields = Object.entries<Json>(node).map(([name, condition]): Pattern => {
    if (name === '$or') {
      const choices: Pattern[] = condition.map(compile);
      return (event) => choices.some((matches) => matches(event));
    }
    if (Array.isArray(condition)) {
      const choices = condition.map(compileLeaf);
      // A list in the event matches if any of its values matches. A missing field matches only `exists: false`.
      return (event) => {
        const value = event?.[name];
        return choices.some((matches) => (Array.isArray(value) ? value.some(matches) : matches(value)));
      };
    }
    const inner = compile(condition);
    return (event) => inner(event?.[name]);
  });
  return (event) => fields.every((matches) => matches(event));
}

function compileLeaf(condition: Json): Pattern {
  if (typeof condition !== 'object' || condition === null) return (value) => value === condition;
  const [operator, operand] = Object.entries<Json>(condition)[0] ?? [];
  switch (operator) {
    case 'prefix':
      return (value) => typeof value === 'string' && value.startsWith(operand);
    case 'suffix':
      return (value) => typeof value === 'string' && value.endsWith(operand);
    case 'equals-ignore-case':
      return (value) => typeof value === 'string' && value.toLowerCase() === operand.toLowerCase();
    case 'exists':
      return (value) => (value !== undefined) === operand;
    case 'anything-but': {
      const excluded = [operand].flat().map(compileLeaf);
      return (value) => value !== undefined && !excluded.some((matches) => matches(value));
    }
    case 'numeric':
      return (value) => typeof value === 'number' && meets(value, operand);
    default:
      throw new StartUpError(`The laptop stack does not know the filter ${JSON.stringify(condition)}.`);
  }
}

/** Whether all comparisons hold, as in `[">", 0, "<=", 5]`. */
function meets(value: number, [operator, bound, ...more]: Json[]): boolean {
  const holds = {
    '=': value === bound,
    '<': value < bound,
    '<=': value <= bound,
    '>': value > bound,
    '>=': value >= bound,
  }[operator as '='];
  return holds && (more.length === 0 || meets(value, more));
}
