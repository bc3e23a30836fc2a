import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { Database } from '../../data/database.ts';
import { putReceiptKey, receiptKeyOf } from '../../data/receipt-repo.ts';
import { badParameter } from '../../errors.ts';

/** What a receipt says; docs/privacy.md describes the fields. */
export interface Receipt {
  format: 'roster-receipt/1';
  what: 'user erased' | 'app erased';
  receipt_id: string;
  app_id: string;
  /** Of a user: see `subjectHash`. */
  subject?: string;
  started_at: string;
  ended_at: string;
  removed: Record<string, number>;
  changed: Record<string, number>;
  objects_removed: number;
  searched: { items: number; read_units: number; archive_objects: number; objects: number; from: string; to: string };
  /** Traces that the last search found. */
  found: 0;
  /** Texts of others that contain a name of the user. */
  mentions: Record<string, number>;
  remains: { what: string; until: string }[];
}

/** A receipt as it is kept and handed out. */
export interface SignedReceipt {
  receipt: Receipt;
  /** Ed25519 of the receipt as JSON without spaces, in base64. */
  signature: string;
  /** Ed25519, SPKI, base64. */
  public_key: string;
}

/** The key of this table, made where there is none yet. */
async function keyOf(db: Database): Promise<KeyObject> {
  for (;;) {
    const found = await db.beside().read(receiptKeyOf());
    if (found) return createPrivateKey({ key: Buffer.from(found.secret, 'base64'), format: 'der', type: 'pkcs8' });
    const { privateKey } = generateKeyPairSync('ed25519');
    const secret = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
    // Another command may be faster: then its key is read.
    await db.beside().write([putReceiptKey({ secret, createdAt: Date.now() })]);
  }
}

const publicText = (key: KeyObject) => createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');

/** The public key with which receipts of this table can be verified, as SPKI in base64. */
export const receiptPublicKey = async (db: Database): Promise<string> => publicText(await keyOf(db));

/**
 * Stands for a user in a receipt. Ids are few, so a plain hash would be undone by trying all. The key of this hash
 * follows from the secret key: only who has the table can tell whether a receipt is about a given user.
 */
export async function subjectHash(db: Database, app: string, user: number): Promise<string> {
  const secret = (await keyOf(db)).export({ format: 'der', type: 'pkcs8' });
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'receipt subject', 32));
  return createHmac('sha256', key).update(`${app}/${user}`).digest('base64url');
}

export async function signReceipt(db: Database, receipt: Receipt): Promise<SignedReceipt> {
  const key = await keyOf(db);
  return {
    receipt,
    signature: sign(null, Buffer.from(JSON.stringify(receipt)), key).toString('base64'),
    public_key: publicText(key),
  };
}

/** Whether a receipt is as this key has signed it. @throws ApiError where it is no receipt */
export function isSigned(signed: SignedReceipt, publicKey: string): boolean {
  const { receipt, signature } = signed ?? {};
  if (receipt?.format !== 'roster-receipt/1' || typeof signature !== 'string')
    throw badParameter('file', 'is no receipt');
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    return verify(null, Buffer.from(JSON.stringify(receipt)), key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

/** Whether a receipt is about this user. */
export async function isAbout(db: Database, { receipt }: SignedReceipt, app: string, user: number): Promise<boolean> {
  const hash = Buffer.from(await subjectHash(db, app, user));
  const given = Buffer.from(receipt.subject ?? '');
  return receipt.app_id === app && given.length === hash.length && timingSafeEqual(given, hash);
}
