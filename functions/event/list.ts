import { eventList as events } from '../../shared/domain/event/reading.ts';
import { operation } from '../../shared/http/operation.ts';
import { eventList } from '../../shared/routes/event.ts';

export const handler = operation(eventList, events);
