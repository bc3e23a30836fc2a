/** Rules of EventBridge in an assembly. */
import type { FunctionDefinition } from '../deployment.ts';
import { type Pattern, parsePattern } from '../event-pattern.ts';
import { StartUpError } from '../start-up.ts';
import type { Assembly, Json, Resource } from '../template.ts';
import { type NextRun, parseSchedule } from './schedule.ts';

export interface EventRule {
  arn: string;
  /** Name of its bus. */
  bus: string;
  matches: Pattern;
  /** Undefined for a rule that only events call. */
  nextRun: NextRun | undefined;
  targets: RuleTarget[];
}

export interface RuleTarget {
  to: FunctionDefinition | { queueArn: string; group: string | undefined };
  /** Replaces the event. */
  input: Json;
}

/** The rules that are enabled. @throws StartUpError for one that the laptop stack, or EventBridge, cannot serve */
export function readRules(assembly: Assembly, functionOf: (named: string) => FunctionDefinition): EventRule[] {
  const buses = assembly.resources('AWS::Events::EventBus').map(({ physicalId }) => physicalId);
  return assembly
    .resources('AWS::Events::Rule')
    .filter(({ properties }) => properties.State !== 'DISABLED')
    .map((rule) => {
      const { EventPattern, ScheduleExpression, EventBusName = 'default', Targets = [] } = rule.properties;
      const bus = EventBusName.split('/').at(-1);
      const refuse = (why: string) => new StartUpError(`The rule ${rule.logicalId} is invalid: ${why}.`);
      if (![...buses, 'default'].includes(bus)) throw refuse(`the templates do not define the bus ${bus}`);
      if (ScheduleExpression && bus !== 'default') throw refuse('only the default bus has schedules');
      // A schedule reaches its rule as an event, which its pattern need not match.
      const pattern = EventPattern ? parsePattern(JSON.stringify(EventPattern)) : () => false;
      return {
        arn: rule.arn,
        bus,
        matches: (event) => pattern(event) || (ScheduleExpression !== undefined && isScheduled(event, rule.arn)),
        nextRun: ScheduleExpression && parseSchedule(ScheduleExpression),
        targets: Targets.map((target: Json) => readTarget(target, rule, assembly, functionOf)),
      };
    });
}

const isScheduled = ({ source, resources }: Json, arn: string) => source === 'aws.events' && resources.includes(arn);

function readTarget(
  { Arn, Input, InputPath, InputTransformer, SqsParameters }: Json,
  rule: Resource,
  assembly: Assembly,
  functionOf: (named: string) => FunctionDefinition,
): RuleTarget {
  if (InputPath || InputTransformer)
    throw new StartUpError(`The laptop stack cannot transform the events of the rule ${rule.logicalId}.`);
  const input = Input && JSON.parse(Input);
  if (Arn.startsWith('arn:aws:sqs:')) {
    if (!maySend(rule, Arn, assembly))
      throw new StartUpError(`No policy lets the rule ${rule.logicalId} send to the queue ${Arn}.`);
    return { to: { queueArn: Arn, group: SqsParameters?.MessageGroupId }, input };
  }
  const to = functionOf(Arn);
  const permitted = assembly
    .resources('AWS::Lambda::Permission')
    .some(
      ({ properties: { FunctionName, Principal, SourceArn } }) =>
        [to.name, to.arn].includes(FunctionName) && Principal === EVENTS && SourceArn === rule.arn,
    );
  if (!permitted) throw new StartUpError(`No permission lets the rule ${rule.logicalId} call the function ${to.name}.`);
  return { to, input };
}

const EVENTS = 'events.amazonaws.com';

/** Whether a policy of the queue lets EventBridge send to it, on behalf of this rule if of one. */
function maySend(rule: Resource, queueArn: string, assembly: Assembly): boolean {
  const statements: Json[] = assembly
    .resources('AWS::SQS::QueuePolicy')
    .flatMap(({ properties }) => properties.PolicyDocument.Statement);
  return statements.some(
    ({ Effect, Principal, Action, Resource, Condition }) =>
      Effect === 'Allow' &&
      Principal?.Service === EVENTS &&
      [Action].flat().includes('sqs:SendMessage') &&
      [Resource].flat().includes(queueArn) &&
      (!Condition || Condition.ArnEquals?.['aws:SourceArn'] === rule.arn),
  );
}
