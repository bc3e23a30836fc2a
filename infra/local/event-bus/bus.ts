/** The event buses: each passes events to the targets of its rules, and keeps nothing. */
import { randomUUID } from 'node:crypto';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../aws.ts';
import type { FunctionDefinition } from '../deployment.ts';
import type { Outcome } from '../function-pool.ts';
import { pause } from '../pause.ts';
import type { Queue } from '../sqs/queue.ts';
import type { Json } from '../template.ts';
import type { EventRule, RuleTarget } from './rules.ts';
import { followSchedule } from './schedule.ts';

/** Milliseconds before each retry of an event whose function failed. Lambda takes minutes. */
const RETRY_DELAYS = [1000, 3000];

export interface EventBusOptions {
  rules: EventRule[];
  queues: ReadonlyMap<string, Queue>;
  /** @param source of the event */
  invoke(target: FunctionDefinition, event: Json, source: string): Promise<Outcome>;
  /** Receives an event whose function failed in all attempts, with the last outcome. */
  onDiscard(target: FunctionDefinition, event: Json, outcome: Outcome, attempts: number): void;
  /** Milliseconds before each retry. */
  retryDelays?: number[];
}

export interface EventBuses {
  /** Sends the event to all targets whose rules match, and returns at once. */
  publish(bus: string, event: Json): void;
  /** Invokes a function as Lambda does asynchronously, and returns at once. @param source for the log */
  invokeLater(target: FunctionDefinition, event: Json, source: string): void;
  /** Ends schedules and retries. */
  close(): Promise<void>;
}

/** Starts the buses and the schedules of their rules. */
export function startEventBuses(options: EventBusOptions): EventBuses {
  const { rules, queues, invoke, onDiscard, retryDelays = RETRY_DELAYS } = options;
  const stop = new AbortController();

  /** An asynchronous invocation. */
  const invokeWithRetries = async (target: FunctionDefinition, event: Json, source: string) => {
    for (const [attempt, delay] of [...retryDelays, undefined].entries()) {
      const outcome = await invoke(target, event, source);
      if (outcome.ok || stop.signal.aborted) return;
      if (delay === undefined) return onDiscard(target, event, outcome, attempt + 1);
      await pause(delay, stop.signal);
      if (stop.signal.aborted) return;
    }
  };

  const send = async ({ to, input }: RuleTarget, event: Json) => {
    if (!('queueArn' in to)) return invokeWithRetries(to, input ?? event, event.source);
    const queue = queues.get(to.queueArn);
    const body = JSON.stringify(input ?? event);
    queue?.send({ MessageBody: body, ...(to.group && { MessageGroupId: to.group }) }, 'events.amazonaws.com');
  };

  const publish = (bus: string, event: Json) => {
    for (const rule of rules) {
      if (rule.bus !== bus || !rule.matches(event)) continue;
      for (const target of rule.targets) send(target, event).catch((error) => console.error(error));
    }
  };

  for (const { arn, nextRun } of rules) {
    if (nextRun) followSchedule(nextRun, () => publish('default', scheduledEvent(arn)), stop.signal);
  }
  return {
    publish,
    invokeLater(target, event, source) {
      invokeWithRetries(target, event, source).catch((error) => console.error(error));
    },
    close: async () => stop.abort(),
  };
}

/** An event in the form in which functions and queues get it. */
export const toEvent = (event: {
  source: string;
  type: string;
  time: Date;
  resources: string[];
  detail: Json;
}): Json => ({
  version: '0',
  id: randomUUID(),
  'detail-type': event.type,
  source: event.source,
  account: LOCAL_ACCOUNT,
  time: event.time.toISOString().replace(/\.\d+Z$/, 'Z'),
  region: LOCAL_REGION,
  resources: event.resources,
  detail: event.detail,
});

/**
 * The event that runs the rule with this ARN.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html
 */
const scheduledEvent = (arn: string): Json =>
  toEvent({ source: 'aws.events', type: 'Scheduled Event', time: new Date(), resources: [arn], detail: {} });
