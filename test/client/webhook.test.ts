import { createHmac, randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { verifyWebhook, WebhookError } from '../../client/webhook.ts';
import { exampleOf } from '../../shared/asyncapi/document.ts';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const event = exampleOf('group.member.removed');
const body = JSON.stringify({ ...event, data: { ...event.data, note: 'Grüße 你好' } });

/** Headers of a request that the package `standardwebhooks` has signed. */
function signed(key = secret, at = new Date(), text = body) {
  return {
    'webhook-id': event.id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(key).sign(event.id, at, text),
  };
}
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);
const refusal = (...given: Parameters<typeof verifyWebhook>) => verifyWebhook(...given).catch((error) => error);

describe('verifyWebhook', () => {
  test('returns the event of a request that standardwebhooks has signed', async () => {
    const verified = await verifyWebhook(secret, signed(), body);
    expect(verified).toEqual(JSON.parse(body));
    if (verified.type === 'group.member.removed') expect(verified.data.reason).toBe('kicked');
  });

  test('takes and refuses the same requests as standardwebhooks', async () => {
    const sign = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest('base64');
    const given = signed();
    const time = given['webhook-timestamp'];
    const right = sign(Buffer.from(secret.slice(6), 'base64'), `${event.id}.${time}.${body}`);
    const cases: [headers: Record<string, string>, text: string][] = [
      [given, body],
      [given, `${body} `],
      [signed(secret, ago(290)), body],
      [signed(secret, ago(310)), body],
      [signed(secret, ago(-290)), body],
      [signed(secret, ago(-310)), body],
      [signed(`whsec_${randomBytes(32).toString('base64')}`), body],
      [{ ...given, 'webhook-id': 'other' }, body],
      [{ ...given, 'webhook-timestamp': 'soon' }, body],
      [{ ...given, 'webhook-signature': right }, body],
      [{ ...given, 'webhook-signature': `v1,${right}` }, body],
      [{ ...given, 'webhook-signature': `v1a,${right}` }, body],
      [{ ...given, 'webhook-signature': `v1,${right.slice(0, -4)}` }, body],
      [{ ...given, 'webhook-signature': 'v1,?? v1' }, body],
      [{ ...given, 'webhook-signature': `v1,AAAA v1a,AAAA v1,${right}` }, body],
    ];
    const taken: boolean[] = [];
    for (const [headers, text] of cases) {
      let theirs = true;
      try {
        new Webhook(secret).verify(text, headers);
      } catch {
        theirs = false;
      }
      const ours = await refusal(secret, headers, text);
      expect(!(ours instanceof WebhookError), JSON.stringify(headers)).toBe(theirs);
      taken.push(theirs);
    }
    expect(taken.filter(Boolean)).toHaveLength(5);
  });

  test('while a secret replaces another, either of two signatures and either of two secrets will do', async () => {
    const next = `whsec_${randomBytes(24).toString('base64')}`;
    const both = {
      ...signed(),
      'webhook-signature': `${signed(next)['webhook-signature']} ${signed()['webhook-signature']}`,
    };
    for (const secrets of [secret, next, [secret, next], [next, secret]])
      expect((await verifyWebhook(secrets, both, body)).id).toBe(event.id);
    expect((await verifyWebhook([next, secret], signed(), body)).id).toBe(event.id);
    expect(await refusal(next, signed(), body)).toBeInstanceOf(WebhookError);
    expect(await refusal([], signed(), body)).toBeInstanceOf(WebhookError);
  });

  test('takes headers of fetch and of Node.js in any case, and bodies as bytes', async () => {
    const { 'webhook-signature': signature, ...rest } = signed();
    for (const headers of [
      new Headers(signed()),
      { ...rest, 'Webhook-Signature': signature },
      { ...rest, 'webhook-signature': [signature] },
    ])
      expect((await verifyWebhook(secret, headers, new TextEncoder().encode(body))).id).toBe(event.id);
  });

  test.each([
    ['webhook-id', 'The header webhook-id is missing.'],
    ['webhook-timestamp', 'The header webhook-timestamp is missing.'],
    ['webhook-signature', 'The header webhook-signature is missing.'],
  ])('says that %s is missing', async (name, message) => {
    const error = await refusal(secret, { ...signed(), [name]: undefined }, body);
    expect([error.name, error.message]).toEqual(['WebhookError', message]);
  });

  test('says what else is wrong', async () => {
    expect((await refusal(secret, signed(secret, ago(600)), body)).message).toMatch(
      /^The request was signed 60\d s ago\.$/,
    );
    expect((await refusal(secret, signed(secret, ago(-600)), body)).message).toMatch(/ s ahead\.$/);
    expect((await refusal(secret, signed(), '{}')).message).toContain('No signature is right');
    expect(await refusal('whsec_', signed(), body)).toBeInstanceOf(TypeError);
    expect(await refusal('whsec_?', signed(), body)).toBeInstanceOf(TypeError);
  });
});
