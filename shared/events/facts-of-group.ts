import type { Change, Said } from './facts.ts';

export const factsOfGroup = (_change: Change): Said[] => [];
