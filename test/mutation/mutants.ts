import { type Node, parseSync, Visitor } from 'oxc-parser';

/** A change of a source text that its tests should notice. */
export interface Mutant {
  file: string;
  line: number;
  /** The text between these offsets becomes another. */
  start: number;
  end: number;
  text: string;
  /** The offset of the innermost function that holds it. */
  within: number;
}

const OPERATORS: Record<string, string> = {
  '===': '!==',
  '!==': '===',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '&&': '||',
  '||': '&&',
  '??': '&&',
};

type Span = Pick<Node, 'start' | 'end'>;
type Callable = Span & { body: (Span & { type: string }) | null };

/** The functions of a source text, and its mutants inside of them. */
export function analyzed(file: string, source: string): { functions: Callable[]; mutants: Mutant[] } {
  const functions: Callable[] = [];
  const mutants: Mutant[] = [];
  const around: Callable[] = [];
  let types = 0;

  const replace = ({ start, end }: Span, text: string) => {
    const within = around.at(-1)?.start;
    // What is outside of functions runs once, before any test.
    if (within === undefined || types > 0) return;
    mutants.push({ file, line: source.slice(0, start).split('\n').length, start, end, text, within });
  };
  const decide = (test: Span) => {
    replace(test, 'true');
    replace(test, 'false');
  };
  const operate = ({ left, right, operator }: { left: Span; right: Span; operator: string }) => {
    const other = OPERATORS[operator];
    const start = left.end + source.slice(left.end, right.start).indexOf(operator);
    if (other) replace({ start, end: start + operator.length }, other);
  };
  /** One of a list goes, and with it a comma. */
  const drop = (list: readonly Span[], nth: number) => {
    const { start, end } = list[nth]!;
    const next = list[nth + 1];
    const before = list[nth - 1];
    replace({ start: next || !before ? start : before.end, end: next ? next.start : end }, '');
  };
  const enter = (callable: Callable) => {
    functions.push(callable);
    around.push(callable);
    if (callable.body?.type === 'BlockStatement' || callable.body?.type === 'FunctionBody')
      replace(callable.body, '{}');
  };
  const leave = () => void around.pop();

  const parsed = parseSync(file, source);
  if (parsed.errors[0]) throw new Error(`${file}: ${parsed.errors[0].message}`);
  new Visitor({
    FunctionDeclaration: enter as never,
    'FunctionDeclaration:exit': leave,
    FunctionExpression: enter as never,
    'FunctionExpression:exit': leave,
    ArrowFunctionExpression: enter as never,
    'ArrowFunctionExpression:exit': leave,
    TSLiteralType: () => void types++,
    'TSLiteralType:exit': () => void types--,
    IfStatement: ({ test }) => decide(test),
    ConditionalExpression: ({ test }) => decide(test),
    BinaryExpression: operate as never,
    LogicalExpression: operate,
    UnaryExpression: (node) => {
      if (node.operator === '!') replace({ start: node.start, end: node.argument.start }, '');
    },
    Literal: (node) => {
      if (typeof node.value === 'boolean') replace(node, String(!node.value));
    },
    ExpressionStatement: (node) => replace(node, ';'),
    ThrowStatement: (node) => replace(node, ';'),
    ArrayExpression: ({ elements }) => {
      const list = elements.filter((element) => element !== null);
      list.forEach(({ type }, nth) => {
        if (!['Literal', 'Identifier'].includes(type)) drop(list, nth);
      });
    },
    ObjectExpression: ({ properties }) => {
      for (const nth of properties.keys()) drop(properties, nth);
    },
  }).visit(parsed.program);
  return { functions, mutants };
}

/** The source text with one mutant in it. */
export const mutated = (source: string, { start, end, text }: Mutant): string =>
  source.slice(0, start) + text + source.slice(end);

/** The source text that says which of its functions run: `reached(file, offset)`. */
export function watched(file: string, source: string): string {
  const insertions: [at: number, text: string][] = [];
  for (const { start, body } of analyzed(file, source).functions) {
    const call = `globalThis.reached(${JSON.stringify(file)}, ${start})`;
    if (source[body?.start ?? -1] === '{') insertions.push([body!.start + 1, `${call};`]);
    else if (body) insertions.push([body.start, `(${call}, `], [body.end, ')']);
  }
  let text = source;
  for (const [at, more] of insertions.sort(([one], [other]) => other - one))
    text = text.slice(0, at) + more + text.slice(at);
  return text;
}
