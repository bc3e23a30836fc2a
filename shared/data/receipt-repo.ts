import { missing } from './expression.ts';
import { type Get, getItem } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { put, type Step } from './step.ts';

/** The key that signs receipts. */
export type ReceiptKey = ItemOf<typeof schema.receiptKeyFields>;

export const receiptKeyOf = (): Get<ReceiptKey | undefined> => getItem(schema.receiptKey.key());
/** There is one for ever: old receipts must stay verifiable. */
export const putReceiptKey = (key: ReceiptKey): Step => put(schema.receiptKey.key(), key, missing);
