import type { EventData, EventType, RosterEvent } from '../../events/catalogue.ts';
import { subjectOf } from '../../events/catalogue.ts';
import type { AppId } from '../../ids.ts';

/** An event as logs keep it: what the envelope adds follows from it. */
export interface EventEntry {
  id: string;
  sequence: number;
  type: EventType;
  /** Milliseconds since 1970. */
  at: number;
  authtype: RosterEvent['authtype'];
  authid?: string;
  cause: string;
  data: EventData[EventType];
}

/** Sixteen digits, so that the order of texts is the order of numbers. */
export const sequenceText = (sequence: number): string => String(sequence).padStart(16, '0');

/** The event as readers get it. */
export const eventOf = (
  app: AppId,
  { id, sequence, type, at, authtype, authid, cause, data }: EventEntry,
): RosterEvent =>
  ({
    specversion: '1.0',
    id,
    source: `/apps/${app}`,
    type,
    subject: subjectOf(type, data),
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    sequence: sequenceText(sequence),
    authtype,
    ...(authid !== undefined && { authid }),
    cause,
    data,
    // Type and data belong together, which TypeScript cannot see of a union.
  }) as RosterEvent;
