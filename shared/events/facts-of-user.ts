import type { Change, Said } from './facts.ts';

export const factsOfUser = (_change: Change): Said[] => [];
