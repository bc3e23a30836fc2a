import { type Command, InvalidArgumentError } from 'commander';
import { retryJobs, type WaitingJob, waitingJobs } from '../../shared/domain/app/jobs.ts';
import { type Answering, aligned, isoTime, shownTime } from './answer.ts';

/** `jobs …`: what the background has still to do. */
export function addJobCommands(program: Command, answering: Answering) {
  const jobs = program.command('jobs').description('background jobs that are not done: list, retry');

  jobs
    .command('list')
    .description('the jobs that are not done, the oldest first')
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
        const headings = ['id', 'kind', 'app', 'of', 'made', 'touched'];
        return {
          json: { jobs: waiting.map(jobJson) },
          text: waiting.length > 0 ? aligned(rows, headings) : 'No jobs wait.',
        };
      }),
    );

  jobs
    .command('retry')
    .description('run jobs again that failed for good')
    .argument('[job...]', 'ids of the jobs as listed', jobIdArgument)
    .option('--all', 'all that are not done')
    .action(
      answering<[string[]], { all?: true }>(async (table, [ids = []], { all }) => {
        if (all ? ids.length > 0 : ids.length === 0) throw new Error('give ids of jobs, or --all');
        const retried = await retryJobs(table, all ? (await waitingJobs(table)).map(({ id }) => id) : ids);
        const count = retried.length === 1 ? '1 job is' : `${retried.length} jobs are`;
        return {
          json: { retried: retried.map(jobJson) },
          text: `${count} handed out again. Those that are done leave the list: npm run ops -- jobs list`,
        };
      }),
    );
}

function jobIdArgument(text: string, before: string[] = []): string[] {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text))
    throw new InvalidArgumentError('That is no id of a job.');
  return [...before, text];
}

/** Whom or what a job is about. */
const subjectOf = (job: WaitingJob) => ('user' in job ? `user ${job.user}` : `group ${job.group}`);

const jobJson = (job: WaitingJob) => ({
  job_id: job.id,
  kind: job.kind,
  app_id: job.app,
  of: subjectOf(job),
  made_at: isoTime(job.createdAt),
  touched_at: isoTime(job.continued),
});
