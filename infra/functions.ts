/** Which operations share a function: the two forms that `-c functions=…` chooses from. */
import { AREAS, type Area, type FunctionRow, grantsOf, type Operation } from '../shared/routes/index.ts';

export const FORMS = ['operation', 'area'] as const;
/** `operation`: each operation has its own function. `area`: the operations of an area share one. */
export type FunctionForm = (typeof FORMS)[number];

/** A function that serves several operations of one area. Only its `id` begins with `area/`: no path does. */
export interface SharedFunction extends FunctionRow {
  area: Area;
  operations: readonly Operation[];
}

export const isShared = (row: FunctionRow): row is SharedFunction => 'operations' in row;

/** All functions of the HTTP API in a form: the shared ones first, then those that serve one operation. */
export const apiFunctions = (routes: readonly Operation[], form: FunctionForm): (Operation | SharedFunction)[] =>
  form === 'operation' ? [...routes] : [...sharedFunctions(routes), ...routes.filter((row) => !mayShare(row))];

/** The functions that operations share, one per area. */
export function sharedFunctions(routes: readonly Operation[]): SharedFunction[] {
  const areas = Map.groupBy(routes.filter(mayShare), ({ area }) => area);
  return [...areas].map(([area, operations]) => ({
    id: `area/${area}`,
    area,
    operations,
    summary: `${AREAS[area]}: ${operations.length} operations`,
    grants: [...new Set(operations.flatMap(grantsOf))],
    timeout: Math.max(...operations.map(({ timeout = 10 }) => timeout)),
  }));
}

/**
 * An operation that states its memory needs more than others; most of them hash passwords. It keeps its own function: in a
 * shared one, every call would pay for that memory.
 */
const mayShare = ({ memory }: Operation) => memory === undefined;
