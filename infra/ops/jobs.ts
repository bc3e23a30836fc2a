import { type Command, InvalidArgumentError } from 'commander';
import { retryJobs, type WaitingJob, waitingJobs } from '../../shared/domain/app/jobs.ts';
import { type Answering, aligned, isoTime, shownTime } from './answer.ts';

/** `jobs …`: unfinished background jobs. */
export function addJobCommands(program: Command, answering: Answering) {
  const jobs = program.command('jobs').description('list and retry unfinished background jobs');

  jobs
    .command('list')
    .description('list unfinished jobs, oldest first')
    .action(
      answering<[], object>(async (table) => {
        const waiting = await waitingJobs(table);
        const rows = waiting.map((job) => [
          job.id,
          job.kind,
          job.app,
          subjectOf(job),
          shownTime(job.createdAt),
          shownTime(job.continued),
        ]);
        const headings = ['id', 'kind', 'app', 'of', 'created', 'touched'];
        return {
          json: { jobs: waiting.map(jobJson) },
          text: waiting.length > 0 ? aligned(rows, headings) : 'No unfinished jobs.',
        };
      }),
    );

  jobs
    .command('retry')
    .description('run failed jobs again')
    .argument('[job...]', 'job ids, as listed', jobIdArgument)
    .option('--all', 'all unfinished jobs')
    .action(
      answering<[string[]], { all?: true }>(async (table, [ids = []], { all }) => {
        if (all ? ids.length > 0 : ids.length === 0) throw new Error('give job ids or --all');
        const retried = await retryJobs(table, all ? (await waitingJobs(table)).map(({ id }) => id) : ids);
        const count = retried.length === 1 ? '1 job' : `${retried.length} jobs`;
        return {
          json: { retried: retried.map(jobJson) },
          text: `Restarted ${count}. Finished jobs leave the list: npm run ops -- jobs list`,
        };
      }),
    );
}

function jobIdArgument(text: string, before: string[] = []): string[] {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text))
    throw new InvalidArgumentError('This is not a job id.');
  return [...before, text];
}

/** The user or group of a job. */
const subjectOf = (job: WaitingJob) => ('user' in job ? `user ${job.user}` : `group ${job.group}`);

const jobJson = (job: WaitingJob) => ({
  job_id: job.id,
  kind: job.kind,
  app_id: job.app,
  of: subjectOf(job),
  made_at: isoTime(job.createdAt),
  touched_at: isoTime(job.continued),
});
